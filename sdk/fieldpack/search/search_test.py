from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import SpecError, StorageError, WorkerError
from fieldpack.search.conftest import WORDS, Recorder, answer, entry, evidence, make_spec
from fieldpack.search.executor import failed
from fieldpack.search.pareto import front
from fieldpack.search.search import search
from fieldpack.search.settings import Search, Stage
from fieldpack.search.stages import TFLITE_STAGES
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status, choice_of, make_trial, with_choice
from fieldpack.verdict import Outcome


def test_stages_run_cheapest_first_and_the_smallest_that_passes_wins(
    tmp_path: Path, context: dict[str, str]
) -> None:
    found = search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    assert [item.trial.stage for item in found.judged] == ["half", "whole", *["pruned"] * 6]
    passed = [item for item in found.judged if item.outcome is Outcome.PASS]
    assert found.best is not None
    assert found.best.size == min(item.size or 0 for item in passed)
    assert found.outcome is Outcome.PASS
    assert all((item.reason == "") == (item.outcome is Outcome.PASS) for item in found.judged)
    assert "installed_bytes 2,000, wanted <= 400: fail" in found.judged[0].reason


def test_the_first_stage_that_passes_ends_the_search(tmp_path: Path, context: dict[str, str]) -> None:
    spec = make_spec(stop="first", budget={"installed_bytes": 1500, "top1_drop": 0.05})
    recorder = Recorder()
    found = search(spec, context, recorder, TrialStore(tmp_path))
    assert found.ended == "first"
    assert len(recorder.ran) == 2


def test_a_repeated_search_runs_nothing_and_says_the_same(tmp_path: Path, context: dict[str, str]) -> None:
    first = search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    again = Recorder()
    second = search(make_spec(), context, again, TrialStore(tmp_path))
    assert again.ran == []
    assert second.as_dict() == first.as_dict()
    assert all(item.reused for item in second.judged)


def test_another_budget_is_judged_from_what_is_stored(tmp_path: Path, context: dict[str, str]) -> None:
    search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    again = Recorder()
    spec = make_spec(budget={"installed_bytes": 5000, "top1_drop": 0.0})
    found = search(spec, context, again, TrialStore(tmp_path))
    assert found.best is not None
    assert found.best.trial.stage == "half"
    known = {item["recipe"][0]["share"] for item in again.ran}
    assert len(again.ran) == len(known)  # only shares that the other budget led to


@pytest.mark.parametrize("change", ["source", "evaluation"])
def test_other_data_or_another_source_is_another_trial(
    change: str, tmp_path: Path, context: dict[str, str]
) -> None:
    search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    again = Recorder()
    search(make_spec(), {**context, change: "other"}, again, TrialStore(tmp_path))
    assert len(again.ran) == 8


def test_who_finishes_first_changes_nothing(tmp_path: Path, context: dict[str, str]) -> None:
    plain = search(make_spec(), context, Recorder(), TrialStore(tmp_path / "a"))
    turned = Recorder(order=lambda places: places[::-1])
    other = search(make_spec(), context, turned, TrialStore(tmp_path / "b"))
    assert other.as_dict() == plain.as_dict()


def test_the_seed_decides_the_numbers(tmp_path: Path, context: dict[str, str]) -> None:
    spec = make_spec()
    other = spec.model_copy(update={"pack": spec.pack.model_copy(update={"seed": 4})})
    one, two = (
        search(item, context, Recorder(), TrialStore(tmp_path / name))
        for item, name in ((spec, "a"), (other, "b"))
    )
    shares = [[item.trial.numbers for item in found.judged[2:]] for found in (one, two)]
    assert shares[0] != shares[1]
    assert len({tuple(numbers.values()) for numbers in shares[0]}) > 1


