"""Hold the estimates of both models against the truth: errors, coverage, and what the flavour changed.

Everything is a function of sums over tiles, so that RMSE, R2 and ratios have block bootstrap bounds, paired
over source and flavour. Pixels without a truth count nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.parity.record import Parity, bounded_figure
from fieldpack.statistics.resampled_sums import Floats, ResampledSums
from fieldpack.verdict import Evidence, Figure


@dataclass(frozen=True, slots=True)
class Range:
    """One prediction interval of one model.

    Attributes
    ----------
    coverage : float
        As promised.
    low, high : ndarray
        [N, ...].
    """

    coverage: float
    low: NDArray[Any]
    high: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Estimates:
    """What one model says of a quantity on the same examples.

    Attributes
    ----------
    point : ndarray or None
        Mean or median, [N, ...]; None where the model gives neither.
    ranges : sequence of Range
        Its intervals.
    """

    point: NDArray[Any] | None
    ranges: Sequence[Range]


def compare_estimates(
    source: Estimates,
    flavour: Estimates,
    truth: NDArray[Any],
    *,
    bins: Sequence[float] = (),
    blocks: ArrayLike | None = None,
    evidence: Evidence = Evidence.HOST,
) -> Parity:
    """Compare two models with the truth.

    Parameters
    ----------
    source, flavour : Estimates
        Both models, each with its own intervals, [N, ...].
    truth : ndarray
        [N, ...] in the unit of the quantity, NaN where not known.
    bins : sequence of float
        Inner ends of bins of the truth, for the bias by bin; none where empty.
    blocks : array_like [N], optional
        Group of items that are not independent.
    evidence : Evidence
        How the flavour was run.

    Returns
    -------
    Parity
        With a point: RMSE, MAE, bias and R2 of both and the change of each, the change of the bias in the
        worst bin, error and change of totals. With intervals: coverage (PICP) and mean width (MPIW) of the
        first one of both, the change of each in the worst interval, and the largest distance of a coverage of
        the flavour from its promise.

    Raises
    ------
    InputError
        Shapes differ, or no truth is known.
    """
    items = len(truth)
    known = np.isfinite(truth.reshape(items, -1))
    if not known.any():
        raise InputError("no true value is known, so nothing can be held against it", came=truth.shape)
    table = _Table(truth.reshape(items, -1).astype(np.float64), known)
    finite = True
    figures: list[Callable[[ResampledSums], list[Figure]]] = []
    if source.point is not None and flavour.point is not None:
        figures.append(_point_figures(table, source.point, flavour.point, bins, evidence))
        finite &= bool(np.isfinite(flavour.point).all())
    if source.ranges:
        figures.append(_range_figures(table, source.ranges, flavour.ranges, evidence))
        finite &= all(
            bool(np.isfinite(part).all()) for item in flavour.ranges for part in (item.low, item.high)
        )
    sums = ResampledSums(table.matrix(), blocks)
    found = tuple(figure for make in figures for figure in make(sums))
    counts = {"known": int(known.sum()), **({} if blocks is None else {"blocks": sums.units})}
    return Parity(items, 1, finite, found, counts)


class _Table:
    """Columns of contributions, one row an item."""

    def __init__(self, truth: Floats, known: NDArray[np.bool_]) -> None:
        self.truth, self.known = truth, known
        self._columns: list[Floats] = []
        self.count = self.add(np.ones_like(truth))
        self.total = self.add(truth)
        self.square = self.add(np.square(truth))

    def add(self, values: NDArray[Any]) -> int:
        """Sum over the known pixels of each item; the place of the column."""
        self._columns.append(np.where(self.known, values, 0).sum(axis=1, dtype=np.float64))
        return len(self._columns) - 1

    def flat(self, values: NDArray[Any]) -> Floats:
        """[N, pixels] of what a model gave.

        Raises
        ------
        InputError
            It has another shape than the truth.
        """
        rows = values.reshape(len(values), -1)
        if rows.shape != self.truth.shape:
            raise InputError(
                "the truth has another shape than the model's answers",
                came=list(self.truth.shape),
                allowed=str(list(rows.shape)),
                hint="give the truth at the resolution of the outputs",
            )
        return np.asarray(rows, np.float64)

    def matrix(self) -> Floats:
        """[N, K]."""
        return np.stack(self._columns, axis=1)


@dataclass(frozen=True, slots=True)
class _Errors:
    """Columns of one model's errors."""

    signed: int
    absolute: int
    square: int
    answer: int
    binned: tuple[int, ...]


