"""Searches with a table whose times are known, over trials whose work hangs on their settings alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.build.conversion import Made
from fieldpack.bundle.manifest import Compression, FlavourKind
from fieldpack.errors import InputError, SpecError
from fieldpack.latency_table.operator_work import Work
from fieldpack.latency_table.table import SCHEMA
from fieldpack.search.conftest import WORDS, Recorder, answer, entry, evidence, make_spec
from fieldpack.search.estimated import Estimator, estimator_of
from fieldpack.search.job import _Counted, _HopelessError
from fieldpack.search.search import Found, search
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status
from fieldpack.spec import Spec
from fieldpack.testing import dense_tflite
from fieldpack.verdict import Evidence, Outcome

TARGET, WORST = "adb:R58M", 1.5
LIMIT = f"latency_ms.{TARGET}"


def table(folder: Path, name: str = "table.json", **changed: Any) -> Path:
    """1 ms for a million multiply-accumulates of convolutions; once off by a factor of 1.5."""
    ratios = (1.0, 1.1, 0.9, WORST, 1.2)
    models = [
        {"name": f"m{k}", "digest": str(k) * 64, "measured_ms": 1.0, "left_out_ms": ratio}
        for k, ratio in enumerate(ratios)
    ]
    rows = [
        {"operator": kind, "number_format": "float32", "occurrences": 5, "each_ms": 0.0, "mega_mac_ms": cost,
         "megabyte_ms": 0.0}
        for kind, cost in (("CONV_2D", 1.0), ("FULLY_CONNECTED", 2.0))
    ]  # fmt: skip
    runner = {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "cortex-a76", "threads": 1}
    values = {
        "schema": SCHEMA, "target": TARGET, "runner": runner, "run_ms": 0.0, "rows": rows, "models": models
    }  # fmt: skip
    path = folder / name
    path.write_text(json.dumps(values | changed))
    return path


def spec_with(table: Path, budget: dict[str, Any] | None = None, **more: Any) -> Spec:
    """The spec of the search's tests with ``[search.estimate]``; stages and stop may be among `more`."""
    estimate = {"table": str(table), "target": TARGET} | {
        name: more.pop(name) for name in ("latency_ms", "objective", "target") if name in more
    }
    return make_spec(estimate=estimate, budget=budget or {"top1_drop": 0.05}, **more)


def work(milliseconds: float, kind: str = "CONV_2D") -> Work:
    return Work(kind, "float32", round(milliseconds * 1e6), 0)


def milliseconds(words: dict[str, Any]) -> float:
    """20 for float16, and 10 for the whole network in 8 bits, less by what is pruned."""
    recipe = words["recipe"]
    share = recipe[0]["share"] if recipe else 0.0
    return float((20 if words["flavours"][0]["method"] == "float16" else 10) * (1 - share) ** 2)


def counted(words: dict[str, Any]) -> dict[str, Any]:
    """What ``run_trial`` does, with work instead of a file."""
    works = (work(milliseconds(words)),)
    estimator = estimator_of(Spec.model_validate_json(json.dumps(words)))
    if estimator is not None and estimator.told(works).hopeless:
        return Result(Status.UNMEASURED, works=works).as_dict()
    made = Result.from_dict(answer(words))
    return Result(made.status, made.entry, made.evidence, works=works).as_dict()


def found(spec: Spec, store: Path, recorder: Recorder | None = None) -> Found:
    return search(spec, {"source": "a"}, recorder or Recorder(counted), TrialStore(store))


def estimator(spec: Spec) -> Estimator:
    made = estimator_of(spec)
    assert made is not None
    return made


def test_the_estimate_is_the_sum_of_planted_costs_with_the_table_s_own_error(tmp_path: Path) -> None:
    told = estimator(spec_with(table(tmp_path), latency_ms=6.5)).told([work(3), work(2, "FULLY_CONNECTED")])
    assert told.figure.value == pytest.approx(3 + 2 * 2)
    assert (told.figure.low, told.figure.high) == pytest.approx((7 / WORST, 7 * WORST))
    assert (told.figure.evidence, told.figure.name) == (Evidence.ESTIMATED, LIMIT)
    assert told.excess == pytest.approx(7 / 6.5 - 1)
    assert not told.hopeless
    assert estimator(spec_with(table(tmp_path), latency_ms=4.6)).told([work(7)]).hopeless


def test_an_operator_that_the_table_never_saw_is_said_and_never_hopeless(tmp_path: Path) -> None:
    told = estimator(spec_with(table(tmp_path), latency_ms=0.001)).told([work(3), work(1, "SOFTMAX")])
    assert (told.figure.value, told.figure.evidence) == (None, Evidence.NOT_RUN)
    assert "1 SOFTMAX (float32)" in told.words
    assert (told.hopeless, told.excess) == (False, 1.0)