def test_the_sampler_learns_from_what_it_is_told(tmp_path: Path, context: dict[str, str]) -> None:
    spec = make_spec(trials=42, stages=[{**_pruned(), "tries": 40}])
    found = search(spec, context, Recorder(), TrialStore(tmp_path))
    sizes = [item.size or 0 for item in found.judged if item.outcome is Outcome.PASS]
    late = [item.excess for item in found.judged[20:]]
    early = [item.excess for item in found.judged[:8]]
    assert np.mean(late) < np.mean(early)
    assert min(sizes) < 260


def _pruned() -> dict[str, Any]:
    return {
        "name": "pruned",
        "cost": 2,
        "recipe": [{"method": "prune_channels", "layers": ".*", "share": 0.5}],
        "choices": {"recipe.0.share": {"low": 0.1, "high": 0.9}},
    }


def test_an_impossible_budget_names_the_limit_and_the_nearest_point(
    tmp_path: Path, context: dict[str, str]
) -> None:
    spec = make_spec(budget={"installed_bytes": 3, "top1_drop": 0.05})
    found = search(spec, context, Recorder(), TrialStore(tmp_path))
    assert found.best is None
    assert found.outcome is Outcome.FAIL
    assert found.binding == ["installed_bytes"]
    assert found.nearest is not None


def test_two_limits_that_exclude_each_other_bind_together(tmp_path: Path, context: dict[str, str]) -> None:
    limits = {"installed_bytes": 1500, "download_bytes": 5000, "top1_drop": 0.001}
    spec = make_spec(budget=limits, stages=[_whole(), _half()])
    found = search(spec, context, Recorder(), TrialStore(tmp_path))
    assert found.outcome is Outcome.FAIL
    assert found.together
    assert found.binding == ["installed_bytes", "top1_drop"]
    assert found.as_dict()["needed"] == {"installed_bytes": 2000.0}


def test_a_limit_that_nothing_keeps_binds_alone(tmp_path: Path, context: dict[str, str]) -> None:
    spec = make_spec(budget={"installed_bytes": 1500, "top1_drop": 0.001}, stages=[_whole()])
    found = search(spec, context, Recorder(), TrialStore(tmp_path))
    assert found.binding == ["top1_drop"]
    assert not found.together
    assert found.as_dict()["needed"] == {"top1_drop": 0.01}


def test_download_bytes_count_where_only_they_are_limited(tmp_path: Path, context: dict[str, str]) -> None:
    def packed(words: dict[str, Any]) -> dict[str, Any]:
        plain = answer(words)
        plain["entry"]["download_bytes"] = 10_000 - plain["entry"]["installed_bytes"]
        return plain

    spec = make_spec(budget={"download_bytes": 20_000}, stages=[_whole(), _half()])
    found = search(spec, context, Recorder(packed), TrialStore(tmp_path))
    assert found.best is not None
    assert found.best.trial.stage == "half"  # larger when installed, smaller to load
    assert found.best.size == 8000


def test_a_stage_that_lacks_what_it_needs_is_left_out_and_named(
    tmp_path: Path, context: dict[str, str]
) -> None:
    spec = make_spec(stages=[_half(), {**_whole(), "needs": ["training", "open"]}])
    words = spec.model_dump(mode="json", by_alias=True)
    words["data"]["training"] = None
    words["source"] = {"kind": "tflite", "path": "/nowhere/model.tflite"}
    poor = type(spec).model_validate_json(json.dumps(words))
    recorder = Recorder()
    found = search(poor, context, recorder, TrialStore(tmp_path))
    assert found.skipped == {"whole": "[data.training], a Keras, PyTorch or ONNX source"}
    assert [item.trial.stage for item in found.judged] == ["half"]
    assert search(spec, context, recorder, TrialStore(tmp_path)).skipped == {}