def _point_figures(
    table: _Table, source: NDArray[Any], flavour: NDArray[Any], bins: Sequence[float], evidence: Evidence
) -> Callable[[ResampledSums], list[Figure]]:
    place = np.digitize(np.nan_to_num(table.truth), np.asarray(bins, np.float64))
    inside = [place == number for number in range(len(bins) + 1)] if bins else []
    sizes = [table.add(part) for part in inside]
    first, second = (_errors(table, table.flat(values), inside) for values in (source, flavour))

    def mean(column: int) -> Callable[[Floats], Floats]:
        return lambda sums: sums[..., column] / sums[..., table.count]

    def rmse(errors: _Errors) -> Callable[[Floats], Floats]:
        return lambda sums: np.sqrt(mean(errors.square)(sums))

    def r2(errors: _Errors) -> Callable[[Floats], Floats]:
        def figure(sums: Floats) -> Floats:
            spread = sums[..., table.square] - sums[..., table.total] ** 2 / sums[..., table.count]
            return np.asarray(1 - sums[..., errors.square] / spread)

        return figure

    def worst_bin(sums: Floats) -> Floats:
        changes = []
        for size, one, other in zip(sizes, first.binned, second.binned, strict=True):
            held = sums[..., size] > 0
            gap = np.abs(sums[..., other] - sums[..., one]) / np.where(held, sums[..., size], 1)
            changes.append(np.where(held, gap, 0))
        return np.asarray(np.max(changes, axis=0))

    def total_error(errors: _Errors) -> Callable[[Floats], Floats]:
        return lambda sums: sums[..., errors.answer] / sums[..., table.total] - 1

    def made(sums: ResampledSums) -> list[Figure]:
        def figure(name: str, function: Callable[[Floats], Floats], *, magnitude: bool = False) -> Figure:
            return bounded_figure(name, sums.interval(function, magnitude=magnitude), evidence)

        found = []
        for name, level, relative in (
            ("rmse", rmse, True),
            ("mae", lambda errors: mean(errors.absolute), True),
            ("bias", lambda errors: mean(errors.signed), False),
            ("r2", r2, False),
            ("total_error", total_error, False),
        ):
            one, other = level(first), level(second)
            found += [figure(f"source_{name}", one), figure(f"flavour_{name}", other)]
            if relative:
                found.append(figure(f"{name}_rise", _ratio(one, other)))
            elif name == "bias":
                found.append(figure("bias_change", _difference(one, other), magnitude=True))
            elif name == "r2":
                found.append(figure("r2_drop", _difference(other, one)))
        change = _ratio(lambda all_: all_[..., first.answer], lambda all_: all_[..., second.answer])
        found.append(figure("total_change", change, magnitude=True))
        if bins:
            found.append(figure("worst_bin_bias_change", worst_bin))
        return found

    return made


def _errors(table: _Table, answer: Floats, inside: Sequence[NDArray[np.bool_]]) -> _Errors:
    gap = np.where(table.known, answer - np.where(table.known, table.truth, 0), 0)
    return _Errors(
        signed=table.add(gap),
        absolute=table.add(np.abs(gap)),
        square=table.add(np.square(gap)),
        answer=table.add(answer),
        binned=tuple(table.add(np.where(part, gap, 0)) for part in inside),
    )


def _range_figures(
    table: _Table, source: Sequence[Range], flavour: Sequence[Range], evidence: Evidence
) -> Callable[[ResampledSums], list[Figure]]:
    columns = [tuple(_held(table, part) for part in pair) for pair in zip(source, flavour, strict=True)]

    def share(column: int) -> Callable[[Floats], Floats]:
        return lambda sums: sums[..., column] / sums[..., table.count]

    def made(sums: ResampledSums) -> list[Figure]:
        def figure(name: str, function: Callable[[Floats], Floats], *, magnitude: bool = False) -> Figure:
            return bounded_figure(name, sums.interval(function, magnitude=magnitude), evidence)

        (first, second), *_ = columns
        found = [
            figure("source_coverage", share(first[0])),
            figure("flavour_coverage", share(second[0])),
            figure("source_width", share(first[1])),
            figure("flavour_width", share(second[1])),
        ]
        changes, rises, gaps = [], [], []
        for (one, other), stated in zip(columns, flavour, strict=True):
            changes.append(
                figure("coverage_change", _difference(share(one[0]), share(other[0])), magnitude=True)
            )
            rises.append(figure("width_rise", _ratio(share(one[1]), share(other[1]))))
            promised = _less(share(other[0]), stated.coverage)
            gaps.append(figure("coverage_gap", promised, magnitude=True))
        return [*found, *(max(several, key=_badness) for several in (changes, rises, gaps))]

    return made


def _held(table: _Table, stated: Range) -> tuple[int, int]:
    """Columns of the truths inside, and of the width."""
    low, high = table.flat(stated.low), table.flat(stated.high)
    with np.errstate(invalid="ignore"):
        inside = (low <= table.truth) & (table.truth <= high)
    return table.add(inside), table.add(high - low)


def _ratio(one: Callable[[Floats], Floats], other: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """Rise of `other` over `one`, as a share of `one`."""
    return lambda sums: other(sums) / one(sums) - 1


def _difference(
    one: Callable[[Floats], Floats], other: Callable[[Floats], Floats]
) -> Callable[[Floats], Floats]:
    return lambda sums: other(sums) - one(sums)


def _less(one: Callable[[Floats], Floats], number: float) -> Callable[[Floats], Floats]:
    return lambda sums: one(sums) - number


def _badness(figure: Figure) -> float:
    """A broken figure is the worst."""
    value = figure.value
    return np.inf if value is None or not np.isfinite(value) else value
