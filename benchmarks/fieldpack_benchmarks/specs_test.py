"""The specs of the real models load wherever the data are, and their labels fit."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fieldpack.build.labels import read_labels
from fieldpack.data.labels import read_label_map
from fieldpack.errors import MissingDependencyError, SpecError
from fieldpack.spec import TfliteFlavour, load_spec
from fieldpack_benchmarks.cases import CASES, INT8, QUICK
from fieldpack_benchmarks.changed_spec import toml_value, write_smaller_spec
from fieldpack_benchmarks.data_root import DEFAULT, SPECS, data_root, required_data_root
from fieldpack_benchmarks.studies import server_models

NAMES = sorted(path.stem for path in SPECS.glob("*.toml"))


def test_every_spec_is_a_case() -> None:
    assert sorted(case.name for case in CASES) == NAMES
    assert set(QUICK) < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_specs_load_and_point_into_the_data_folder(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(tmp_path))
    spec = load_spec(SPECS / f"{name}.toml")
    assert Path(spec.source.path).is_relative_to(tmp_path)
    flavours = [item.name for item in spec.flavours]
    assert flavours == ["tflite-float32", INT8, "coreml-fp16", "coreml-int8"]
    int8 = next(item for item in spec.flavours if item.name == INT8)
    assert isinstance(int8, TfliteFlavour)
    assert int8.io == "float32"


@pytest.mark.parametrize("name", NAMES)
def test_calibration_never_sees_the_evaluation_files(name: str) -> None:
    data = load_spec(SPECS / f"{name}.toml").data
    assert data.calibration is not None
    if data.evaluation.kind == "table" and data.calibration.kind == "table":
        column = next(iter(data.evaluation.where))
        assert not set(data.evaluation.where[column]) & set(data.calibration.where[column])
    else:
        assert data.evaluation.kind == data.calibration.kind == "folder"


def test_the_patterns_of_the_bird_recordings_share_no_file() -> None:
    data = load_spec(SPECS / "birdnet_stm32.toml").data
    assert data.evaluation.kind == "folder"
    assert data.calibration is not None
    assert data.calibration.kind == "folder"
    names = [f"S4_20190522_{hour:02d}0000.wav" for hour in range(24)] + [
        "spinetail.wav",
        "TEST_Great_Tit.wav",
    ]
    for name in names:
        seen = [Path(name).match(part.pattern) for part in (data.evaluation, data.calibration)]
        assert sum(seen) == 1, name


@pytest.mark.parametrize("name", ["cifar_resnet8", "vww_96", "yamnet256_esc10"])
def test_own_label_files_have_the_models_number_of_labels(name: str) -> None:
    labels = read_labels(load_spec(SPECS / f"{name}.toml").contract)["scores"]
    assert len(labels) == {"cifar_resnet8": 10, "vww_96": 2, "yamnet256_esc10": 10}[name]


def test_the_label_map_is_one_to_one() -> None:
    mapping = read_label_map(SPECS / "labels/imagenet_of_vision.csv")
    assert len(set(mapping.values())) == len(mapping) >= 10


def test_the_default_of_the_specs_is_the_default_of_the_studies() -> None:
    for name in NAMES:
        values = tomllib.loads((SPECS / f"{name}.toml").read_text())
        assert values["variables"] == {"FIELDPACK_DATA": DEFAULT}


def test_without_data_the_study_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(tmp_path / "none"))
    assert data_root() == tmp_path / "none"
    with pytest.raises(MissingDependencyError) as caught:
        server_models.study(quick=True, progress=lambda stage, done: None)
    assert caught.value.exit_code == 4
    assert "FIELDPACK_DATA" in str(caught.value)
    with pytest.raises(MissingDependencyError):
        required_data_root()


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_spec_differs_in_the_limit_alone(name: str, tmp_path: Path) -> None:
    spec = load_spec(SPECS / f"{name}.toml")
    path = tmp_path / "smaller.toml"
    write_smaller_spec(spec, 7, path)
    smaller = load_spec(path)
    assert smaller.data.evaluation.limit == 7  # type: ignore[union-attr]
    evaluation = smaller.data.evaluation.model_copy(update={"limit": spec.data.evaluation.limit})  # type: ignore[union-attr]
    data = smaller.data.model_copy(update={"evaluation": evaluation})
    assert smaller.model_copy(update={"data": data}) == spec


def test_toml_values_survive() -> None:
    value = {"a": [1, 1e-10, True, 'quo"te\\'], "b.c": {"d": ["e"]}}
    assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value
    with pytest.raises(SpecError):
        toml_value({"a": None})