def test_the_chosen_recipe_and_flavour_make_the_spec_of_the_trial_again() -> None:
    spec = make_spec()
    stage = Stage(
        name="taught",
        cost=1,
        recipe=(
            {
                "method": "distil",
                "layers": ".*",
                "teacher": "/packs/big/pack.toml",
                "temperature": 2.0,
                "label_weight": 0.1,
                "training": {"epochs": 2, "batch": 8, "learning_rate": 0.001},
            },
        ),
        flavour={"ranges": {"kind": "mse"}},
    )
    trial = make_trial(spec, stage, 0, {})
    choice = choice_of(trial, Result(Status.DONE, entry(9), {}), Path("/packs/small"))
    assert choice["recipe"][0]["teacher"] == "../big/pack.toml"
    assert with_choice(spec, json.loads(json.dumps(choice)), Path("/packs/small")) == trial.spec
    with pytest.raises(SpecError, match="cannot be read"):
        with_choice(spec, {"stage": "a"}, Path("/packs/small"))


def test_rules_found_by_measuring_are_chosen_and_not_measured_again() -> None:
    mixed = {"methods": ["dynamic_int4"], "share": 0.5, "latency_ms": 3.0}
    stage = Stage(name="mixed", cost=1, flavour={"method": "dynamic_int8", "mixed": mixed})
    trial = make_trial(make_spec(), stage, 0, {})
    rules = [{"method": "dynamic_int8", "layers": ".*"}, {"method": "dynamic_int4", "layers": "^head$"}]
    made = entry(9) | {"compression": {"recipe": rules, "matched": [3, 1], "changed": 3, "unchanged": 0}}
    choice = choice_of(trial, Result(Status.DONE, made, {}), Path("/"))
    flavour = with_choice(make_spec(), choice, Path("/")).flavours[0]
    assert [(rule.method.value, rule.layers) for rule in flavour.recipe] == [
        ("dynamic_int8", ".*"),
        ("dynamic_int4", "^head$"),
    ]
    assert flavour.model_dump()["mixed"] is None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WorkerError("w", came="killed by SIGKILL"), Status.OUT_OF_MEMORY),
        (WorkerError("w", came="exit code 1", hint="...\nMemoryError"), Status.OUT_OF_MEMORY),
        (WorkerError("w", came="killed by SIGABRT", hint="'std::bad_alloc'"), Status.OUT_OF_MEMORY),
        (MemoryError(), Status.OUT_OF_MEMORY),
        (WorkerError("w", came="exit code 1", hint="ValueError"), Status.CRASHED),
        (StorageError("the disk is full"), Status.CRASHED),
        (SpecError("matches no layer"), Status.REFUSED),
    ],
)
def test_how_a_trial_failed_is_told(error: Exception, status: Status) -> None:
    assert failed(error).status is status


def test_the_size_that_a_limit_is_a_share_of_is_chosen_with_the_trial() -> None:
    spec = make_spec(budget={"installed_bytes": {"share": 0.5, "of": "other", "base": 900.0}})
    choice = choice_of(
        make_trial(spec, Stage(name="a", cost=0), 0, {}), Result(Status.DONE, entry(9), {}), Path("/")
    )
    plain = make_spec(budget={"installed_bytes": {"share": 0.5, "of": "other"}})
    chosen = with_choice(plain, json.loads(json.dumps(choice)), Path("/"))
    assert chosen.budget.limits_of("small")["installed_bytes"].base == 900.0  # type: ignore[union-attr]


def test_the_limits_of_a_named_flavour_hold_in_its_trials() -> None:
    spec = make_spec()
    words = spec.model_dump(mode="json", by_alias=True)
    words["budget"]["flavours"] = {"small": {"top1_drop": 0.01}}
    trial = make_trial(type(spec).model_validate_json(json.dumps(words)), Stage(name="a", cost=0), 0, {})
    assert trial.spec.budget.limits_of("small") == {"installed_bytes": 400, "top1_drop": 0.01}


def _half() -> dict[str, Any]:
    return {"name": "half", "cost": 0, "flavour": {"method": "float16"}}


