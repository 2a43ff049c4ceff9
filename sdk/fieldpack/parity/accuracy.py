"""Accuracy of both models, what the flavour lost, and the same class by class.

Drops are source less flavour, so a positive drop is a loss. Every drop is paired: it comes from
the items whose correctness changed, with Tango's bounds; where items come in blocks, or classes
weigh alike, bootstrap bounds are joined to them and the wider count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.parity.correctness import Correctness
from fieldpack.parity.false_positives import false_positive_figures
from fieldpack.parity.item_scores import TOP
from fieldpack.parity.pairing import Flags
from fieldpack.parity.record import ClassChange, bounded_figure
from fieldpack.statistics.binomial import clopper_pearson, wilson
from fieldpack.statistics.bootstrap import (
    bootstrap_macro_mean,
    bootstrap_mean,
    effective_size,
    macro_weights,
)
from fieldpack.statistics.clustering import information_share
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import Evidence, Figure


def accuracy_figures(
    right: Correctness, outputs: int, evidence: Evidence, blocks: ArrayLike | None
) -> list[Figure]:
    """Top-1, top-5, macro recall and false positives of both models, and the drops.

    Left out: top-1 of a single output, top-5 of five or fewer, false positives where nothing is
    held against a threshold.
    """
    labelled = right.labels.labelled
    groups = None if blocks is None else np.asarray(blocks)[labelled]
    figures: list[Figure] = []
    if outputs > 1:
        figures += _pair("top1", right.source_top1[labelled], right.flavour_top1[labelled], groups, evidence)
    if outputs > TOP:
        figures += _pair("top5", right.source_top5[labelled], right.flavour_top5[labelled], groups, evidence)
    figures += _macro_figures(right, blocks, evidence)
    return figures + (false_positive_figures(right, blocks, evidence) if right.by_threshold else [])


def share(hits: Flags, blocks: ArrayLike | None, confidence: float = CONFIDENCE) -> Interval:
    """Share of hits with exact bounds, joined with a bootstrap over blocks where there are any.

    With blocks the exact bounds are those of as many independent items as the blocks are worth.
    """
    count, n = int(hits.sum()), len(hits)
    if blocks is None or not n:
        return clopper_pearson(count, n, confidence)
    worth = information_share(hits if 2 * count < n else ~hits, blocks)
    exact = clopper_pearson(worth * count, worth * n, confidence)
    resampled = bootstrap_mean(hits, blocks=blocks, support=(0.0, 1.0), confidence=confidence)
    return Interval(count / n, exact.low, exact.high, n).joined(resampled)


def drop(
    source: Flags, flavour: Flags, blocks: ArrayLike | None = None, confidence: float = CONFIDENCE
) -> Interval:
    """Accuracy lost on the same items, with Tango bounds, and over blocks where there are any.

    With blocks Tango's bounds are those of as many independent items as the blocks are worth.
    """
    (losses, gains), n = loss_counts(source, flavour), len(source)
    if blocks is None or not n:
        return paired_drop(losses, gains, n, confidence)
    worth = information_share(source != flavour, blocks)
    score = paired_drop(worth * losses, worth * gains, worth * n, confidence)
    contributions = source.astype(np.float64) - flavour
    resampled = bootstrap_mean(contributions, blocks=blocks, support=(-1.0, 1.0), confidence=confidence)
    return Interval((losses - gains) / n, score.low, score.high, n).joined(resampled)


def loss_counts(source: Flags, flavour: Flags) -> tuple[int, int]:
    """Losses (right, then wrong) and gains (wrong, then right)."""
    return int((source & ~flavour).sum()), int((~source & flavour).sum())


def class_changes(right: Correctness) -> tuple[ClassChange, ...]:
    """Recall of every labelled class in both models, by class index, with bounds on the drop.

    The bounds of one class stand alone: among a thousand classes some look bad by chance. Pool
    classes into slices to judge.
    """
    classes, codes = np.unique(right.labels.class_index, return_inverse=True)
    codes = codes.reshape(-1)

    def count(flags: Flags) -> list[int]:
        return [int(number) for number in np.bincount(codes[flags], minlength=len(classes))]

    source, flavour = right.source_recalled, right.flavour_recalled
    n = count(np.ones(len(codes), dtype=np.bool_))
    source_right, flavour_right = count(source), count(flavour)
    losses, gains = count(source & ~flavour), count(~source & flavour)
    bounds = {key: paired_drop(*key) for key in set(zip(losses, gains, n, strict=True))}
    return tuple(
        ClassChange(
            index=int(classes[k]),
            n=n[k],
            source_recall=source_right[k] / n[k],
            flavour_recall=flavour_right[k] / n[k],
            losses=losses[k],
            gains=gains[k],
            low=bounds[losses[k], gains[k], n[k]].low,
            high=bounds[losses[k], gains[k], n[k]].high,
        )
        for k in range(len(classes))
    )


def _pair(
    name: str, source: Flags, flavour: Flags, blocks: ArrayLike | None, evidence: Evidence
) -> list[Figure]:
    return [
        bounded_figure(f"source_{name}", share(source, blocks), evidence),
        bounded_figure(f"flavour_{name}", share(flavour, blocks), evidence),
        bounded_figure(f"{name}_drop", drop(source, flavour, blocks), evidence),
    ]


def _macro_figures(right: Correctness, blocks: ArrayLike | None, evidence: Evidence) -> list[Figure]:
    """Macro recall over positive cells.

    Cells of one item stand or fall together, so an item with several classes is a block. Levels
    get Wilson bounds and the drop Tango bounds at the effective size of the weighted sample, which
    blocks make smaller.
    """
    labels = right.labels
    weights = macro_weights(labels.class_index)
    source, flavour = right.source_recalled, right.flavour_recalled
    size = effective_size(weights)
    if blocks is not None and size:
        size *= information_share(source != flavour, np.asarray(blocks)[labels.item])
    if not size:
        nothing = Interval(float("nan"), -1.0, 1.0, 0)
        intervals = [nothing, nothing, nothing]
    else:
        intervals = [_macro_level(source, weights, size), _macro_level(flavour, weights, size)]
        lost, gained = size * weights[source & ~flavour].sum(), size * weights[~source & flavour].sum()
        intervals.append(_macro_drop(right, blocks).joined(paired_drop(lost, gained, size)))
    names = ("source_macro_recall", "flavour_macro_recall", "macro_recall_drop")
    return [
        bounded_figure(name, interval, evidence, len(weights))
        for name, interval in zip(names, intervals, strict=True)
    ]


def _macro_level(recalled: Flags, weights: NDArray[np.float64], size: float) -> Interval:
    return wilson(min(size, size * float(weights[recalled].sum())), size)


def _macro_drop(right: Correctness, blocks: ArrayLike | None) -> Interval:
    labels = right.labels
    contributions = right.source_recalled.astype(np.float64) - right.flavour_recalled
    groups = None if blocks is None else np.asarray(blocks)[labels.item]
    if groups is None and not labels.single:
        groups = labels.item
    return bootstrap_macro_mean(contributions, labels.class_index, blocks=groups, support=(-1.0, 1.0))
