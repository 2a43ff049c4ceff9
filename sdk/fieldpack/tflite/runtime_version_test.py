from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fieldpack.tflite.decoder import operator_names
from fieldpack.tflite.file import open_model, parse_model
from fieldpack.tflite.runtime_table import RUNTIME_OF, TABLE_STATE
from fieldpack.tflite.runtime_version import declared_runtime, minimum_runtime, operator_runtime, version_key


def test_the_table_is_well_formed() -> None:
    builtin = set(operator_names().values())
    for name, releases in RUNTIME_OF.items():
        assert name in builtin
        keys = [version_key(release) for release in releases if release != "-"]
        assert keys == sorted(keys), f"{name}: a later version came with an earlier release"
        assert keys[-1] <= version_key(TABLE_STATE)


@pytest.mark.parametrize(
    ("name", "version", "release"),
    [
        ("CONV_2D", 1, "1.5.0"),
        ("CONV_2D", 8, "2.15.0"),
        ("FULLY_CONNECTED", 9, "2.3.0"),
        ("GELU", 1, "2.9.0"),
        ("BROADCAST_TO", 1, None),
        ("BROADCAST_TO", 2, "2.5.0"),
        ("CONV_2D", 0, None),
        ("CONV_2D", 99, None),
        ("BUILTIN_9999", 1, None),
    ],
)
def test_single_operators(name: str, version: int, release: str | None) -> None:
    assert operator_runtime(name, version) == release


def test_versions_sort_by_number() -> None:
    assert max(["1.14.0", "1.5.0", "1.10.1"], key=version_key) == "1.14.0"


def test_requirement_of_a_model(dense: SimpleNamespace) -> None:
    model = parse_model(dense.data)
    requirement = minimum_runtime(model)
    assert requirement.version == "1.14.0" == declared_runtime(model)
    assert requirement.unknown == ()
    assert requirement.ops == {"FULLY_CONNECTED v1": "1.5.0", "TANH v1": "1.14.0"}


def test_unknown_pairs_are_named_and_not_guessed(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    x, y = writer.tensor("x", (1,)), writer.tensor("y", (1,))
    writer.operator("RELU", (x,), (y,), version=77)
    writer.operator("CUSTOM", (x,), (y,), custom="CONV_2D")
    writer.ends((x,), (y,))
    requirement = minimum_runtime(parse_model(writer.pack()))
    assert requirement.version is None
    assert requirement.unknown == ("RELU v77", "custom CONV_2D")


def test_real_files_never_need_less_than_they_declare(model_paths: list[Path]) -> None:
    """Older converters declared the float graph's figure and quantised afterwards, so more is legal."""
    declared = {}
    for path in model_paths:
        model = open_model(path)
        stated = declared_runtime(model)
        if stated is not None:
            declared[path.name] = (stated, minimum_runtime(model).version or "0")
    assert declared
    assert all(version_key(ours) >= version_key(stated) for stated, ours in declared.values())
    agreeing = sum(stated == ours for stated, ours in declared.values())
    assert agreeing >= len(declared) / 2, f"{agreeing} of {len(declared)} agree: {declared}"


@pytest.mark.full
@pytest.mark.parametrize("quantise", [False, True], ids=["float", "dynamic range"])
def test_agrees_with_the_converter(quantise: bool) -> None:
    tensorflow = pytest.importorskip("tensorflow", reason="pip install fieldpack[keras]")
    layers = tensorflow.keras.layers
    image = tensorflow.keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, strides=2, activation="relu6")(image)
    x = layers.DepthwiseConv2D(3, padding="same", activation="hard_swish")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Conv2DTranspose(4, 2)(x)
    x = layers.GlobalAveragePooling2D()(layers.Activation("gelu" if quantise else "tanh")(x))
    keras_model = tensorflow.keras.Model(image, layers.Dense(200, activation="softmax")(x))
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(keras_model)
    if quantise:
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    model = parse_model(converter.convert())
    requirement = minimum_runtime(model)
    assert requirement.unknown == ()
    assert requirement.version == declared_runtime(model)