def _whole() -> dict[str, Any]:
    return {"name": "whole", "cost": 1}


def test_too_few_examples_leave_it_open(tmp_path: Path, context: dict[str, str]) -> None:
    def wide(words: dict[str, Any]) -> dict[str, Any]:
        return Result(Status.DONE, entry(100), evidence(0.04, wide=0.03)).as_dict()

    found = search(make_spec(), context, Recorder(wide), TrialStore(tmp_path))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.best is not None
    assert any(verdict.settles_at for verdict in found.best.verdicts)


def test_a_failed_trial_is_told_and_the_search_goes_on(tmp_path: Path, context: dict[str, str]) -> None:
    def sometimes(words: dict[str, Any]) -> dict[str, Any]:
        if not words["recipe"]:
            return failed(WorkerError("the worker ended", came="killed by SIGKILL")).as_dict()
        return answer(words)

    store = TrialStore(tmp_path)
    found = search(make_spec(), context, Recorder(sometimes), store)
    assert [item.result.status for item in found.judged[:2]] == [Status.OUT_OF_MEMORY] * 2
    assert "memory" in found.judged[0].reason
    assert found.outcome is Outcome.PASS
    again = Recorder()
    search(make_spec(), context, again, store)
    assert len(again.ran) == 2  # bad luck is not stored


def test_a_refusal_is_stored_with_its_reason(tmp_path: Path, context: dict[str, str]) -> None:
    def refuses(words: dict[str, Any]) -> dict[str, Any]:
        return failed(SpecError("pass 0 matches no layer", came="head")).as_dict()

    store = TrialStore(tmp_path)
    found = search(make_spec(), context, Recorder(refuses), store)
    assert found.best is None
    assert "matches no layer" in found.judged[0].reason
    again = Recorder()
    search(make_spec(), context, again, store)
    assert again.ran == []


def test_a_damaged_trial_is_run_again_and_named(tmp_path: Path, context: dict[str, str]) -> None:
    first = search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    for number, path in enumerate(sorted(tmp_path.glob("*.json"))[:3]):
        path.write_text(["{", '{"status": "done"}', '{"status": "odd", "entry": null}'][number])
    again = Recorder()
    second = search(make_spec(), context, again, TrialStore(tmp_path))
    assert len(again.ran) == 3
    assert len(second.damaged) == 3
    assert second.as_dict() == first.as_dict()


def test_the_clock_ends_the_search_between_trials(tmp_path: Path, context: dict[str, str]) -> None:
    ticks = iter(range(0, 1000, 10))
    spec = make_spec(wall_clock_s=25.0)
    found = search(spec, context, Recorder(), TrialStore(tmp_path), clock=lambda: float(next(ticks)))
    assert found.ended == "wall clock"
    assert 0 < len(found.judged) < 8


def test_trials_are_counted(tmp_path: Path, context: dict[str, str]) -> None:
    found = search(make_spec(trials=3), context, Recorder(), TrialStore(tmp_path))
    assert len(found.judged) == 3
    assert found.ended == "trials"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ({**_pruned(), "recipe": [{"method": "shrink", "layers": ".*"}]}, "shrink"),
        ({**_pruned(), "choices": {"recipe.7.share": {"low": 0.1, "high": 0.2}}}, "names no place"),
        ({**_whole(), "flavour": {"method": "float16", "ranges": {"kind": "mse"}}}, "ranges goes with"),
    ],
)
def test_a_wrong_stage_ends_the_search_before_it_begins(
    stage: dict[str, Any], said: str, tmp_path: Path, context: dict[str, str]
) -> None:
    recorder = Recorder()
    with pytest.raises(SpecError, match=said):
        search(make_spec(stages=[_half(), stage]), context, recorder, TrialStore(tmp_path))
    assert recorder.ran == []


