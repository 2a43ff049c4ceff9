"""The gathered study of Core ML, and its parts end to end on their smallest samples."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import InputError
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.rounds.super_resolution import psnr_db
from fieldpack_benchmarks.studies import coreml, coreml_families, onnx
from fieldpack_benchmarks.study import Bar, Study, load_study

CALLS: list[str] = []


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def part(quick: bool, progress: Any) -> Study:
    """A part with one bar that holds and one that does not."""
    CALLS.append("part")
    bars = tuple(Bar(f"bar {n}", n, 0.5, AT_MOST, Evidence.REFERENCE) for n in (0.0, 1.0))
    return Study(name="coreml-fuzz", columns=(), rows=(), bars=bars, quick=quick, notes=("note",))


@pytest.fixture
def one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(coreml, "PARTS", {"coreml-fuzz": f"{__name__}:part"})
    monkeypatch.setattr(coreml, "QUICK", ())


def test_a_finished_part_is_read_from_its_record(
    one_part: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(coreml.FOLDER, str(tmp_path))
    first, second = coreml.study(False, nothing), coreml.study(False, nothing)
    assert CALLS == ["part"]
    assert first.bars == second.bars
    assert [bar.name for bar in second.bars] == ["coreml-fuzz: bar 0.0", "coreml-fuzz: bar 1.0"]
    assert [bar.holds for bar in second.bars] == [True, False]
    assert (first.rows[0]["origin"], second.rows[0]["origin"]) == ("run now", "coreml-fuzz.json")
    assert second.rows[0]["held"] == 1
    assert load_study(tmp_path / "coreml-fuzz.json").notes == ("note",)


@pytest.mark.parametrize(
    ("key", "value"), [("quick", True), ("study", "other"), ("versions", {"python": "3"})]
)
def test_a_record_that_says_something_else_is_refused(
    one_part: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: Any
) -> None:
    monkeypatch.setenv(coreml.FOLDER, str(tmp_path))
    document = part(False, nothing).as_dict() | {key: value}
    (tmp_path / "coreml-fuzz.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="can stand for"):
        coreml.study(False, nothing)


def test_what_the_quick_study_leaves_out_is_not_run(one_part: None) -> None:
    study = coreml.study(True, nothing)
    assert not CALLS
    assert not study.holds
    assert [(bar.value, bar.note[:7]) for bar in study.bars] == [(None, "not_run")]


def timing(name: str, values: list[float]) -> dict[str, Any]:
    return {"name": name, "unit": "ms", "warm_ups": [9.0], "values": values}


def found(**row: Any) -> dict[str, Any]:
    rows = [{"package": "float32", "arithmetic": "fp32", "operators": 3, **row}]
    timings = [timing("torch eager", [2.0, 1.0]), timing("interpreter", [1.6, 9.0])]
    return {"rows": rows, "speed": {"timings": timings, "absent": {"fast engine": "topk"}}}


def test_families_that_fail_miss_their_bars_and_say_why() -> None:
    packages = {"float32": {"seconds": 1.0}}
    written = {name: {"spread": 1.0, "packages": packages} for name in ("resnet18", "gru_lstm")}
    results = {"resnet18": found(reference_difference=1e-5), "gru_lstm": found(reference_difference=2e-4)}
    study = coreml_families.study_of(written, results, None, False)
    bars = {bar.name: bar for bar in study.bars}
    exact, fast = study.bars[:2]
    assert (exact.value, exact.holds, exact.note) == (2e-4, False, "worst of 2: gru_lstm")
    assert (fast.value, fast.note) == (math.inf, "worst of 1: resnet18")
    assert bars["resnet18: interpreter over torch eager"].value == pytest.approx(1.6)
    assert bars["geometric mean of 2: interpreter over torch eager"].value == pytest.approx(1.6)
    assert bars["resnet18: fast engine over onnxruntime"].value is None
    assert "topk" in bars["resnet18: fast engine over onnxruntime"].note
    assert bars["geometric mean of 1: fast engine over onnxruntime"].value is None
    assert "not_run" in study.bars[-1].note


def test_round_trips_count_what_stays_within_the_limit() -> None:
    def row(road: str, difference: float | None) -> dict[str, Any]:
        return {"family": "unet", "exporter": "trace", "opset": 17, "road": road, "difference": difference,
                "evidence": "host", "note": ""}  # fmt: skip

    rows = [row("import", 1e-6), row("import", 1e-3), row("tflite", None), row("tflite", math.inf)]
    tests = {"tests": 9, "out_of_scope": 1, "ran": 8, "passed": 7, "failed": 1, "failures": {"x": "y"},
             "unexpected": ["x"], "operators": ["Add"] * 95}  # fmt: skip
    bars = onnx.study_of(rows, tests, False).bars
    assert [(bar.value, bar.limit) for bar in bars] == [(1, 2), (0, 2), (None, 22), (0.875, 0.98), (95, 90)]
    assert "unet (trace)" in bars[0].note


def test_the_signal_to_noise_ratio_is_that_of_its_definition() -> None:
    import numpy as np

    one = np.zeros((1, 2, 2, 3), np.float32)
    assert psnr_db(one, one) == math.inf
    assert psnr_db(one, one + 255) == 0.0
    assert psnr_db(one, one + 2.55) == pytest.approx(40.0)


@pytest.mark.full
def test_one_family_goes_through_both_engines_and_back_from_onnx() -> None:
    study = coreml_families.study(True, nothing)
    (row,) = (row for row in study.rows if row["package"] == "float32")
    assert row["operators"] > 20  # type: ignore[operator]
    assert [bar.holds for bar in study.bars[:2]] == [True, True]
    assert row["interpreter_ratio"] is not None
    assert row["fast_ratio"] is not None
    names = [timing.name for timing in study.timings]
    assert "place_mlp: interpreter" in names
    assert "place_mlp palette4: milproto.load" in names
    (trip,) = onnx.study(True, nothing).rows
    assert trip["difference"] < 1e-5  # type: ignore[operator]
