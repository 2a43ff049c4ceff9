from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import ConversionError, SpecError
from fieldpack.search.conftest import WORDS, Recorder, answer, make_spec
from fieldpack.search.search import search
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status
from fieldpack.share import Share
from fieldpack.spec import Spec
from fieldpack.verdict import Outcome

FULL = {"kind": "tflite", "name": "full", "method": "float32", "io": "float32", "fold_scaling": False}


def spec(every: dict[str, Any], own: dict[str, Any] | None = None) -> Spec:
    """Two flavours; ``small`` is searched, ``full`` has 4000 bytes."""
    words = json.loads(json.dumps(WORDS))
    words["flavours"].append(FULL)
    words["budget"] = {"every": every, "flavours": {"small": own} if own else {}, "confidence": 0.97}
    return Spec.model_validate_json(json.dumps(words))


def made(words: dict[str, Any]) -> dict[str, Any]:
    found = answer(words)
    if words["flavours"][0]["name"] == "full":
        found["entry"] |= {"name": "full", "installed_bytes": 4000}
    return found


def test_a_share_of_another_flavour_is_held_by_every_trial_and_kept_with_the_winner(
    tmp_path: Path, context: dict[str, str]
) -> None:
    recorder = Recorder(made)
    quarter = {"installed_bytes": {"share": 0.25, "of": "full"}}
    found = search(spec({"top1_drop": 0.05}, quarter), context, recorder, TrialStore(tmp_path))
    assert [job["flavours"][0]["name"] for job in recorder.ran].count("full") == 1
    assert found.best is not None
    assert found.best.outcome is Outcome.PASS
    assert {verdict.limit for item in found.judged for verdict in item.verdicts} == {1000.0, 0.05}
    kept = found.best.trial.spec.budget
    assert kept.every.installed_bytes == Share(share=0.25, of="full", base=4000.0)
    assert kept.certainty == 0.97

    plain = {"installed_bytes": 1000, "top1_drop": 0.05}
    alone = search(spec(plain), context, Recorder(made), TrialStore(tmp_path / "b"))
    assert alone.best is not None
    assert [item.outcome for item in alone.judged] == [item.outcome for item in found.judged]
    again = Recorder(made)
    assert search(spec({"top1_drop": 0.05}, quarter), context, again, TrialStore(tmp_path)).best is not None
    assert again.ran == []


def test_a_flavour_that_a_search_left_unmeasured_is_made_again_for_its_size(
    tmp_path: Path, context: dict[str, str]
) -> None:
    shared = spec({"top1_drop": 0.05}, {"installed_bytes": {"share": 0.25, "of": "full"}})
    first = search(shared, context, Recorder(made), TrialStore(tmp_path))
    (path,) = [path for path in tmp_path.glob("*.json") if '"name": "full"' in path.read_text()]
    path.write_text(json.dumps(Result(Status.UNMEASURED, works=()).as_dict()))
    again = Recorder(made)
    assert search(shared, context, again, TrialStore(tmp_path)).as_dict() == first.as_dict()
    assert [job["flavours"][0]["name"] for job in again.ran] == ["full"]


def test_a_share_for_every_flavour_counts_for_the_searched_one(
    tmp_path: Path, context: dict[str, str]
) -> None:
    found = search(
        spec({"installed_bytes": {"share": 0.1, "of": "full"}}), context, Recorder(made), TrialStore(tmp_path)
    )
    assert found.best is not None
    assert (found.best.size or 0) <= 400


def test_what_no_trial_can_be_held_against_is_refused_before_any_runs(
    tmp_path: Path, context: dict[str, str]
) -> None:
    for wrong, message in (
        ({"latency_ms": {"host": {"share": 0.5, "of": "full"}}}, "cannot hold latency_ms.host"),
        ({"installed_bytes": {"share": 0.5, "of": "huge"}}, "shares of a flavour that is not there"),
    ):
        recorder = Recorder(made)
        with pytest.raises(SpecError, match=message):
            search(spec(wrong), context, recorder, TrialStore(tmp_path))
        assert recorder.ran == []


def test_another_flavour_that_cannot_be_made_ends_the_search(tmp_path: Path, context: dict[str, str]) -> None:
    def refused(words: dict[str, Any]) -> dict[str, Any]:
        return Result(Status.REFUSED, reason="no such operator").as_dict()

    with pytest.raises(ConversionError, match="full, which the budget takes shares of"):
        search(
            spec({"installed_bytes": {"share": 0.5, "of": "full"}}),
            context,
            Recorder(refused),
            TrialStore(tmp_path),
        )


def test_a_limit_that_a_trial_did_not_measure_never_passes(tmp_path: Path, context: dict[str, str]) -> None:
    for limit in (
        {"latency_ms": {"host": 1e9}},
        {"peak_memory_bytes": {"adb:R5": 10**12}},
        {"download_bytes": {"share": 100.0, "of": "source"}},
    ):
        found = search(make_spec(budget=limit), context, Recorder(), TrialStore(tmp_path))
        assert {item.outcome for item in found.judged} == {Outcome.NOT_RUN}
        assert found.best is None
        assert found.outcome is Outcome.FAIL


def test_what_a_budget_wants_measured_tells_stored_trials_apart() -> None:
    wanted = spec({"mean_kl": 1.0}).budget.beside_parity("small")
    assert wanted == []
    more = spec({"latency_ms": {"host": 5.0}, "installed_bytes": {"share": 0.5, "of": "source"}})
    assert more.budget.beside_parity("small") == ["latency_ms.host", "sizes of source"]
