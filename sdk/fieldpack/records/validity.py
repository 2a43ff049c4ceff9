"""How long to sample, and what a run that was sampled is worth; the same for every runner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldpack.records.record import Flag

UNSTABLE = 0.25
"""Spread (interquartile range over median) from which a timing is called unstable."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When a run may stop.

    Attributes
    ----------
    warm_ups : int
        Inferences before the first that counts.
    samples : int
        Inferences that count, at least, unless `seconds` are over.
    seconds : float
        After so long a run stops, whatever it has.
    shortest_s : float
        Before so long it goes on, even with enough samples.
    rounds : int
        Processes, each of which loads anew.
    """

    warm_ups: int
    samples: int
    seconds: float
    shortest_s: float
    rounds: int


FULL = Plan(warm_ups=10, samples=1024, seconds=60.0, shortest_s=1.0, rounds=5)
"""As MLPerf Mobile's single stream asks: 1,024 samples, or 60 s."""
QUICK = Plan(warm_ups=3, samples=64, seconds=5.0, shortest_s=0.1, rounds=5)
PAIRED = Plan(warm_ups=3, samples=32, seconds=1.0, shortest_s=0.05, rounds=1)
"""One process of a pair, of which a comparison takes many."""
PAIRED_FULL = Plan(warm_ups=10, samples=256, seconds=5.0, shortest_s=0.25, rounds=1)


def percentiles(samples_ms: Sequence[float]) -> tuple[float, float, float]:
    """p50, p90 and p99 of the samples, ms."""
    import numpy as np

    middle, ninety, most = np.percentile(samples_ms, [50, 90, 99])
    return float(middle), float(ninety), float(most)


def validity(plan: Plan, rounds_ms: Sequence[Sequence[float]]) -> tuple[Flag, ...]:
    """What speaks against a run, from the samples of each of its rounds, ms.

    A round that ended early with too little is worth less than it says; one whose times spread by a quarter
    of their median is called unstable.
    """
    flags = []
    if len(rounds_ms) < plan.rounds or any(_few(plan, taken) for taken in rounds_ms):
        flags.append(Flag.TOO_FEW_SAMPLES)
    if any(_spread(taken) >= UNSTABLE for taken in rounds_ms if taken):
        flags.append(Flag.UNSTABLE)
    return tuple(flags)


def _few(plan: Plan, taken: Sequence[float]) -> bool:
    return len(taken) < plan.samples and sum(taken) < plan.seconds * 1e3


def _spread(taken: Sequence[float]) -> float:
    import numpy as np

    low, middle, high = np.percentile(taken, [25, 50, 75])
    return float((high - low) / middle)
