"""What the comparison of int8 files counts, and how the whole study is gathered."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.alternatives.answered import (
    EDGE,
    FLOAT_COREML,
    FLOAT_TFLITE,
    LINEAR,
    NNCF,
    PALETTE,
    Answered,
)
from fieldpack_benchmarks.cases import CASES
from fieldpack_benchmarks.gathered import FOLDER
from fieldpack_benchmarks.studies import compression, compression_int8
from fieldpack_benchmarks.study import Bar, Study

PROJECT = Path(__file__).parents[3] / "pyproject.toml"
OWN: dict[str, Any] = {"size_bytes": 100, "kept": None}


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def agreeing(count: int, of: int = 100) -> Any:
    return np.arange(of) < count


def bars_of(ours: int, theirs: int, size: int | None, tool: str = EDGE) -> list[Bar]:
    ahead = compression_int8.difference(agreeing(ours), agreeing(theirs))
    return list(compression_int8._bars("m", OWN, Answered(tool, FlavourKind.TFLITE, size, size), ahead))


def test_the_difference_is_paired() -> None:
    ahead = compression_int8.difference(agreeing(100), agreeing(90))
    assert ahead.estimate == pytest.approx(0.1)
    assert ahead.low > 0.04
    same = compression_int8.difference(agreeing(90), agreeing(90))
    swapped = compression_int8.difference(agreeing(50), ~agreeing(50))
    assert same.estimate == swapped.estimate == 0
    assert swapped.high > 3 * same.high


@pytest.mark.parametrize(
    ("ours", "theirs", "holds", "word"),
    [(100, 90, True, "ahead"), (95, 95, True, "a tie"), (95, 96, True, "a tie"), (90, 100, False, "behind")],
)
def test_a_tie_holds_and_being_behind_does_not(ours: int, theirs: int, holds: bool, word: str) -> None:
    (agreement, _) = bars_of(ours, theirs, 100)
    assert agreement.holds is holds
    assert agreement.note.startswith(f"{word}: ")


@pytest.mark.parametrize(("size", "holds"), [(101, True), (100, True), (99, False)])
def test_ours_may_not_be_larger(size: int, holds: bool) -> None:
    (_, bar) = bars_of(95, 95, size)
    assert bar.relation == AT_MOST
    assert bar.holds is holds


@pytest.mark.parametrize(
    "item", [Answered(PALETTE, FlavourKind.COREML, 5, 5), Answered(NNCF, FlavourKind.TFLITE)]
)
def test_sizes_that_cannot_be_compared_are_not(item: Answered) -> None:
    ahead = compression_int8.difference(agreeing(95), agreeing(95))
    (bar,) = compression_int8._bars("m", OWN, item, ahead)
    assert bar.evidence is (Evidence.REFERENCE if item.tool == PALETTE else Evidence.HOST)


@pytest.mark.parametrize("kind", FlavourKind)
def test_files_are_held_against_the_flavour_that_runs_as_they_do(kind: FlavourKind) -> None:
    flavour = compression_int8.counterpart(Answered("any", kind))
    spec = load_spec(next(case for case in CASES if case.name == "vww_96").spec)
    assert next(item.kind for item in spec.flavours if item.name == flavour) == kind.value


def test_a_tool_that_failed_is_not_measured() -> None:
    bar = compression_int8._not_measured(
        "m", Answered(EDGE, FlavourKind.TFLITE, note="failed: x", failed=True)
    )
    assert bar.value is None
    assert not bar.holds
    assert bar.note == "failed: x"


def test_other_tools_start_from_the_source_where_a_recipe_changed_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(compression_int8, "build", lambda spec, *_: built.append(spec))
    spec = load_spec(next(case for case in CASES if case.name == "mobilenet_v1_025").spec)
    assert spec.recipe
    given = compression_int8._floats(spec, tmp_path / "own", tmp_path, nothing)
    assert given != tmp_path / "own"
    floats = load_spec(built[0])
    assert floats.recipe == ()
    assert [item.name for item in floats.flavours] == [FLOAT_TFLITE, FLOAT_COREML]
    plain = spec.model_copy(update={"recipe": ()})
    assert compression_int8._floats(plain, tmp_path / "own", tmp_path, nothing) == tmp_path / "own"
    assert len(built) == 1


@pytest.mark.parametrize(("kept", "holds"), [(0.9901, True), (0.9899, False)])
def test_ninety_nine_per_cent_of_the_accuracy_are_demanded(kept: float, holds: bool) -> None:
    row = {"kept": kept, "accuracy": 0.9, "source_accuracy": 0.91, "labelled": 300}
    (bar,) = compression_int8._kept_bars("m", row)  # type: ignore[arg-type]
    assert bar.holds is holds
    assert list(compression_int8._kept_bars("m", {"kept": None})) == []


def test_every_named_model_has_a_spec() -> None:
    known = {case.name for case in CASES}
    assert set(compression_int8.NAMES) <= known
    assert set(compression_int8.QUICK) <= set(compression_int8.NAMES)
    assert LINEAR != PALETTE


def test_the_reference_models_are_taken_from_their_own_specs(tmp_path: Path) -> None:
    cases = compression_int8.reference_cases(tmp_path)
    if not cases:
        pytest.skip("the reference models are not installed; pip install -e .")
    assert [case.name for case in cases] == list(compression_int8.REFERENCE_MODELS)
    assert all(case.spec.is_file() for case in cases)


def test_the_parts_are_entry_points() -> None:
    points = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]["fieldpack.studies"]
    assert {name: points[name] for name in compression.PARTS} == compression.PARTS
    assert points["compression"] == "fieldpack_benchmarks.studies.compression:study"


def part(quick: bool, progress: Any) -> Study:
    bars = (Bar("a bar", 1.0, 1.0, AT_MOST, Evidence.HOST),)
    return Study(name="compression-head", columns=(), rows=(), bars=bars, quick=quick)


def test_the_whole_holds_only_when_every_part_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(compression, "PARTS", {"compression-head": f"{__name__}:part"})
    found = compression.study(True, nothing)
    assert [bar.name for bar in found.bars] == ["compression-head: a bar"]
    assert found.holds
    monkeypatch.setattr(
        compression, "PARTS", {"compression-head": f"{__name__}:part", "x": f"{__name__}:part"}
    )
    assert not compression.study(True, nothing).holds
