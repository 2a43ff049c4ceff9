"""The quantised file timed beside its float sibling, in turn, in processor time of one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.statistics.bootstrap import RESAMPLES, SEED
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.tflite.runner import TfliteRunner

ROUNDS, WARM_UPS = 30, 3
SHORTEST_ROUND_S = 0.002
"""A round repeats a model that is faster than this, so that the clock's own steps do not count."""

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Speed:
    """Processor time of one answer, one thread.

    Attributes
    ----------
    quantised_ms, float_ms : float
        Medians.
    ratio : Interval
        Quantised over float, with one-sided 95 % bounds over the rounds.
    """

    quantised_ms: float
    float_ms: float
    ratio: Interval


def timed(quantised: Path, floating: Path, inputs: tuple[Arrays, Arrays] | None = None) -> Speed:
    """Time both files, one round each in turn.

    Parameters
    ----------
    quantised, floating : Path
        The files.
    inputs : (list of ndarray, list of ndarray), optional
        One example for each file; zeros when None.
    """
    runners = [TfliteRunner(path, threads=1) for path in (quantised, floating)]
    fed = inputs or tuple([np.zeros(spec.shape, spec.dtype) for spec in runner.inputs] for runner in runners)
    actions = [
        lambda runner=runner, arrays=arrays: runner.run_raw(*arrays)
        for runner, arrays in zip(runners, fed, strict=True)
    ]
    return compared(actions[0], actions[1])


def compared(quantised: Callable[[], object], floating: Callable[[], object]) -> Speed:
    """Processor time of two actions in turn."""
    actions = (quantised, floating)
    repeats = [_repeats(action) for action in actions]
    rounds = []
    for number in range(WARM_UPS + ROUNDS):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        taken = [0.0, 0.0]
        for which in order:
            taken[which] = _seconds(actions[which], repeats[which])
        rounds.append(taken)
    values = np.asarray(rounds[WARM_UPS:]) * 1e3
    return Speed(median(values[:, 0]), median(values[:, 1]), ratio_of(values))


def _repeats(action: Callable[[], object]) -> int:
    action()
    return max(1, round(SHORTEST_ROUND_S / max(_seconds(action, 1), 1e-6)))


def _seconds(action: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        action()
    return (time.process_time() - start) / repeats


def ratio_of(values: NDArray[np.float64]) -> Interval:
    """Ratio of medians; rounds are drawn as pairs, since a busy moment falls on both."""
    drawn = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    middle = np.median(values[drawn], axis=1)
    low, high = np.quantile(middle[:, 0] / middle[:, 1], [1 - CONFIDENCE, CONFIDENCE])
    estimate = float(np.median(values[:, 0]) / np.median(values[:, 1]))
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), len(values))