KILLED = """
import sys, time
from pathlib import Path
from fieldpack.search.conftest import Recorder, answer, make_spec
from fieldpack.search.search import search
from fieldpack.search.store import TrialStore

def slow(words):
    time.sleep(0.2)
    return answer(words)

search(make_spec(), {"source": "a", "evaluation": "b"}, Recorder(slow), TrialStore(Path(sys.argv[1])))
"""


def test_a_killed_search_goes_on_and_comes_to_the_same(tmp_path: Path, context: dict[str, str]) -> None:
    alone = search(make_spec(), context, Recorder(), TrialStore(tmp_path / "alone"))
    folder = tmp_path / "killed"
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)])
    end = time.monotonic() + 60
    while len(list(folder.glob("*.json"))) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    stored = len(list(folder.glob("*.json")))
    assert 3 <= stored < 8
    again = Recorder()
    found = search(make_spec(), context, again, TrialStore(folder))
    assert len(again.ran) == 8 - stored
    assert found.as_dict() == alone.as_dict()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_the_front_is_what_nothing_dominates(points: list[tuple[int, int]]) -> None:
    kept = front([(float(a), float(b)) for a, b in points])
    for place, point in enumerate(points):
        better = [p for p in points if p != point and p[0] <= point[0] and p[1] <= point[1]]
        first = points.index(point) == place
        assert (place in kept) == (first and not better)


def test_another_method_drops_the_settings_of_the_old_one() -> None:
    spec = make_spec()
    other = make_trial(spec, Stage(name="a", cost=0, flavour={"method": "dynamic_int8"}), 0, {})
    same = make_trial(spec, Stage(name="b", cost=0, flavour={"bias_correction": True}), 0, {})
    assert other.spec.flavours[0].model_dump()["ranges"] is None
    assert same.spec.flavours[0].model_dump()["ranges"] == {"kind": "min_max"}


@pytest.mark.parametrize("stage", TFLITE_STAGES, ids=lambda stage: stage.name)
def test_the_built_in_stages_are_legal(stage: Stage) -> None:
    spec = make_spec()
    numbers = {place: choice.high for place, choice in stage.choices.items()}
    trial = make_trial(spec, stage, 3, numbers)
    assert trial.spec.flavours[0].name == "small"
    assert trial.key({}) != make_trial(spec, TFLITE_STAGES[0], 3, {}).key({}) or stage is TFLITE_STAGES[0]


def test_all_built_in_stages_fit_in_the_default_number_of_trials() -> None:
    assert sum(stage.tries for stage in TFLITE_STAGES) <= Search.model_fields["trials"].default


def test_stages_of_one_recipe_share_what_was_trained(tmp_path: Path, context: dict[str, str]) -> None:
    taught = WORDS["search"]["stages"][2] | {"tries": 4}
    half = {**taught, "name": "half-again", "cost": 3, "flavour": {"method": "float16"}}
    recorder = Recorder()
    search(make_spec(stages=[taught, half]), context, recorder, TrialStore(tmp_path))
    recipes = [json.dumps(job["recipe"]) for job in recorder.ran]
    assert len(set(recipes)) == 4
    assert recipes[:4] == recipes[4:]
    assert [job["flavours"][0]["method"] for job in recorder.ran] == ["static_int8"] * 4 + ["float16"] * 4


def test_zeros_are_tried_only_where_the_download_is_limited(tmp_path: Path, context: dict[str, str]) -> None:
    stage = {**_whole(), "needs": ["download_bytes"]}
    skipped = search(make_spec(stages=[_half(), stage]), context, Recorder(), TrialStore(tmp_path)).skipped
    assert skipped == {"whole": "a limit on download_bytes"}
    limited = make_spec(stages=[_half(), stage], budget={"download_bytes": 900})
    assert search(limited, context, Recorder(), TrialStore(tmp_path)).skipped == {}


def test_the_record_is_json(tmp_path: Path, context: dict[str, str]) -> None:
    found = search(make_spec(), context, Recorder(), TrialStore(tmp_path))
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
