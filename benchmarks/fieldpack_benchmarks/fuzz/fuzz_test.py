"""A seeded sample of damaged models, and that the judge sees what it must not miss."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.engine import EngineKind
from fieldpack.coreml.schema import parse_model
from fieldpack_benchmarks.fuzz import batch, campaign, case
from fieldpack_benchmarks.fuzz.case import Limits, Outcome, judge
from fieldpack_benchmarks.fuzz.mutations import MUTATIONS
from fieldpack_benchmarks.fuzz.seeds import SEEDS
from fieldpack_benchmarks.fuzz.wire import parse_fields, serialize
from fieldpack_benchmarks.fuzz.writer import MODEL
from fieldpack_benchmarks.studies import coreml_fuzz

CASES = 100
LIMITS = Limits(seconds=5.0, memory_bytes=2**28)


@pytest.mark.parametrize("model", SEEDS)
def test_damaged_models_are_refused_or_run(model: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    assert batch.run(model, 0, CASES, 9, 5.0, 2**28, str(notes), 600.0) == {"next": CASES}
    judged = list(batch.read_notes(notes))
    assert len(judged) == CASES
    assert not [note for note in judged if Outcome(note["outcome"]).is_finding]
    seen = Counter(note["outcome"] for note in judged)
    assert seen["refused"] > CASES // 2
    assert seen["ran"] > 3


def test_cases_are_the_same_at_every_call_and_differ_from_each_other() -> None:
    files = SEEDS["compressed"]()
    first, again = ([batch.damaged(files, number, 1) for number in range(60)] for _ in range(2))
    assert first == again
    changed = {json.dumps({key: data.hex() for key, data in item.items()}) for _, item in first}
    assert len(changed) > 50
    assert {name for name, _ in first} > {"bytes", "fields", "numbers", "records"}


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_changes_both_kinds_of_model(name: str) -> None:
    for model in ("control_flow", "layers"):
        files = SEEDS[model]()
        made = [MUTATIONS[name][0](files, np.random.default_rng(number)) for number in range(20)]
        assert sum(item != files for item in made) > 15


def test_the_wire_form_survives_unchanged() -> None:
    data = SEEDS["classifier"]()[MODEL]
    fields = parse_fields(data)
    assert fields is not None
    assert len(fields) > 2
    assert serialize(fields) == data
    assert parse_fields(b"\x0a\x05abc") is None
    assert parse_fields(b"\xff") is None


def _spend(action: str) -> None:
    if action == "slow":
        time.sleep(5)
    elif action == "crash":
        raise KeyError("x")
    else:
        np.ones(2**26).sum()


@pytest.mark.parametrize(
    ("action", "outcome"), [("slow", Outcome.SLOW), ("crash", Outcome.CRASH), ("memory", Outcome.MEMORY)]
)
def test_the_judge_sees_time_memory_and_strange_errors(
    action: str, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = batch.place(SEEDS["layers"](), tmp_path)
    monkeypatch.setattr(case, "open_package", lambda _: _spend(action))
    assert judge(path, Limits(0.2, 2**27), EngineKind.REFERENCE).outcome is outcome


def test_a_loop_without_end_is_counted_apart(tmp_path: Path) -> None:
    files = SEEDS["control_flow"]()
    parsed = parse_model(files[MODEL])
    (loop,) = (op for op in parsed.mlProgram.functions["main"].block_specializations["CoreML7"].operations
               if op.type == "while_loop")  # fmt: skip
    loop.blocks[1].operations[0].type = "mul"  # counts 0 * 1, 0 * 1, ...
    endless = files | {MODEL: parsed.SerializeToString()}
    verdict = judge(batch.place(endless, tmp_path), Limits(0.3, 2**28), EngineKind.REFERENCE)
    assert verdict.outcome is Outcome.HEAVY


def dies_at_three(first: int, count: int, notes: str, **_: Any) -> dict[str, Any]:
    """A worker target that is killed in its fourth case."""
    with Path(notes).open("a", buffering=1) as lines:
        for number in range(first, first + count):
            lines.write(json.dumps({"case": number}) + "\n")
            if number == 3:
                os._exit(139)
            note = {"case": number, "mutation": "", "outcome": "ran", "seconds": 0.1, "memory_bytes": 1}
            lines.write(json.dumps({**note, "text": ""}) + "\n")
    return {"next": first + count}


def test_a_crash_is_a_finding_and_the_campaign_goes_on_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "BATCH", f"{__name__}:dies_at_three")
    (count,) = campaign.campaign(["layers"], LIMITS, 0, lambda stage, done: None, cases=6)
    assert count.outcomes == {"ran": 5, "died": 1}
    assert [note["case"] for note in count.findings] == [3]
    study = coreml_fuzz.study_of([count], None)
    assert not study.holds
    assert study.rows[0]["findings"] == 1
