"""A trial held against the budget: its verdicts, how far it is from keeping them, and why it was rejected."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from fieldpack import gate
from fieldpack.budget import Budget
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.search.estimated import Estimated
from fieldpack.search.trial import Result, Status, Trial
from fieldpack.verdict import AT_MOST, Outcome, Verdict

SIZES = ("installed_bytes", "download_bytes")
LOSSES = ("top1_drop", "top1_agreement", "mean_kl", "centred_cosine")
"""What the front weighs against the size: the first that the evidence has."""


@dataclass(frozen=True)
class Judged:
    """A trial, its result, and the budget's verdicts on it.

    Attributes
    ----------
    trial : Trial
    result : Result
    reused : bool
        Whether the result came from the store.
    budget : Budget
    estimated : Estimated or None
        Its latency by a table, where the search has one.
    """

    trial: Trial
    result: Result
    reused: bool
    budget: Budget
    estimated: Estimated | None = None

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """By limit; none where the trial did not finish."""
        if self.result.status is not Status.DONE:
            return ()
        entry = FlavourEntry.model_validate_json(json.dumps(self.result.entry))
        return gate.hold(self.budget, [entry], self.result.evidence or {})

    @property
    def outcome(self) -> Outcome:
        """The worst verdict; ``not_run`` for a trial that did not finish."""
        return gate.outcome_of(self.verdicts)

    @cached_property
    def held(self) -> tuple[Verdict, ...]:
        """The verdicts but for a latency that only a run on the table's target settles."""
        return tuple(verdict for verdict in self.verdicts if not self._waits(verdict))

    @property
    def standing(self) -> Outcome:
        """The worst of what is held; what a search chooses by, and no verdict."""
        return Outcome.PASS if self.verdicts and not self.held else gate.outcome_of(self.held)

    @property
    def promising(self) -> bool:
        """Whether it keeps all that was measured, and the limit on its estimate."""
        return self.standing is Outcome.PASS and self.estimated_excess == 0

    @property
    def estimated_excess(self) -> float:
        """How far the estimate is beyond its limit; 0 where there is none, or where a time was measured."""
        if self.estimated is None or any(item.name == self.estimated.name for item in self.held):
            return 0.0
        return self.estimated.excess

    def _waits(self, verdict: Verdict) -> bool:
        told = self.estimated
        return told is not None and verdict.name == told.name and verdict.outcome is Outcome.NOT_RUN

    @property
    def measure(self) -> str:
        """The size that counts: installed bytes, or download bytes where only those are limited."""
        limited = self.budget.limits_of(self.trial.spec.flavours[0].name)
        return next((name for name in SIZES if name in limited), SIZES[0])

    @property
    def size(self) -> int | None:
        """In bytes, of the ``measure``."""
        return None if self.result.entry is None else int(self.result.entry[self.measure])

    @cached_property
    def loss(self) -> tuple[str, float] | None:
        """Name and value of what is lost, smaller is better, worst over the runs of the flavour."""
        runs = ((self.result.evidence or {}).get("flavours") or {}).get(self.trial.spec.flavours[0].name, {})
        figures = [
            {figure["name"]: figure["value"] for figure in output["figures"]}
            for run in runs.get("runs", {}).values()
            for output in run.values()
        ]
        for name in LOSSES:
            values = [f[name] for f in figures if isinstance(f.get(name), (int, float))]
            if values:
                if name in gate.AT_LEAST_LIMITS:
                    return f"1 - {name}", max(1 - value for value in values)
                return name, max(values)
        return None

    @property
    def excess(self) -> float:
        """How far it is from keeping the budget: relative excesses of broken and open limits, added up.

        That of an estimate stands in for that of a time that was not measured.
        """
        return sum(relative_excess(verdict) for verdict in self.held) + self.estimated_excess

    @property
    def aim(self) -> float:
        """What is made small where the budget is kept: megabytes, or seconds by estimate; 0 where unknown."""
        if self.estimated is not None and self.estimated.aimed:
            return self.estimated.milliseconds / 1e3
        return (self.size or 0) / 1e6

    @property
    def rank(self) -> tuple[float, ...]:
        """Among trials of one standing, the least is taken."""
        return self.estimated_excess, self.aim, self.size or 0, self.trial.number

    @property
    def score(self) -> float | None:
        """What the sampler makes small: the excess first, then the aim; None where there is no result."""
        if self.result.status not in (Status.DONE, Status.UNMEASURED):
            return None
        score = self.excess * 1e3 + self.aim
        return score if math.isfinite(score) else None

    @property
    def reason(self) -> str:
        """Why it was not taken; empty where it keeps the budget."""
        told = "" if self.estimated is None else self.estimated.words
        if self.result.status is Status.UNMEASURED:
            return f"{self.result.status.value}: {told}"
        if self.result.status is not Status.DONE:
            return f"{self.result.status.value}: {self.result.reason}"
        reasons = [_rejection(item) for item in self.verdicts if item.outcome is not Outcome.PASS]
        waits = len(self.held) < len(self.verdicts)
        return "; ".join([*reasons, *([told] if waits or self.estimated_excess else [])])

    def as_dict(self) -> dict[str, Any]:
        """For the record of the search; figures as verdicts keep them."""
        return {
            "number": self.trial.number,
            "stage": self.trial.stage,
            "numbers": self.trial.numbers,
            "status": self.result.status.value,
            "outcome": self.outcome.value,
            **{name: None if self.result.entry is None else self.result.entry[name] for name in SIZES},
            "loss": None if self.loss is None else {"name": self.loss[0], "value": self.loss[1]},
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "reason": self.reason,
            **({} if self.estimated is None else {"estimated": self.estimated.as_dict()}),
        }


