"""What compression does to range maps: where each label is expected, by the source and by a flavour.

A label is expected at a place whose score reaches its threshold; source and flavour each have their own. The
items are places, best cells of one area, so that their number is an area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.parity.pairing import Flags, Floats, Numbers
from fieldpack.parity.record import bounded_figure, exact_figure
from fieldpack.statistics.bootstrap import FEWEST_UNITS, resampled_counts
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.verdict import Evidence, Figure

RESAMPLES, LEAST_RESAMPLES = 400, 50
MOST_CELLS = 4e9
"""Places times labels times resamples; a larger set is resampled less often."""
SMALLEST = 0.2
"""Share of the labels, those of the smallest maps, that are told apart."""
LOW, HIGH = 5.0, 95.0
"""Percentiles over labels: the worst twentieth."""
MOST_LISTED = 20

Counts = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RangeChange:
    """One label's map: places, overlap with the source's, and F1 of both where the truth is known."""

    index: int
    source_places: int
    flavour_places: int
    iou: float
    source_f1: float | None
    flavour_f1: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Maps:
    """Maps of both models, bool [N, C], and which labels are really present, or None."""

    source: Flags
    flavour: Flags
    presence: Flags | None

    @classmethod
    def of(
        cls,
        source: Numbers,
        flavour: Numbers,
        thresholds: tuple[ArrayLike, ArrayLike],
        presence: Flags | None,
    ) -> Maps:
        """From scores [N, C] and the thresholds of both; a broken score reaches none."""
        first, second = (np.asarray(each, np.float64) for each in thresholds)
        return cls(source >= first, flavour >= second, presence)


def range_figures(maps: Maps, blocks: ArrayLike | None, evidence: Evidence) -> list[Figure]:
    """Overlap of the maps with the source's, F1 of both, and how often "expected here" flips.

    Bounds are bootstrapped over places, or whole groups of them, with the labels fixed. A label that neither
    model expects anywhere has no overlap. The smallest fifth are the labels of the smallest source maps.
    ``nearby_flips`` is the share of observed presences where the two disagree; without a truth, of the places
    that either model names.

    Returns
    -------
    list of Figure
        ``range_iou``, ``range_iou_p5``, ``range_iou_smallest``, ``nearby_flips``, and with a truth
        ``source_range_f1``, ``flavour_range_f1``, ``range_f1_drop``, ``range_f1_drop_p95``.
    """
    places, labels = maps.source.shape
    units = places if blocks is None else len(np.unique(np.asarray(blocks)))
    drawn = [_measures(maps, np.ones((1, places), np.float32))]
    if units >= FEWEST_UNITS:
        within = int(MOST_CELLS / max(places * labels, 1))
        resamples = max(LEAST_RESAMPLES, min(RESAMPLES, within))
        for counts in resampled_counts(places, blocks=blocks, resamples=resamples):
            drawn.append(_measures(maps, counts.astype(np.float32)))
    joined = {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
    return [_figure(name, values, units, evidence) for name, values in joined.items()]


def _figure(name: str, values: Floats, units: int, evidence: Evidence) -> Figure:
    estimate = float(values[0])
    if name in ("source_range_f1", "flavour_range_f1"):
        return exact_figure(name, estimate, evidence, units)
    worst, best = (-1.0, 1.0) if "drop" in name else (0.0, 1.0)
    if not np.isfinite(estimate):
        return bounded_figure(name, Interval(estimate, worst, best, 0), evidence)
    if len(values) == 1:
        return bounded_figure(name, Interval(estimate, worst, best, units), evidence)
    low, high = np.nanquantile(values[1:], [1 - CONFIDENCE, CONFIDENCE])
    return bounded_figure(name, Interval(estimate, min(low, estimate), max(high, estimate), units), evidence)


def _measures(maps: Maps, counts: Counts) -> dict[str, Floats]:
    """Every figure for each row of counts [R, N]."""
    sizes = _sum(maps.source, counts)
    either = _sum(maps.source | maps.flavour, counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        overlap = np.where(either > 0, _sum(maps.source & maps.flavour, counts) / either, np.nan)
    flips = maps.source != maps.flavour
    about = maps.presence if maps.presence is not None else maps.source | maps.flavour
    with np.errstate(invalid="ignore", divide="ignore"):
        flipped = _sum(flips & about, counts).sum(axis=1) / _sum(about, counts).sum(axis=1)
    found = {
        "range_iou": _mean(overlap),
        "range_iou_p5": _percentile(overlap, LOW),
        "range_iou_smallest": _mean(np.where(_smallest(sizes[:1], overlap[:1]), overlap, np.nan)),
        "nearby_flips": flipped,
    }
    return found if maps.presence is None else found | _f1_figures(maps, maps.presence, counts)


def _f1_figures(maps: Maps, presence: Flags, counts: Counts) -> dict[str, Floats]:
    present = _sum(presence, counts)
    first, second = (
        _f1(_sum(chosen & presence, counts), _sum(chosen, counts), present)
        for chosen in (maps.source, maps.flavour)
    )
    return {
        "source_range_f1": _mean(first),
        "flavour_range_f1": _mean(second),
        "range_f1_drop": _mean(first - second),
        "range_f1_drop_p95": _percentile(first - second, HIGH),
    }


def _f1(hits: Floats, taken: Floats, present: Floats) -> Floats:
    """F1 of each label; NaN where it is present nowhere."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(present > 0, 2 * hits / (taken + present), np.nan)


def _sum(cells: Flags, counts: Counts) -> Floats:
    """How many drawn places each label has, [R, C]; sums of these whole numbers are exact in float32."""
    return np.asarray(counts @ cells.astype(np.float32), np.float64)


def _smallest(sizes: Floats, overlap: Floats) -> Flags:
    """The labels whose source map is small but there, [1, C]."""
    there = np.flatnonzero((sizes[0] > 0) & np.isfinite(overlap[0]))
    chosen = there[np.argsort(sizes[0][there], kind="stable")][: max(1, round(SMALLEST * len(there)))]
    marked = np.zeros((1, sizes.shape[1]), np.bool_)
    marked[0, chosen] = True
    return marked


def _mean(values: Floats) -> Floats:
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1))


def _percentile(values: Floats, percent: float) -> Floats:
    return np.array(
        [
            np.percentile(row[np.isfinite(row)], percent) if np.isfinite(row).any() else np.nan
            for row in values
        ]
    )


def worst_ranges(maps: Maps) -> list[RangeChange]:
    """The labels whose maps differ most from the source's, the least overlap first."""
    ones = np.ones((1, len(maps.source)), np.float32)
    sizes, others = _sum(maps.source, ones)[0], _sum(maps.flavour, ones)[0]
    either, both = _sum(maps.source | maps.flavour, ones)[0], _sum(maps.source & maps.flavour, ones)[0]
    overlap = np.divide(both, either, out=np.full(len(either), np.inf), where=either > 0)
    order = [int(index) for index in np.argsort(overlap, kind="stable")[:MOST_LISTED] if either[index] > 0]
    truth = maps.presence
    f1: list[Floats] = []
    if truth is not None:
        present = _sum(truth, ones)[0]
        for chosen, taken in ((maps.source, sizes), (maps.flavour, others)):
            f1.append(_f1(_sum(chosen & truth, ones)[0], taken, present))

    def known(which: int, index: int) -> float | None:
        return float(f1[which][index]) if f1 and np.isfinite(f1[which][index]) else None

    return [
        RangeChange(
            index,
            int(sizes[index]),
            int(others[index]),
            float(overlap[index]),
            known(0, index),
            known(1, index),
        )
        for index in order
    ]