def test_the_budget_s_limit_on_the_target_counts_where_the_search_states_none(tmp_path: Path) -> None:
    budget = {"latency_ms": {TARGET: 8, "host": 3}}
    assert estimator(spec_with(table(tmp_path), budget)).limit == 8
    assert estimator(spec_with(table(tmp_path), budget, latency_ms=5.0)).limit == 5
    assert estimator(spec_with(table(tmp_path))).limit is None
    assert estimator_of(make_spec()) is None


@pytest.mark.parametrize(
    ("changed", "more", "message"),
    [
        ({"schema": "fieldpack-latency-table/9"}, {}, "another schema"),
        ({}, {"target": "host"}, "another target"),
        ({"rows": []}, {}, "rows"),
    ],
)
def test_a_wrong_table_ends_the_search_before_it_begins(
    changed: dict[str, Any], more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    recorder = Recorder(counted)
    with pytest.raises(InputError, match=message):
        found(spec_with(table(tmp_path, **changed), **more), tmp_path / "store", recorder)
    assert recorder.ran == []


def test_flavours_that_a_table_cannot_tell_are_refused(tmp_path: Path) -> None:
    words = json.loads(json.dumps(WORDS))
    words["flavours"] = [
        {"kind": "coreml", "name": "small", "method": "float", "precision": "float32", "minimum_ios": "16",
         "fold_scaling": False}
    ]  # fmt: skip
    words["search"]["estimate"] = {"table": str(table(tmp_path)), "target": TARGET}
    with pytest.raises(SpecError, match="TFLite flavours"):
        estimator_of(Spec.model_validate_json(json.dumps(words)))


def test_hopeless_trials_are_not_measured_and_the_rest_is(tmp_path: Path) -> None:
    result = found(spec_with(table(tmp_path), latency_ms=8.0), tmp_path / "store")
    assert {item.result.status for item in result.judged} == {Status.UNMEASURED, Status.DONE}
    for item in result.judged:
        assert item.estimated is not None
        slow = item.estimated.milliseconds / WORST > 8
        assert (item.result.status is Status.UNMEASURED) == slow
        assert (item.result.evidence is None) == slow
    assert result.judged[0].reason.startswith(f"unmeasured: {LIMIT} 20 (13.33 to 30), wanted <= 8")
    assert result.best is not None
    assert result.best.estimated_excess == 0
    assert result.outcome is Outcome.PASS


def test_an_estimate_alone_fails_nothing(tmp_path: Path) -> None:
    result = found(spec_with(table(tmp_path), latency_ms=0.001), tmp_path / "store")
    assert result.best is None
    assert all(item.result.status is Status.UNMEASURED for item in result.judged)
    assert all(item.outcome is Outcome.NOT_RUN for item in result.judged)
    assert result.outcome is Outcome.NOT_RUN


def test_no_gate_passes_on_an_estimate_and_the_search_still_has_a_winner(tmp_path: Path) -> None:
    budget = {"top1_drop": 0.05, "latency_ms": {TARGET: 1e6}}
    result = found(spec_with(table(tmp_path), budget), tmp_path / "store")
    assert result.best is not None
    assert result.best.promising
    assert result.outcome is Outcome.NOT_RUN
    for item in result.judged:
        (verdict,) = [held for held in item.verdicts if held.name == LIMIT]
        assert (verdict.outcome, verdict.figure.value) == (Outcome.NOT_RUN, None)
        assert item.outcome is not Outcome.PASS
    assert "estimated" in result.best.reason
    without = search(make_spec(budget=budget), {"source": "a"}, Recorder(), TrialStore(tmp_path / "plain"))
    assert without.best is None


def test_what_was_measured_counts_and_not_its_estimate(tmp_path: Path) -> None:
    def timed(words: dict[str, Any]) -> dict[str, Any]:
        rounds = [{"latency_ms": 2.0, "peak_memory_bytes": 1}] * 5
        told = evidence(0.0)
        told["flavours"]["small"]["costs"] = {"host": {"evidence": "host", "rounds": rounds}}
        return Result(Status.DONE, entry(9), told, works=(work(11),)).as_dict()

    stages = [{"name": "whole", "cost": 1}]
    budget = {"top1_drop": 0.05, "latency_ms": {"host": 10.0}}
    spec = spec_with(table(tmp_path, target="host"), budget, target="host", stages=stages)
    result = found(spec, tmp_path / "store", Recorder(timed))
    assert result.outcome is Outcome.PASS
    assert (result.judged[0].excess, result.judged[0].reason) == (0, "")


@pytest.mark.parametrize(
    ("more", "stage"),
    [({"objective": "size"}, "small"), ({"objective": "latency"}, "fast"), ({"latency_ms": 2.5}, "fast")],
)
def test_limit_and_objective_decide_among_those_that_keep_the_budget(
    more: dict[str, Any], stage: str, tmp_path: Path
) -> None:
    def two(words: dict[str, Any]) -> dict[str, Any]:
        fast = words["flavours"][0]["method"] == "float16"
        works = (work(1 if fast else 3),)
        return Result(Status.DONE, entry(900 if fast else 300), evidence(0.0), works=works).as_dict()

    stages = [{"name": "fast", "cost": 0, "flavour": {"method": "float16"}}, {"name": "small", "cost": 1}]
    spec = spec_with(table(tmp_path), stages=stages, **more)
    result = found(spec, tmp_path / "store", Recorder(two))
    assert result.best is not None
    assert result.best.trial.stage == stage
    assert [item.trial.stage for item in result.front] == ["fast", "small"]


def test_the_first_stage_ends_the_search_only_where_its_estimate_keeps_the_limit(tmp_path: Path) -> None:
    stages = [{"name": "half", "cost": 0, "flavour": {"method": "float16"}}, {"name": "whole", "cost": 1}]
    spec = spec_with(table(tmp_path), latency_ms=15.0, stop="first", stages=stages)
    result = found(spec, tmp_path / "store")
    assert [item.result.status for item in result.judged] == [Status.DONE, Status.DONE]
    assert "20 (13.33 to 30), wanted <= 15: estimated" in result.judged[0].reason
    assert result.best is result.judged[1]


def test_proposals_follow_the_estimate(tmp_path: Path) -> None:
    stage = {**WORDS["search"]["stages"][2], "tries": 30}
    spec = spec_with(table(tmp_path), {"top1_drop": 1.0}, latency_ms=1.0, stages=[stage], trials=30)
    result = found(spec, tmp_path / "store")
    excess = [item.excess for item in result.judged]
    assert np.mean(excess[15:]) < 0.5 * np.mean(excess[:4])
    assert result.judged[0].score is not None


def test_another_table_or_limit_runs_only_what_has_no_figures_yet(tmp_path: Path) -> None:
    store = tmp_path / "store"
    stages = WORDS["search"]["stages"][:2]
    strict = spec_with(table(tmp_path), latency_ms=8.0, stages=stages)
    first = found(strict, store)
    assert [item.result.status for item in first.judged] == [Status.UNMEASURED, Status.DONE]
    again = Recorder(counted)
    assert found(strict, store, again).as_dict() == first.as_dict()
    assert again.ran == []
    models = [
        {"name": f"m{k}", "digest": str(k) * 64, "measured_ms": 1.0, "left_out_ms": 1.0} for k in range(5)
    ]
    other = spec_with(table(tmp_path, "other.json", models=models), latency_ms=9.0, stages=stages)
    assert all(item.result.status is Status.UNMEASURED for item in found(other, store, again).judged)
    assert again.ran == []
    loose = spec_with(table(tmp_path), latency_ms=30.0, stages=stages)
    assert all(item.result.status is Status.DONE for item in found(loose, store, again).judged)
    assert len(again.ran) == 1
    assert found(strict, store, again).as_dict() == first.as_dict()
    assert len(again.ran) == 1
    plain = Recorder()
    search(make_spec(stages=stages), {"source": "a"}, plain, TrialStore(store))
    assert plain.ran == []


def test_a_trial_without_work_is_run_again_where_an_estimate_is_wanted(tmp_path: Path) -> None:
    store, stages = tmp_path / "store", WORDS["search"]["stages"][:2]
    search(make_spec(stages=stages), {"source": "a"}, Recorder(), TrialStore(store))
    again = Recorder(counted)
    assert all(
        item.estimated for item in found(spec_with(table(tmp_path), stages=stages), store, again).judged
    )
    assert len(again.ran) == 2


def test_the_record_names_the_table_and_its_error(tmp_path: Path) -> None:
    record = found(spec_with(table(tmp_path), latency_ms=8.0), tmp_path / "store").as_dict()
    assert json.loads(json.dumps(record)) == record
    assert record["estimates"]["target"] == TARGET
    assert "1.50 at worst" in record["estimates"]["error"]
    assert record["trials"][0]["estimated"]["figure"]["evidence"] == "estimated"
    assert (
        "estimates"
        not in search(make_spec(), {"source": "a"}, Recorder(), TrialStore(tmp_path / "plain")).as_dict()
    )


def test_a_flavour_is_counted_as_soon_as_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    weights = np.ones((50, 20_000), np.float32)
    path.write_bytes(dense_tflite("v", (1, 20_000), weights, np.zeros(50, np.float32), "linear"))
    made = Made(
        "small",
        FlavourKind.TFLITE,
        path,
        (),
        (),
        Compression(recipe=(), matched=(), changed=1, unchanged=0),
        False,
    )
    kept = _Counted(estimator(spec_with(table(tmp_path), latency_ms=2.0)))
    kept([made])
    assert kept.works is not None
    assert [item.multiply_accumulates for item in kept.works] == [1_000_000]
    with pytest.raises(_HopelessError):
        _Counted(estimator(spec_with(table(tmp_path), latency_ms=1.0)))([made])