def _rejection(verdict: Verdict) -> str:
    figure = verdict.figure
    value = "not measured" if figure.value is None else number(figure.value, figure.unit)
    if figure.low is not None and figure.high is not None:
        value += f" ({number(figure.low, figure.unit)} to {number(figure.high, figure.unit)})"
    sign = "<=" if verdict.relation == AT_MOST else ">="
    settles = f", about {verdict.settles_at:,} examples would settle it" if verdict.settles_at else ""
    limit = number(verdict.limit, figure.unit)
    return f"{verdict.name} {value}, wanted {sign} {limit}: {verdict.outcome.value}{settles}"


def number(value: float | None, unit: str) -> str:
    """A figure for people: bytes whole, all else to four digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if unit == "bytes" else f"{value:.4g}"


def relative_excess(verdict: Verdict) -> float:
    """How far a figure's bound is beyond its limit, relative to the limit; 0 where it keeps it."""
    if verdict.outcome is Outcome.PASS or verdict.limit is None:
        return 0.0
    edge = _edge(verdict)
    if edge is None:
        return 1.0
    distance = edge - verdict.limit if verdict.relation == AT_MOST else verdict.limit - edge
    return max(0.0, distance) / max(abs(verdict.limit), 1e-9)


def binding_limits(judged: Sequence[Judged]) -> list[str]:
    """The limits that no finished trial keeps; else the smallest group that none keeps together.

    Of groups of one size the first in the order of the budget; empty where nothing finished or a trial keeps
    all of them.
    """
    kept = [_kept(item) for item in judged if item.result.status is Status.DONE]
    if not kept:
        return []
    names = [verdict.name for verdict in _first_finished(judged).held]
    never = [name for name in names if not any(name in limits for limits in kept)]
    if never:
        return never
    for size in range(2, len(names) + 1):
        for group in combinations(names, size):
            if not any(limits.issuperset(group) for limits in kept):
                return list(group)
    return []


def _kept(item: Judged) -> frozenset[str]:
    return frozenset(verdict.name for verdict in item.verdicts if verdict.outcome is Outcome.PASS)


def _first_finished(judged: Sequence[Judged]) -> Judged:
    return next(item for item in judged if item.result.status is Status.DONE)


def needed_limits(item: Judged) -> dict[str, float]:
    """What the limits that a trial breaks would have to be for it to keep them.

    A sampled figure's limit is its bound on the far side; a limit that was not measured is not named.
    """
    needed = {}
    for verdict in item.verdicts:
        edge = _edge(verdict)
        if verdict.outcome is not Outcome.PASS and edge is not None:
            needed[verdict.name] = edge
    return needed


def _edge(verdict: Verdict) -> float | None:
    """The bound that decides: the upper one of a figure that must be small."""
    edge = verdict.figure.high if verdict.relation == AT_MOST else verdict.figure.low
    return verdict.figure.value if edge is None else edge
