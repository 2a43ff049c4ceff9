"""How often both models fire where there is nothing, for a sigmoid with yes-or-no labels.

A flavour that fires more often gains recall and looks better; this is what it costs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.parity.correctness import Correctness, Integers
from fieldpack.parity.record import bounded_figure
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.bootstrap import bootstrap_mean
from fieldpack.statistics.clustering import information_share
from fieldpack.statistics.interval import Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import Evidence, Figure

NAMES = ("source_false_positives", "flavour_false_positives", "false_positive_rise")


def false_positive_figures(right: Correctness, blocks: ArrayLike | None, evidence: Evidence) -> list[Figure]:
    """Share of the negative cells that fire in each model, and how much it rose.

    Outputs of one item fire together, which the bootstrap over items sees; with hardly a change it
    sees nothing, so bounds over single cells are joined.
    """
    cells, items = int(right.negatives.sum()), len(right.negatives)
    if not cells:
        nothing = Interval(math.nan, -1.0, 1.0, 0)
        return [bounded_figure(name, nothing, evidence) for name in NAMES]
    intervals = (
        _level(right.source_false, cells, blocks),
        _level(right.flavour_false, cells, blocks),
        _rise(right.flavour_false - right.source_false, cells, blocks),
    )
    return [
        bounded_figure(name, interval, evidence, items)
        for name, interval in zip(NAMES, intervals, strict=True)
    ]


def _level(counts: Integers, cells: int, blocks: ArrayLike | None) -> Interval:
    resampled = bootstrap_mean(counts * (len(counts) / cells), blocks=blocks, support=(0.0, 1.0))
    worth = _worth(counts, blocks)
    return resampled.joined(clopper_pearson(worth * int(counts.sum()), worth * cells))


def _rise(counts: Integers, cells: int, blocks: ArrayLike | None) -> Interval:
    resampled = bootstrap_mean(counts * (len(counts) / cells), blocks=blocks, support=(-1.0, 1.0))
    rises, falls = int(np.maximum(counts, 0).sum()), int(np.maximum(-counts, 0).sum())
    worth = _worth(counts, blocks)
    return resampled.joined(paired_drop(worth * rises, worth * falls, worth * cells))


def _worth(counts: Integers, blocks: ArrayLike | None) -> float:
    return 1.0 if blocks is None else information_share(counts != 0, blocks)
