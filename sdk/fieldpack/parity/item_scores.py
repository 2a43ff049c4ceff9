"""One pass over both outputs: what happened to every item.

Rules. The top-1 is the highest score, at equal scores the lowest index (as ``argmax`` in every
runtime), and -1 when the item's scores are not finite. An item whose highest score is shared is
counted as a tie: a saturated int8 output ties often, and its top-1 is then an accident.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.parity.activation import Activation, divergence, probabilities
from fieldpack.parity.pairing import Flags, Floats, Numbers, finite_rows, row_blocks

TOP = 5

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ItemScores:
    """Arrays [N]; where a model's scores are not finite its top-1 is -1 and numbers are NaN.

    ``margin`` is the source's top-1 probability less its second (NaN with a single output),
    ``in_top5`` whether the source's top-1 is among the flavour's five highest, ``flipped_cells``
    how many outputs crossed their threshold (all of them in a broken item).
    """

    source_finite: Flags
    flavour_finite: Flags
    source_top1: Integers
    flavour_top1: Integers
    source_tied: Flags
    flavour_tied: Flags
    margin: Floats
    in_top5: Flags
    divergence: Floats
    max_abs: Floats
    mean_abs: Floats
    source_probability: Floats
    flavour_probability: Floats
    flipped_cells: Integers

    @property
    def finite(self) -> Flags:
        """Items that are finite in both models."""
        return self.source_finite & self.flavour_finite

    @property
    def agree(self) -> Flags:
        """Items with the same top-1; a broken item never agrees."""
        return np.asarray(self.finite & (self.source_top1 == self.flavour_top1))


def score_items(source: Numbers, flavour: Numbers, activation: Activation, thresholds: Floats) -> ItemScores:
    """Walk over two outputs [N, C], C at least 1; ``thresholds`` [C] matter for a sigmoid only."""
    rows, columns = source.shape
    with np.errstate(over="ignore", invalid="ignore"):
        blocks = [
            _score_block(source[part], flavour[part], activation, thresholds)
            for part in row_blocks(rows, columns)
        ]
    if not blocks:
        empty = np.zeros((0, columns))
        return _score_block(empty, empty, activation, thresholds)
    return ItemScores(
        **{name: np.concatenate([getattr(block, name) for block in blocks]) for name in ItemScores.__slots__}
    )


def rank_of(scores: Floats, column: Integers) -> Integers:
    """Place of one column in every row of [rows, C], 0 the highest, lower index first at ties."""
    mine = np.take_along_axis(scores, column[:, None], axis=1)
    before = np.arange(scores.shape[1])[None, :] < column[:, None]
    return np.asarray(((scores > mine) | ((scores == mine) & before)).sum(axis=1), dtype=np.int64)


def fired(scores: Floats, whole: Flags, thresholds: Floats) -> Flags:
    """Which outputs reach their threshold, [rows, C]; none in a broken row."""
    return np.asarray((scores >= thresholds) & whole[:, None])


def _score_block(source: Numbers, flavour: Numbers, activation: Activation, thresholds: Floats) -> ItemScores:
    first, source_whole = finite_rows(source)
    second, flavour_whole = finite_rows(flavour)
    whole = source_whole & flavour_whole
    p, q = probabilities(first, activation), probabilities(second, activation)
    top, other = first.argmax(axis=1), second.argmax(axis=1)
    gap = np.abs(first - second)
    return ItemScores(
        source_finite=source_whole,
        flavour_finite=flavour_whole,
        source_top1=np.where(source_whole, top, -1),
        flavour_top1=np.where(flavour_whole, other, -1),
        source_tied=_tied(first) & source_whole,
        flavour_tied=_tied(second) & flavour_whole,
        margin=np.where(source_whole, _margin(p), np.nan),
        in_top5=(rank_of(second, top) < TOP) & whole,
        divergence=np.where(whole, divergence(p, q, activation), np.nan),
        max_abs=np.where(whole, gap.max(axis=1), np.nan),
        mean_abs=np.where(whole, gap.mean(axis=1), np.nan),
        source_probability=np.where(source_whole, _at(p, top), np.nan),
        flavour_probability=np.where(flavour_whole, _at(q, other), np.nan),
        flipped_cells=_flipped(first, second, whole, activation, thresholds),
    )


def _tied(scores: Floats) -> Flags:
    return np.asarray((scores == scores.max(axis=1, keepdims=True)).sum(axis=1) > 1)


def _margin(probability: Floats) -> Floats:
    if probability.shape[1] < 2:
        return np.full(len(probability), np.nan)
    two = np.partition(probability, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def _at(values: Floats, column: Integers) -> Floats:
    return np.asarray(np.take_along_axis(values, column[:, None], axis=1)[:, 0])


def _flipped(
    first: Floats, second: Floats, whole: Flags, activation: Activation, thresholds: Floats
) -> Integers:
    if activation is not Activation.SIGMOID:
        return np.zeros(len(first), dtype=np.int64)
    flips = (fired(first, whole, thresholds) != fired(second, whole, thresholds)).sum(axis=1)
    return np.where(whole, flips, first.shape[1]).astype(np.int64)
