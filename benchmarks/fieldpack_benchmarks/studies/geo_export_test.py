"""The export study on bundles made by hand: what it counts, and that a miss shows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.exports.inat_vision_camera import testing
from fieldpack.exports.inat_vision_camera.conftest import PictureModel, picture_bundle, place_bundle
from fieldpack.exports.inat_vision_camera.export import Choices, Exported, export
from fieldpack.exports.inat_vision_camera.planted_faults import PLANTS, Plant
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES
from fieldpack.spec import load_spec
from fieldpack.tflite import load_check
from fieldpack_benchmarks.studies import geo_export
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.study import load_study

FAULTS = ("csv-quotes", "leaf-gap", "json-nan")


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return [picture_bundle(folder / "pictures", PictureModel(size=32)), place_bundle(folder / "places")]


@pytest.fixture(scope="module")
def made(bundles: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(bundles, tmp_path_factory.mktemp("out") / "app", Choices())


@pytest.fixture(autouse=True)
def loading(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteRT is not tried in a child process: the faults here lie in the taxonomies."""
    monkeypatch.setattr(load_check, "check_loads", lambda path: None)


def test_the_study_exports_reads_and_plants(
    bundles: list[Path], made: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_export, "export", lambda *arguments: made)
    study = geo_export.study_of(bundles, FAULTS, True, nothing)
    assert [row["part"] for row in study.rows] == [*["golden"] * 4, "readers", *["rules"] * 2]
    assert [row["evidence"] for row in study.rows][:4] == ["host", "host", "reference", "reference"]
    readers = study.rows[4]
    assert (readers["taxa"], readers["apart"], readers["findings"]) == (len(testing.TAXA), 0, 0)
    assert sum(int(str(row["caught"])) for row in study.rows[5:]) == len(FAULTS)
    not_run = {bar.name for bar in study.bars if bar.value is None}
    assert not_run == {"planted faults caught", "rules without a planted fault"}
    assert all(bar.holds for bar in study.bars if bar.value is not None)
    path = tmp_path / "study.json"
    path.write_text(json.dumps(study.as_dict()))
    assert load_study(path).bars == study.bars


def test_a_fault_that_nobody_finds_misses_its_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANTS, "csv-quotes", Plant(lambda folder: None))
    tried = list(geo_export._tried(tmp_path, ["csv-quotes", "leaf-gap"], nothing))
    assert [(item.caught, item.exact, item.clean) for item in tried] == [
        (False, False, True),
        (True, True, True),
    ]
    missed = {bar.name: bar for bar in geo_export._rule_bars(tried, False) if not bar.holds}
    assert missed["planted faults missed"].note == "csv-quotes"
    assert missed["rules without a planted fault"].value == len(RULES) - 2
    assert missed["planted faults caught"].value == 1


def test_a_directory_that_breaks_a_rule_by_itself_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = testing.write_directory

    def bad(folder: Path) -> Path:
        PLANTS["csv-quotes"].make(write(folder))
        return folder

    monkeypatch.setattr(testing, "write_directory", bad)
    (tried,) = geo_export._tried(tmp_path, ["csv-quotes"], nothing)
    assert not tried.clean
    assert [bar.note for bar in geo_export._rule_bars([tried], True) if bar.value == 1] == ["csv-quotes"]


def test_readers_that_see_other_trees_miss_their_bar(made: Exported, tmp_path: Path) -> None:
    other = replace(made, folder=Path(shutil.copytree(made.folder, tmp_path / "out")))
    (rows,) = (other.folder / "ios").glob("*.json")
    rows.write_text(rows.read_text(encoding="utf-8").replace("Plantae", "Fungi"), encoding="utf-8")
    (row,) = geo_export._read("neuralnetwork", other)
    assert row["apart"] == 1
    bars = geo_export._export_bars("neuralnetwork", made, [row])
    assert [bar.holds for bar in bars] == [True, False, True]


def test_the_models_are_built_with_what_an_export_takes(tmp_path: Path) -> None:
    cases = reference_cases(tmp_path, geo_export.MODELS)
    if not cases:
        pytest.skip("the reference models are not installed; run from a clone")
    for case in cases:
        spec = geo_export.smaller(load_spec(case.spec), True)
        assert {item.name for item in spec.flavours} == set(geo_export.FLAVOURS)
        assert [item.minimum_ios for item in spec.flavours if item.kind == "coreml"] == ["15"]
        assert set(spec.budget.flavours) <= set(geo_export.FLAVOURS)
        assert spec.data.evaluation.count == geo_export.QUICK_EXAMPLES  # type: ignore[union-attr]
