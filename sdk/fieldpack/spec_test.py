from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import SpecError
from fieldpack.model import toml_literal
from fieldpack.passes import teaching_of
from fieldpack.recipe import Method
from fieldpack.spec import TfliteFlavour, load_spec

SPEC = """
schema = 1
[pack]
name = "meadow"
version = "1.0.0"
description = "A test."
license = "Apache-2.0"
seed = 3
[source]
kind = "keras"
path = "model.keras"
[[contract.inputs]]
name = "image"
kind = "image"
height = 8
width = 6
color_order = "rgb"
layout = "NHWC"
normalization = { kind = "range", low = -1.0, high = 1.0 }
resize = { method = "bilinear", fit = { kind = "center_crop", fraction = 1.0 } }
[[contract.outputs]]
name = "scores"
activation = "softmax"
labels = "labels.txt"
[data]
golden = 2
evaluation = { kind = "folder", folder = "pictures", pattern = "*.png" }
calibration = { kind = "folder", folder = "pictures", pattern = "*.png" }
[[flavours]]
kind = "tflite"
name = "tflite-int8"
method = "static_int8"
ranges = { kind = "min_max" }
rules = [{ method = "float32", layers = "head" }]
io = "float32"
fold_scaling = true
[budget.every]
top1_agreement = 0.9
"""


def written(folder: Path, text: str = SPEC) -> Path:
    path = folder / "pack.toml"
    path.write_text(text)
    return path


def test_paths_are_absolute_and_relative_to_the_file(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path))
    assert spec.source.path == str(tmp_path / "model.keras")
    assert spec.contract.outputs[0].labels == str(tmp_path / "labels.txt")
    assert spec.data.evaluation.folder == str(tmp_path / "pictures")  # type: ignore[union-attr]


def test_a_flavours_recipe_is_its_method_and_then_its_exceptions(tmp_path: Path) -> None:
    flavour = load_spec(written(tmp_path)).flavours[0]
    assert isinstance(flavour, TfliteFlavour)
    assert [rule.method for rule in flavour.recipe] == [Method.STATIC_INT8, Method.FLOAT32]
    assert [rule.layers for rule in flavour.recipe] == [".*", "head"]


COREML = """
[[flavours]]
kind = "coreml"
name = "coreml"
precision = "float16"
method = "METHOD"
minimum_ios = "IOS"
fold_scaling = true
SETTINGS
"""


def coreml_spec(folder: Path, method: str, ios: str, settings: str = "") -> Path:
    table = COREML.replace("METHOD", method).replace("IOS", ios).replace("SETTINGS", settings)
    return written(folder, SPEC.replace("[budget.every]", table + "[budget.every]"))


@pytest.mark.parametrize(
    ("method", "ios", "settings"),
    [
        ("float", "15", ""),
        ("weight_int8", "16", ""),
        ("weight_int4", "18", "block_size = 32"),
        ("weight_int4", "18", ""),
        ("palette", "16", "palette_bits = 6"),
        ("palette", "18", "palette_bits = 4\ngroup_size = 16"),
        ("static_int8", "17", 'ranges = { kind = "mse" }'),
    ],
)
def test_coreml_methods_take_their_settings(tmp_path: Path, method: str, ios: str, settings: str) -> None:
    flavour = load_spec(coreml_spec(tmp_path, method, ios, settings)).flavours[1]
    assert flavour.recipe[0].method == (Method.FLOAT16 if method == "float" else Method(method))


