"""How well both models rank the items of each class, whatever the threshold: for detectors of many labels.

Average precision and the area under the ROC curve, class by class and then their mean; and F0.5 at the
thresholds of a sigmoid, which counts a false alarm twice as much as a miss. A class without a positive or
without a negative item has no ranking and is left out of the means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.parity.activation import Activation
from fieldpack.parity.correctness import Labels
from fieldpack.parity.pairing import Flags, Floats, Numbers
from fieldpack.parity.record import bounded_figure, exact_figure
from fieldpack.statistics.bootstrap import FEWEST_UNITS, resampled_counts
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import Evidence, Figure

RESAMPLES, LEAST_RESAMPLES = 500, 100
MOST_CELLS = 4e9
"""Items times classes times resamples; a larger set is resampled less often."""
FEW = 256
"""Positives of a class up to which a matrix product is the faster way."""
AT_ONCE = 512
"""Positive cells that are ranked together, a matrix of so many columns."""
BETA_SQUARED = 0.25
"""Of F0.5: precision weighs twice as much as recall."""


def ranking_figures(
    source: Numbers,
    flavour: Numbers,
    labels: Labels,
    activation: Activation,
    thresholds: Floats,
    blocks: ArrayLike | None,
    evidence: Evidence,
) -> list[Figure]:
    """Mean average precision and AUROC of both models and their drops, and F0.5 of a sigmoid.

    Left out: outputs of one number, and data in which no class has positives and negatives.

    Notes
    -----
    Average precision is the sum over the falling scores of ``(R[k] - R[k-1]) P[k]``, tied scores together;
    the area is the share of pairs in the right order, half of the ties among them (Hanley and McNeil 1982).
    Drops are bootstrapped over items, or whole groups, with the classes fixed; no bound lies nearer to the
    drop than that of as many items without a change.
    """
    table = _Table.of(labels, source.shape[1], blocks)
    if source.shape[1] == 1 or not len(table.classes):
        return []
    names, limits = ["cmap", "auroc"], None
    if activation is Activation.SIGMOID:
        names, limits = [*names, "f05"], thresholds
    drawn = [
        (_means(source, table, counts, limits), _means(flavour, table, counts, limits))
        for counts in table.resamples()
    ]
    ours = np.concatenate([row[0] for row in drawn], axis=1)
    theirs = np.concatenate([row[1] for row in drawn], axis=1)
    figures = []
    for name, first, second in zip(names, ours, theirs, strict=True):
        figures += [
            exact_figure(f"source_{name}", float(first[0]), evidence, len(table.items)),
            exact_figure(f"flavour_{name}", float(second[0]), evidence, len(table.items)),
            bounded_figure(f"{name}_drop", table.bounded(first - second), evidence),
        ]
    return figures


@dataclass(frozen=True, slots=True)
class _Table:
    """Which items are positive for which class.

    Attributes
    ----------
    items : ndarray
        Rows of the scores that have a label, or all where the labels are yes or no.
    classes : ndarray
        Those with positive and negative items.
    positive : ndarray
        bool [classes, items].
    blocks : ndarray or None
        Group of each item.
    """

    items: np.ndarray
    classes: np.ndarray
    positive: Flags
    blocks: np.ndarray | None

    @classmethod
    def of(cls, labels: Labels, outputs: int, blocks: ArrayLike | None) -> _Table:
        """From labels on so many outputs."""
        items = np.arange(labels.items) if labels.by_cell else np.flatnonzero(labels.labelled)
        place = np.full(labels.items, -1)
        place[items] = np.arange(len(items))
        counts = np.bincount(labels.class_index, minlength=outputs)
        classes = np.flatnonzero((counts > 0) & (counts < len(items)))
        row = np.full(outputs, -1)
        row[classes] = np.arange(len(classes))
        positive = np.zeros((len(classes), len(items)), dtype=np.bool_)
        kept = row[labels.class_index] >= 0
        positive[row[labels.class_index[kept]], place[labels.item[kept]]] = True
        groups = None if blocks is None else np.asarray(blocks)[items]
        return cls(items, classes, positive, groups)

    @property
    def units(self) -> int:
        """Items, or groups of them, that are drawn."""
        return len(self.items) if self.blocks is None else len(np.unique(self.blocks))

    def resamples(self) -> Iterator[Floats]:
        """How often each item counts, [rows, items]: first once each, then as drawn."""
        yield np.ones((1, len(self.items)))
        if self.units >= FEWEST_UNITS:
            within = int(MOST_CELLS / (len(self.items) * len(self.classes)))
            resamples = max(LEAST_RESAMPLES, min(RESAMPLES, within))
            yield from resampled_counts(len(self.items), blocks=self.blocks, resamples=resamples)

    def bounded(self, drops: Floats) -> Interval:
        """The drop with bounds from its resamples."""
        estimate = float(drops[0])
        if self.units < FEWEST_UNITS or not math.isfinite(estimate):
            return Interval(estimate, -1.0, 1.0, self.units)
        least = paired_drop(0, 0, self.units).high
        low, high = np.nanquantile(drops[1:], [1 - CONFIDENCE, CONFIDENCE])
        return Interval(
            estimate,
            max(-1.0, min(float(low), estimate - least)),
            min(1.0, max(float(high), estimate + least)),
            self.units,
        )


def _means(scores: Numbers, table: _Table, counts: Floats, thresholds: Floats | None) -> Floats:
    """Each measure's mean over classes for every row of `counts`, [measures, rows]."""
    columns = _ranked(scores[table.items][:, table.classes])
    drawn = counts.astype(np.float32)  # sums of these whole numbers are exact below 2 ** 24
    measures = [*_ranking(columns, table.positive, drawn)]
    if thresholds is not None:
        measures.append(_f_half(columns >= thresholds[table.classes], table.positive.T, drawn))
    there = np.isfinite(measures[1])  # a resample without a positive or a negative has no area
    with np.errstate(invalid="ignore"):
        means = [np.where(there, found, 0.0).sum(axis=1) / there.sum(axis=1) for found in measures]
    return np.stack(means)


