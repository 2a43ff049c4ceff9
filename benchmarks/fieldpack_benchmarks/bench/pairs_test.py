"""Two bundles in pairs of runs: which modes and targets there are, and what is left out or refused."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.errors import FieldpackError, InputError, TargetError, UnsupportedError
from fieldpack.records.validity import PAIRED_FULL, Plan
from fieldpack.testing import tiny_bundle
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.bench import pairs
from fieldpack_benchmarks.bench.commands import Benched, against
from fieldpack_benchmarks.latency.comparison import FEWEST_PAIRS, PAIRS_FULL
from fieldpack_benchmarks.targets import model_run
from fieldpack_benchmarks.targets.protocol import RunRequest

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="runs Linux programs: run it on Linux")
SHORT = Plan(warm_ups=1, samples=5, seconds=5.0, shortest_s=0.0, rounds=1)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "tiny.fieldpack")


def compared(
    new: Path, old: Path, *, target: str = "host", flavours: tuple[str, ...] = (), mode: str = "full",
    minutes: float | None = None,
) -> Benched:  # fmt: skip
    return against(new, old, [target], flavours, lambda *_: None, mode, minutes)


def test_a_mode_says_how_long_and_how_many(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunRequest] = []
    own = model_run._run_once

    def watched(*given: object) -> model_run.ModelRun:
        asked.append(given[3])  # type: ignore[arg-type]
        return own(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(model_run, "_run_once", watched)
    monkeypatch.setitem(pairs.PLANS, "full", (SHORT, FEWEST_PAIRS))
    document = compared(bundle, bundle).document
    assert (document["mode"], document["comparisons"][0]["pairs"]) == ("full", FEWEST_PAIRS)
    assert asked == [RunRequest(warm_ups=1, samples=5, max_seconds=5.0)] * (2 * FEWEST_PAIRS)
    quick, full = pairs.PLANS["quick"], (PAIRED_FULL, PAIRS_FULL)
    assert quick[1] < full[1]
    assert quick[0].samples < full[0].samples


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"mode": "sustained"}, InputError, "the heat of each falls on the other"),
        ({"minutes": 1.0}, InputError, "minutes are of sustained mode"),
        ({"target": "qemu-arm64:cortex-a76"}, UnsupportedError, "not timed in turns"),
        ({"target": "callgrind"}, UnsupportedError, "not timed in turns"),
        ({"target": "web"}, UnsupportedError, "not timed in turns"),
        ({"target": "mac"}, UnsupportedError, "not timed in turns"),
        ({"target": "phone"}, InputError, "No target has this name"),
        ({"flavours": ("coreml-float32",)}, InputError, "no pair of flavours"),
    ],
)
def test_what_pairs_do_not_take_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, object], kind: type[FieldpackError],
    words: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(pairs, "open_target", lambda place: pytest.fail("something ran"))
    both = tiny_bundle(tmp_path / "both", folder_flavour=True)
    with pytest.raises(kind, match=words) as caught:
        compared(both, both, **asked)  # type: ignore[arg-type]
    assert caught.value.came
    assert caught.value.allowed or caught.value.hint
    assert caught.value.exit_code == 2


def test_flavours_that_were_not_named_are_left_out_with_the_reason(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pairs.PLANS, "full", (SHORT, FEWEST_PAIRS))
    both = tiny_bundle(tmp_path / "both", folder_flavour=True)
    found = compared(both, bundle)
    assert [row[0] for row in found.rows] == ["tflite-float32"]
    assert found.lines[0] == "tiny 1.0.0 against tiny 1.0.0"
    assert found.lines[1:] == ["left out: coreml-float32: host runs TFLite files, not coreml"]


def test_a_board_that_is_emulated_has_no_times_to_compare(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = model_run._run_once

    def emulated(*given: object) -> model_run.ModelRun:
        return replace(own(*given), evidence=Evidence.EMULATED)  # type: ignore[arg-type]

    monkeypatch.setattr(model_run, "_run_once", emulated)
    with pytest.raises(TargetError, match="times of an emulated processor"):
        compared(bundle, bundle)


@pytest.mark.parametrize("option", ["--examples", "--records"])
def test_options_of_records_are_no_options_of_pairs(
    bundle: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["bench", "run", str(bundle), "--against", str(bundle), option, "3", "--json"])
    out = capsys.readouterr()
    assert code == 2
    assert "keeps no record" in (out.out or out.err)
    assert json.loads(out.out or out.err)["error"]["came"] == option
