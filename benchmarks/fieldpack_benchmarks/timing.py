"""Timings taken in turn, so that a busy moment of the machine falls on all that is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

from fieldpack.records.validity import UNSTABLE
from fieldpack.statistics.bootstrap import RESAMPLES, SEED
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack_benchmarks.study import Timing


def interleaved(
    actions: Mapping[str, Callable[[], object]], rounds: int, warm_ups: int, unit: str = "ms"
) -> dict[str, Timing]:
    """Time each action once a round, in an order that turns by one from round to round.

    Parameters
    ----------
    actions : mapping of str to callable
        What is timed.
    rounds : int
        Timed values of each.
    warm_ups : int
        Rounds before them, kept apart.
    unit : str
        ``ms`` or ``s``.
    """
    factor = {"ms": 1e3, "s": 1.0}[unit]
    names = list(actions)
    values: dict[str, list[float]] = {name: [] for name in names}
    for index in range(warm_ups + rounds):
        turn = index % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.perf_counter()
            actions[name]()
            values[name].append((time.perf_counter() - start) * factor)
    return {
        name: Timing(name, unit, tuple(taken[:warm_ups]), tuple(taken[warm_ups:]))
        for name, taken in values.items()
    }


def ratio(first: Timing, second: Timing) -> Interval:
    """Median of first over median of second, with one-sided 95 % bounds from resampled rounds.

    Medians, since a busy machine stretches single values many times over.
    """
    both = np.stack([first.values, second.values])
    generator = np.random.default_rng(SEED)
    drawn = both[:, generator.integers(0, both.shape[1], (RESAMPLES, both.shape[1]))]
    middle = np.median(drawn, axis=2)
    low, high = np.quantile(middle[0] / middle[1], [1 - CONFIDENCE, CONFIDENCE])
    estimate = median(first.values) / median(second.values)
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), both.shape[1])


def spread(timing: Timing) -> float:
    """Interquartile range over the median."""
    low, high = np.quantile(timing.values, [0.25, 0.75])
    return float((high - low) / median(timing.values))


def stability(*timings: Timing) -> str:
    """Empty, or a sentence that says how unstable the timings were."""
    worst = max(spread(timing) for timing in timings)
    return f"unstable: spread {worst:.0%} of the median" if worst >= UNSTABLE else ""