@pytest.mark.parametrize(
    ("method", "ios", "settings", "said"),
    [
        ("weight_int4", "17", "block_size = 32", 'minimum_ios = "18"'),
        ("palette", "16", "", "palette_bits = 6"),
        ("palette", "17", "palette_bits = 4\ngroup_size = 16", 'minimum_ios = "18"'),
        ("palette", "16", "palette_bits = 5", "palette_bits"),
        ("static_int8", "17", "", 'ranges = { kind = "mse" }'),
        ("static_int8", "16", 'ranges = { kind = "mse" }', 'minimum_ios = "17"'),
        ("weight_int8", "15", "", 'minimum_ios = "16"'),
        ("weight_int8", "16", "block_size = 32", "goes with weight_int4"),
        ("float", "16", 'weight_layers = "head"', "weight_layers goes with"),
    ],
)
def test_a_coreml_setting_that_is_missing_or_misplaced_is_named(
    tmp_path: Path, method: str, ios: str, settings: str, said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(coreml_spec(tmp_path, method, ios, settings))
    assert said in str(caught.value)


def test_weights_of_named_layers_are_a_rule_of_their_own(tmp_path: Path) -> None:
    path = coreml_spec(tmp_path, "weight_int4", "18", 'weight_layers = "head"')
    rules = load_spec(path).flavours[1].recipe
    assert [(rule.method, rule.layers) for rule in rules] == [
        (Method.FLOAT16, ".*"),
        (Method.WEIGHT_INT4, "head"),
    ]


def test_islands_need_half_floats_around_them(tmp_path: Path) -> None:
    path = coreml_spec(tmp_path, "weight_int8", "16", 'float32_layers = "softmax"')
    assert load_spec(path).flavours[1].recipe[1].method is Method.FLOAT32
    path.write_text(path.read_text().replace('precision = "float16"', 'precision = "float32"'))
    with pytest.raises(SpecError, match="float32_layers goes with"):
        load_spec(path)


def test_coreml_static_int8_needs_calibration_data_and_half_floats(tmp_path: Path) -> None:
    path = coreml_spec(tmp_path, "static_int8", "17", 'ranges = { kind = "mse" }')
    text = path.read_text()
    path.write_text(text.replace('precision = "float16"', 'precision = "float32"'))
    with pytest.raises(SpecError, match="half floats"):
        load_spec(path)
    lines = [line for line in text.splitlines() if not line.startswith("calibration")]
    path.write_text(
        "\n".join(lines).replace(
            'method = "static_int8"\nranges = { kind = "min_max" }\nrules', 'method = "float32"\nrules'
        )
    )
    with pytest.raises(SpecError, match=r"needs \[data.calibration\]"):
        load_spec(path)


LEAVES = [
    line.split(" = ")[0]
    for line in SPEC.splitlines()
    if " = " in line and not line.startswith(("kind", "rules"))
]


@pytest.mark.parametrize(
    "leaf", sorted(set(LEAVES) - {"calibration", "top1_agreement", "labels", "ranges", "version"})
)
def test_every_missing_field_is_named_with_an_example(tmp_path: Path, leaf: str) -> None:
    lines = [line for line in SPEC.splitlines() if not line.startswith(f"{leaf} = ")]
    assert len(lines) < len(SPEC.splitlines())
    with pytest.raises(SpecError) as caught:
        load_spec(written(tmp_path, "\n".join(lines)))
    assert re.search(rf"missing field `[\w.\[\]]*{leaf}`", str(caught.value))
    if leaf not in ("evaluation",):
        assert f"example: {leaf} = " in str(caught.value)


def test_the_example_of_a_missing_field_can_be_pasted(tmp_path: Path) -> None:
    lines = [line for line in SPEC.splitlines() if not line.startswith("normalization")]
    with pytest.raises(SpecError) as caught:
        load_spec(written(tmp_path, "\n".join(lines)))
    example = str(caught.value).split("example: ")[1].splitlines()[0]
    assert tomllib.loads(example) == {"normalization": {"kind": "range", "low": -1.0, "high": 1.0}}


def test_an_unknown_field_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown field `source\.pth`; fields known here: constants"):
        load_spec(written(tmp_path, SPEC.replace('path = "model.keras"', 'path = "m"\npth = "m"')))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("low = -1.0, high = 1.0", "low = 1.0, high = 1.0", "low must be below high"),
        ('color_order = "rgb"', 'color_order = "rbg"', "'rgb', 'bgr' or 'gray'"),
        ("height = 8", 'height = "8"', "height"),
        ("height = 8", "height = 0", "greater than or equal to 1"),
        ("schema = 1", "schema = 99", "schema 99 is not known"),
        ('version = "1.0.0"', 'version = "one"', "version"),
        ('labels = "labels.txt"', "", "needs its labels"),
        ('ranges = { kind = "min_max" }', "", "ranges goes with static_int8"),
        ("top1_agreement = 0.9", "", "states at least one limit"),
        ("top1_agreement = 0.9", "top1_agreement = nan", "finite"),
        (
            'calibration = { kind = "folder", folder = "pictures", pattern = "*.png" }',
            "",
            "needs [data.calibration]",
        ),
        ('kind = "keras"', 'kind = "torch"', "a torch source needs its factory"),
        ("fraction = 1.0", "fraction = 1.5", "less than or equal to 1"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SPEC
    with pytest.raises(SpecError) as caught:
        load_spec(written(tmp_path, SPEC.replace(old, new, 1)))
    assert message in str(caught.value)


def test_mean_and_std_need_one_number_a_channel(tmp_path: Path) -> None:
    new = '{ kind = "mean_std", mean = [0.5], std = [0.5] }'
    text = SPEC.replace('{ kind = "range", low = -1.0, high = 1.0 }', new)
    with pytest.raises(SpecError, match=r"1 means, color_order 'rgb' has 3 channel"):
        load_spec(written(tmp_path, text))


def test_variables_come_from_the_environment_then_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPEC.replace("[pack]", '[variables]\nMODELS = "here"\n[pack]').replace(
        "model.keras", "${MODELS}/m.keras"
    )
    monkeypatch.delenv("MODELS", raising=False)
    assert load_spec(written(tmp_path, text)).source.path == str(tmp_path / "here/m.keras")
    monkeypatch.setenv("MODELS", "/elsewhere")
    assert load_spec(written(tmp_path, text)).source.path == "/elsewhere/m.keras"


def test_a_variable_without_a_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"\$\{NOWHERE_SET\}"):
        load_spec(written(tmp_path, SPEC.replace("model.keras", "${NOWHERE_SET}/m.keras")))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"schema = ", b"[[[[", b"schema = 1\nschema = 1\n"]
)
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pack.toml").write_bytes(content)
    with pytest.raises(SpecError):
        load_spec(tmp_path / "pack.toml")


