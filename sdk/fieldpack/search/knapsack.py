"""One choice for each layer, with the least loss that fits a size and a latency.

The multiple-choice knapsack, solved by dynamic programming over the layers: of all partial selections only
those stay that no other one beats in size, latency and loss. That is exact (Kellerer, Pferschy and
Pisinger, "Knapsack Problems", 2004, section 11.5).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError

STATES = 100_000
"""Partial selections from which on sizes are rounded up to coarser units, which stays feasible."""
_UNITS = 4096


@dataclass(frozen=True, slots=True)
class Choice:
    """What one method costs in one layer.

    Attributes
    ----------
    loss : float
        What the answer loses, such as the divergence of the scores in nats with only this layer changed.
    size_bytes : int
        Stored size.
    latency_ms : float
        Time, from a measured table.
    """

    loss: float
    size_bytes: int
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Selection:
    """The best selection.

    Attributes
    ----------
    choices : tuple of int
        Place of the choice of each layer.
    loss, size_bytes, latency_ms
        Their sums.
    exact : bool
        False where sizes had to be rounded up to keep the number of partial selections bounded.
    """

    choices: tuple[int, ...]
    loss: float
    size_bytes: int
    latency_ms: float
    exact: bool


def select(
    layers: Sequence[Sequence[Choice]], size_bytes: int, latency_ms: float | None = None
) -> Selection | None:
    """The selection with the least summed loss within the limits.

    Parameters
    ----------
    layers : sequence
        The choices of each layer.
    size_bytes : int
        Largest sum of sizes.
    latency_ms : float, optional
        Largest sum of latencies; none where left out.

    Returns
    -------
    Selection or None
        None where nothing fits. Of equal losses the smaller selection wins.

    Raises
    ------
    InputError
        A layer has no choice, or a figure is negative or not finite.
    """
    table = [_figures(choices, number) for number, choices in enumerate(layers)]
    limit = np.inf if latency_ms is None else latency_ms
    states, parents, exact = np.zeros((1, 3)), [], True
    for number, figures in enumerate(table):
        rest_size = sum(float(later[:, 0].min()) for later in table[number + 1 :])
        rest_time = sum(float(later[:, 1].min()) for later in table[number + 1 :])
        sums = (states[:, None, :] + (figures * [1, latency_ms is not None, 1])[None]).reshape(-1, 3)
        fits = np.flatnonzero(
            (sums[:, 0] + rest_size <= size_bytes) & (sums[:, 1] + rest_time <= limit * (1 + 1e-12))
        )
        if fits.size == 0:
            return None
        kept = fits[_unbeaten(sums[fits])]
        if kept.size > STATES:
            exact = False
            kept = fits[_coarsely_unbeaten(sums[fits], size_bytes)]
        states = sums[kept]
        parents.append((kept // len(figures), kept % len(figures)))
    return _traced(layers, states, parents, exact)


def _figures(choices: Sequence[Choice], number: int) -> NDArray[np.float64]:
    """[choices, 3]: size, latency, loss."""
    figures = np.array([(item.size_bytes, item.latency_ms, item.loss) for item in choices], np.float64)
    if not len(choices) or not np.isfinite(figures).all() or (figures < 0).any():
        raise InputError(
            f"layer {number} has no choice, or one whose figures are no costs",
            came=list(choices),
            allowed="at least one; finite figures that are not negative",
        )
    return figures


def _unbeaten(points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows that no other row beats in all three columns; of equal rows the first stays."""
    order = np.lexsort((points[:, 2], points[:, 1], points[:, 0]))
    times: list[float] = []
    losses: list[float] = []
    kept = []
    for place in order:
        time, loss = points[place, 1], points[place, 2]
        before = bisect_right(times, time)
        if before and losses[before - 1] <= loss:
            continue
        start = bisect_left(times, time)
        end = start
        while end < len(times) and losses[end] >= loss:
            end += 1
        times[start:end], losses[start:end] = [time], [loss]
        kept.append(place)
    return np.array(kept, np.intp)


def _coarsely_unbeaten(points: NDArray[np.float64], size_bytes: int) -> NDArray[np.intp]:
    """For each of 4096 steps of size the row of least loss."""
    steps = np.ceil(points[:, 0] * (_UNITS / max(size_bytes, 1)))
    order = np.lexsort((points[:, 0], points[:, 2], steps))
    return np.asarray(order[np.unique(steps[order], return_index=True)[1]])


def _traced(
    layers: Sequence[Sequence[Choice]],
    states: NDArray[np.float64],
    parents: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
    exact: bool,
) -> Selection:
    place = int(np.lexsort((states[:, 0], states[:, 2]))[0])
    chosen: list[int] = []
    for before, choice in reversed(parents):
        chosen.append(int(choice[place]))
        place = int(before[place])
    chosen.reverse()
    taken = [choices[index] for choices, index in zip(layers, chosen, strict=True)]
    return Selection(
        tuple(chosen),
        sum(item.loss for item in taken),
        sum(item.size_bytes for item in taken),
        sum(item.latency_ms for item in taken),
        exact,
    )
