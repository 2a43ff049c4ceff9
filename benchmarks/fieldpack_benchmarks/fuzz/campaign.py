"""Cases by thousands: worker processes one after the other, each restarted behind the case that ended it."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldpack.errors import WorkerError
from fieldpack.worker import run
from fieldpack_benchmarks.fuzz.batch import read_notes
from fieldpack_benchmarks.fuzz.case import Limits, Outcome

Progress = Callable[[str, float], None]
BATCH = "fieldpack_benchmarks.fuzz.batch:run"
SLACK_S = 90.0
"""What a worker may take beyond its budget: start, imports, the last case."""
MOST_CASES = 1_000_000


@dataclass(slots=True)
class Count:
    """What became of the cases of one model."""

    model: str
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    most_memory_bytes: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """All of them."""
        return sum(self.outcomes.values())

    def add(self, note: Mapping[str, Any]) -> None:
        """Count one judged case; a heavy one is stopped by the clock, so its time says nothing."""
        outcome = Outcome(note["outcome"])
        self.outcomes[outcome.value] += 1
        if outcome is not Outcome.HEAVY:
            self.slowest_s = max(self.slowest_s, note["seconds"])
            self.most_memory_bytes = max(self.most_memory_bytes, note["memory_bytes"])
        if outcome.is_finding:
            self.findings.append(dict(note))


def campaign(
    models: Sequence[str],
    limits: Limits,
    seed: int,
    progress: Progress,
    seconds: float | None = None,
    cases: int = MOST_CASES,
) -> list[Count]:
    """Fuzz each model in turn.

    Parameters
    ----------
    models : sequence of str
        Names of ``seeds.SEEDS``, or paths of models.
    limits : Limits
        Of each case.
    seed : int
        Of all mutations: the same seed and count give the same cases.
    seconds : float, optional
        Wall time of all together, shared evenly.
    cases : int
        At most so many of each model.
    """
    counts = []
    for number, model in enumerate(models):
        progress(f"damage {Path(model).name}", number / len(models))
        share = None if seconds is None else seconds / len(models)
        counts.append(_one(model, limits, seed, share, cases))
    return counts


def _one(model: str, limits: Limits, seed: int, seconds: float | None, cases: int) -> Count:
    count = Count(model)
    budget = 1e6 if seconds is None else seconds
    start, following = time.perf_counter(), 0
    while following < cases and (left := budget - (time.perf_counter() - start)) > 0:
        following = _batch(count, following, cases - following, limits, seed, left)
    return count


def _batch(count: Count, first: int, cases: int, limits: Limits, seed: int, budget_s: float) -> int:
    """Run one worker to its end, however it ends; the case after its last one."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-fuzz-") as folder:
        notes = Path(folder) / "notes.jsonl"
        given = {
            "model": count.model, "first": first, "count": cases, "seed": seed, "seconds": limits.seconds,
            "memory_bytes": limits.memory_bytes, "notes": str(notes), "budget_s": budget_s,
        }  # fmt: skip
        try:
            run(BATCH, given, timeout_s=budget_s + SLACK_S, environment={"OMP_NUM_THREADS": "1"})
        except WorkerError:
            if not notes.is_file():  # it ended before its first case: nothing to learn from a second try
                raise
        judged = list(read_notes(notes))
    for note in judged:
        count.add(note)
    return first + len(judged) if judged else first + cases