def _ranked(columns: Numbers) -> Floats:
    """Scores as float64; a broken one ranks last."""
    values = np.asarray(columns, np.float64)
    return np.where(np.isnan(values), -np.inf, values)


def _ranking(columns: Floats, positive: Flags, counts: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Average precision and area of each class for every row of `counts`, [rows, classes]; NaN without any.

    Two ways to the same numbers: a matrix product where a class has few positives, its sorted scores where
    it has many.

    Parameters
    ----------
    columns : ndarray
        Scores [items, classes].
    positive : ndarray
        bool [classes, items].
    counts : ndarray
        How often each item counts, [rows, items].
    """
    shape = len(counts), columns.shape[1]
    precisions, pairs = np.zeros(shape), np.zeros(shape)
    hits = np.asarray(counts @ positive.T, np.float64)
    negatives = counts.sum(axis=1, dtype=np.float64)[:, None] - hits
    many = positive.sum(axis=1) > FEW
    for index in np.flatnonzero(many):
        precisions[:, index], pairs[:, index] = _of_sorted(columns[:, index], positive[index], counts)
    owner, item = np.nonzero(positive & ~many[:, None])
    for first in range(0, len(item), AT_ONCE):
        of, own = owner[first : first + AT_ONCE], item[first : first + AT_ONCE]
        starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        drawn, level = counts[:, own].astype(np.float64), columns[own, of]
        reached, hit = _passing(columns[:, of] >= level, positive[of].T, counts)
        above, hit_above = _passing(columns[:, of] > level, positive[of].T, counts)
        lost = (reached - hit + above - hit_above) / 2  # negatives ahead, half of the tied ones
        with np.errstate(invalid="ignore", divide="ignore"):
            precise = np.where(drawn > 0, hit / reached, 0.0)
        precisions[:, of[starts]] += np.add.reduceat(drawn * precise, starts, axis=1)
        pairs[:, of[starts]] += np.add.reduceat(drawn * (negatives[:, of] - lost), starts, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = pairs / (hits * negatives)
        found = np.where(np.isfinite(area), precisions / hits, np.nan)
    return found, area


def _of_sorted(column: Floats, positive: Flags, counts: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Precisions at the positives, summed, and pairs in the right order, of one class by row of `counts`."""
    order = np.argsort(-column, kind="stable")
    falling = column[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    drawn = counts[:, order].astype(np.float64)
    above = np.cumsum(drawn, axis=1)[:, ends]
    hits = np.cumsum(drawn * positive[order], axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    passed = np.diff(above - hits, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(above > 0, hits / above, 0.0)
    left = (above - hits)[:, -1:] - (above - hits) + passed / 2
    return (gained * precision).sum(axis=1), (gained * left).sum(axis=1)


def _passing(passes: Flags, positive: Flags, counts: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """How many items, and how many positive ones, pass each cell's level, [rows, cells]."""
    return (
        np.asarray(counts @ passes.astype(np.float32), np.float64),
        np.asarray(counts @ (passes & positive).astype(np.float32), np.float64),
    )


def _f_half(fires: Flags, positive: Flags, counts: NDArray[np.float32]) -> Floats:
    """F0.5 of each class for every row of `counts`, [rows, classes]; 0 where nothing right fires."""
    hits, false_alarms, misses = (
        np.asarray(counts @ cells.astype(np.float32), np.float64)
        for cells in (fires & positive, fires & ~positive, ~fires & positive)
    )
    whole = (1 + BETA_SQUARED) * hits + BETA_SQUARED * misses + false_alarms
    return np.divide((1 + BETA_SQUARED) * hits, whole, out=np.zeros(whole.shape), where=whole > 0)
