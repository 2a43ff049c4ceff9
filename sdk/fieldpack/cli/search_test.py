"""What a search says at its end; the command itself runs in ``device_tests/recipe_test.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.cli.search import _infeasible, _loosened, _table
from fieldpack.search.conftest import Recorder, answer, entry, evidence, make_spec
from fieldpack.search.search import search
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status

CONTEXT = {"source": "a"}
HALF: dict[str, Any] = {"name": "half", "cost": 0, "flavour": {"method": "float16"}}
WHOLE: dict[str, Any] = {"name": "whole", "cost": 1}


def test_what_binds_and_what_the_nearest_would_need_is_told(tmp_path: Path) -> None:
    def close(words: dict[str, Any]) -> dict[str, Any]:
        return Result(Status.DONE, entry(1234567), evidence(0.0123456, 0.01)).as_dict()

    spec = make_spec(budget={"installed_bytes": 1000, "top1_drop": 0.001}, stages=[WHOLE])
    text = _infeasible(search(spec, CONTEXT, Recorder(close), TrialStore(tmp_path)))
    assert "no trial keeps the budget (1 tried" in text
    assert "binding: installed_bytes, top1_drop\n" in text
    assert "installed_bytes <= 1,234,567 instead of 1,000" in text
    assert "top1_drop <= 0.02235 instead of 0.001" in text  # the bound, 0.0223456, rounded up


def test_limits_that_only_exclude_each_other_are_told_so(tmp_path: Path) -> None:
    spec = make_spec(budget={"installed_bytes": 1500, "top1_drop": 0.001}, stages=[WHOLE, HALF])
    text = _infeasible(search(spec, CONTEXT, Recorder(), TrialStore(tmp_path)))
    assert "binding: installed_bytes, top1_drop (each is kept by some trial, together by none)" in text


def test_a_full_memory_is_told_and_the_search_goes_on(tmp_path: Path) -> None:
    def full(words: dict[str, Any]) -> dict[str, Any]:
        if words["flavours"][0]["method"] == "float16":
            return Result(Status.OUT_OF_MEMORY, reason="a worker could get no more memory").as_dict()
        return answer(words)

    spec = make_spec(budget={"installed_bytes": 1500}, stages=[HALF, WHOLE])
    found = search(spec, CONTEXT, Recorder(full), TrialStore(tmp_path))
    assert found.best is not None
    assert found.best.trial.stage == "whole"
    assert "out_of_memory: a worker could get no more memory" in _table(found)


def test_a_search_in_which_nothing_finished_says_so(tmp_path: Path) -> None:
    full = Result(Status.OUT_OF_MEMORY, reason="a worker could get no more memory").as_dict()
    found = search(make_spec(stages=[WHOLE]), CONTEXT, Recorder(lambda words: full), TrialStore(tmp_path))
    text = _infeasible(found)
    assert "1 ended by a crash or a full memory" in text
    assert text.endswith("no trial finished")


def test_stages_left_out_are_told_once_a_reason(tmp_path: Path) -> None:
    stages = [WHOLE, *({**HALF, "name": name, "needs": ["download_bytes"]} for name in ("one", "two"))]
    found = search(make_spec(stages=stages), CONTEXT, Recorder(), TrialStore(tmp_path))
    assert "left out for want of a limit on download_bytes: one, two" in _table(found)


def test_a_loosened_limit_is_kept() -> None:
    assert _loosened(0.922789, "at_least") <= 0.922789
    assert round(_loosened(0.922789, "at_least"), 12) == 0.9227
    assert round(_loosened(0.922701, "at_most"), 12) == 0.9228
    assert _loosened(-0.00012341, "at_most") >= -0.00012341
    assert _loosened(0.0, "at_most") == 0.0
