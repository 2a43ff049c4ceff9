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
from numpy.typing import ArrayLike

from fieldpack.parity.activation import Activation
from fieldpack.parity.correctness import Labels
from fieldpack.parity.pairing import Flags, Floats, Numbers
from fieldpack.parity.record import bounded_figure, exact_figure
from fieldpack.statistics.bootstrap import FEWEST_UNITS, resampled_counts
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import Evidence, Figure

RESAMPLES = 500
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
            yield from resampled_counts(len(self.items), blocks=self.blocks, resamples=RESAMPLES)

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
    sums = np.zeros((2 if thresholds is None else 3, len(counts)))
    seen = np.zeros(len(counts))
    for class_index, positive in zip(table.classes, table.positive, strict=True):
        column = _ranked(scores[table.items, class_index])
        measures = [*_ranking(column, positive, counts)]
        if thresholds is not None:
            measures.append(_f_half(column >= thresholds[class_index], positive, counts))
        there = np.isfinite(measures[1])  # a resample without a positive or a negative has no area
        seen += there
        sums += np.where(there, np.array(measures), 0.0)
    with np.errstate(invalid="ignore"):
        means: Floats = sums / seen
        return means


def _ranked(column: Numbers) -> Floats:
    """Scores of one class as float64; a broken one ranks last."""
    values = np.asarray(column, np.float64)
    return np.where(np.isnan(values), -np.inf, values)


def _ranking(column: Floats, positive: Flags, counts: Floats) -> tuple[Floats, Floats]:
    """Average precision and area of one class for every row of `counts`; NaN where it has none."""
    order = np.argsort(-column, kind="stable")
    falling = column[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    drawn = counts[:, order]
    above = np.cumsum(drawn, axis=1)[:, ends]
    hits = np.cumsum(drawn * positive[order], axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    passed = np.diff(above - hits, axis=1, prepend=0.0)
    negatives = (above - hits)[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(above > 0, hits / above, 0.0)
        found = (gained * precision).sum(axis=1) / hits[:, -1]
        right = (gained * (negatives - (above - hits) + passed / 2)).sum(axis=1)
        area = right / (hits[:, -1] * negatives[:, 0])
    return np.where(np.isfinite(area), found, np.nan), area


def _f_half(fires: Flags, positive: Flags, counts: Floats) -> Floats:
    """F0.5 of one class for every row of `counts`; 0 where nothing right fires."""
    hits = counts @ (fires & positive)
    false_alarms, misses = counts @ (fires & ~positive), counts @ (~fires & positive)
    whole = (1 + BETA_SQUARED) * hits + BETA_SQUARED * misses + false_alarms
    return np.divide((1 + BETA_SQUARED) * hits, whole, out=np.zeros(len(counts)), where=whole > 0)