@pytest.mark.parametrize("place", ["missing.toml", "."])
def test_a_path_without_a_spec_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(SpecError):
        load_spec(tmp_path / place)


@pytest.mark.parametrize("value", [True, 3, 2.5, 'a "quoted" \\ text', [1, 2], {"a": [1.5, "x"], "b": False}])
def test_toml_literals_read_back(value: Any) -> None:
    assert tomllib.loads(f"x = {toml_literal(value)}") == {"x": value}


AWARE = """
[[recipe]]
method = "quantisation_aware"
layers = ".*"
training = { epochs = 2, batch = 8, learning_rate = 0.001 }
teaching = { teacher = "big/pack.toml", temperature = 2.0, label_weight = 0.1 }
"""


def test_trained_ranges_need_the_pass_that_trains_them(tmp_path: Path) -> None:
    text = SPEC.replace('kind = "min_max"', 'kind = "trained"')
    with pytest.raises(SpecError, match="trained ranges of flavour tflite-int8 need quantisation_aware"):
        load_spec(written(tmp_path, text))
    training = 'training = { kind = "folder", folder = "more", pattern = "*.png" }\n[[flavours]]'
    spec = load_spec(written(tmp_path, text.replace("[[flavours]]", training) + AWARE))
    assert spec.flavours[0].ranges is not None
    assert spec.flavours[0].ranges.kind == "trained"


def test_the_teacher_of_any_pass_is_found_beside_the_file(tmp_path: Path) -> None:
    training = 'training = { kind = "folder", folder = "more", pattern = "*.png" }\n[[flavours]]'
    spec = load_spec(written(tmp_path, SPEC.replace("[[flavours]]", training) + AWARE))
    teaching = teaching_of(spec.recipe[0])
    assert teaching is not None
    assert teaching.teacher == str(tmp_path / "big" / "pack.toml")
