"""A trial held against the budget: its verdicts, how far it is from keeping them, and why it was rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fieldpack import gate
from fieldpack.budget import Budget
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.search.trial import Result, Status, Trial
from fieldpack.verdict import AT_MOST, Outcome, Verdict

SIZE = "installed_bytes"
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
    """

    trial: Trial
    result: Result
    reused: bool
    budget: Budget

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """By limit; none where the trial did not finish."""
        if self.result.status is not Status.DONE:
            return ()
        entry = FlavourEntry.model_validate_json(_json(self.result.entry))
        return gate.hold(self.budget, [entry], self.result.evidence or {})

    @property
    def outcome(self) -> Outcome:
        """The worst verdict; ``not_run`` for a trial that did not finish."""
        return gate.outcome_of(self.verdicts)

    @property
    def size(self) -> int | None:
        """Installed bytes."""
        return None if self.result.entry is None else int(self.result.entry[SIZE])

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
                kept = name in gate.AT_LEAST_LIMITS
                return name, max(1 - value if kept else value for value in values)
        return None

    @property
    def excess(self) -> float:
        """How far it is from keeping the budget: relative excesses of broken and open limits, added up."""
        return sum(relative_excess(verdict) for verdict in self.verdicts)

    @property
    def score(self) -> float | None:
        """What the sampler makes small: the excess first, then the size; None where there is no result."""
        if self.size is None:
            return None
        return self.excess * 1e3 + self.size / 1e6

    @property
    def reason(self) -> str:
        """Why it was not taken; empty where it keeps the budget."""
        if self.result.status is not Status.DONE:
            return f"{self.result.status.value}: {self.result.reason}"
        return "; ".join(_rejection(item) for item in self.verdicts if item.outcome is not Outcome.PASS)

    def as_dict(self) -> dict[str, Any]:
        """For the record of the search; figures as verdicts keep them."""
        return {
            "number": self.trial.number,
            "stage": self.trial.stage,
            "numbers": self.trial.numbers,
            "status": self.result.status.value,
            "outcome": self.outcome.value,
            "installed_bytes": self.size,
            "loss": None if self.loss is None else {"name": self.loss[0], "value": self.loss[1]},
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "reason": self.reason,
        }


def _rejection(verdict: Verdict) -> str:
    figure = verdict.figure
    value = "not measured" if figure.value is None else f"{figure.value:.4g}"
    if figure.low is not None and figure.high is not None:
        value += f" ({figure.low:.4g} to {figure.high:.4g})"
    sign = "<=" if verdict.relation == AT_MOST else ">="
    settles = f", about {verdict.settles_at:,} examples would settle it" if verdict.settles_at else ""
    return f"{verdict.name} {value}, wanted {sign} {verdict.limit:g}: {verdict.outcome.value}{settles}"


def relative_excess(verdict: Verdict) -> float:
    """How far a figure's bound is beyond its limit, relative to the limit; 0 where it keeps it."""
    if verdict.outcome is Outcome.PASS or verdict.limit is None:
        return 0.0
    at_most = verdict.relation == AT_MOST
    figure = verdict.figure
    edge = figure.high if at_most else figure.low
    edge = figure.value if edge is None else edge
    if edge is None:
        return 1.0
    distance = edge - verdict.limit if at_most else verdict.limit - edge
    return max(0.0, distance) / max(abs(verdict.limit), 1e-9)


def binding_limits(judged: Sequence[Judged]) -> list[str]:
    """The limits that no finished trial keeps; where each is kept by some, those of the nearest trial."""
    finished = [item for item in judged if item.result.status is Status.DONE]
    if not finished:
        return []
    names = [verdict.name for verdict in finished[0].verdicts]
    kept = {v.name for item in finished for v in item.verdicts if v.outcome is Outcome.PASS}
    never = [name for name in names if name not in kept]
    if never:
        return never
    nearest = min(finished, key=lambda item: item.excess)
    return [v.name for v in nearest.verdicts if v.outcome is not Outcome.PASS]


def _json(words: Any) -> str:
    import json

    return json.dumps(words)
