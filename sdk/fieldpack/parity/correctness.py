"""From labels to "which item did which model get right".

Two kinds of labels. A class number for each item, [N] integers: a negative number means that the
item has no label, a number beyond the outputs that the model does not know the class; both are
left out and counted. Or a yes-or-no for each item and class, [N, C]: an item without any yes
has no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.parity.activation import Activation
from fieldpack.parity.item_scores import TOP, ItemScores, fired, rank_of
from fieldpack.parity.pairing import Flags, Floats, Numbers, finite_rows, row_blocks

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labels:
    """Positive cells of the labels, by item: ``item`` and ``class_index``, both [P]."""

    item: Integers
    class_index: Integers
    items: int
    unknown: int
    """Items whose class is beyond the outputs."""
    by_cell: bool
    """Whether the labels came as a yes-or-no for each item and class."""

    @property
    def labelled(self) -> Flags:
        """Items with at least one usable label, [N]."""
        flags = np.zeros(self.items, dtype=np.bool_)
        flags[self.item] = True
        return flags

    @property
    def single(self) -> bool:
        """Whether no item has more than one class."""
        return len(np.unique(self.item)) == len(self.item)


@dataclass(frozen=True, slots=True)
class Correctness:
    """Who was right, [N] for items (meaningful where labelled) and [P] for positive cells.

    ``negatives`` and the false positives are counts of cells, [N]; zero unless ``by_threshold``,
    that is unless a sigmoid was held against yes-or-no labels.
    """

    labels: Labels
    source_top1: Flags
    flavour_top1: Flags
    source_top5: Flags
    flavour_top5: Flags
    source_recalled: Flags
    flavour_recalled: Flags
    by_threshold: bool
    negatives: Integers
    source_false: Integers
    flavour_false: Integers


def read_labels(labels: ArrayLike, items: int, outputs: int) -> Labels:
    """Check labels against outputs [items, outputs].

    Raises
    ------
    InputError
        When their shape or type fits neither kind.
    """
    array = np.asarray(labels)
    if array.shape == (items,) and (array.dtype.kind in "iu" or not items):
        usable = (array >= 0) & (array < outputs)
        item = np.flatnonzero(usable)
        return Labels(item, array[item].astype(np.int64), items, int((array >= outputs).sum()), False)
    if array.shape == (items, outputs) and (array.dtype.kind == "b" or _zeros_and_ones(array)):
        item, class_index = np.nonzero(array)
        return Labels(item, class_index, items, 0, True)
    raise InputError(
        "labels do not fit the outputs",
        came=f"{array.dtype} {array.shape}",
        allowed=f"integers ({items},), or true and false ({items}, {outputs})",
    )


def correctness(
    source: Numbers,
    flavour: Numbers,
    scores: ItemScores,
    labels: Labels,
    activation: Activation,
    thresholds: Floats,
) -> Correctness:
    """Hold both outputs [N, C] against the labels.

    A positive cell is recalled when it is the top-1, or with a sigmoid and yes-or-no labels,
    when its output reaches the threshold. A broken item is never right.
    """
    by_threshold = labels.by_cell and activation is Activation.SIGMOID
    source_cells = _cells(source, scores.source_top1, labels, thresholds if by_threshold else None)
    flavour_cells = _cells(flavour, scores.flavour_top1, labels, thresholds if by_threshold else None)
    return Correctness(
        labels,
        _any_cell(scores.source_top1[labels.item] == labels.class_index, labels),
        _any_cell(scores.flavour_top1[labels.item] == labels.class_index, labels),
        _any_cell(source_cells.in_top5, labels),
        _any_cell(flavour_cells.in_top5, labels),
        source_cells.recalled,
        flavour_cells.recalled,
        by_threshold,
        _negatives(labels, source.shape[1], by_threshold),
        _false_positives(source, source_cells.recalled, labels, thresholds, by_threshold),
        _false_positives(flavour, flavour_cells.recalled, labels, thresholds, by_threshold),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    in_top5: Flags
    recalled: Flags


def _cells(outputs: Numbers, top1: Integers, labels: Labels, thresholds: Floats | None) -> _Cells:
    """Rank and recall of every positive cell, [P]; cells lie sorted by item."""
    in_top5 = np.zeros(len(labels.item), dtype=np.bool_)
    recalled = top1[labels.item] == labels.class_index
    for part in row_blocks(len(labels.item), outputs.shape[1]):
        values, whole = finite_rows(outputs[labels.item[part]])
        column = labels.class_index[part]
        in_top5[part] = (rank_of(values, column) < TOP) & whole
        if thresholds is not None:
            hits = fired(values, whole, thresholds)
            recalled[part] = np.take_along_axis(hits, column[:, None], axis=1)[:, 0]
    return _Cells(in_top5, recalled)


def _negatives(labels: Labels, outputs: int, by_threshold: bool) -> Integers:
    positives = np.bincount(labels.item, minlength=labels.items)
    return outputs - positives if by_threshold else np.zeros(labels.items, dtype=np.int64)


def _false_positives(
    outputs: Numbers, recalled: Flags, labels: Labels, thresholds: Floats, by_threshold: bool
) -> Integers:
    """Outputs of each item that fire without being positive, [N]."""
    counts = np.zeros(labels.items, dtype=np.int64)
    if not by_threshold:
        return counts
    for part in row_blocks(labels.items, outputs.shape[1]):
        counts[part] = fired(*finite_rows(outputs[part]), thresholds).sum(axis=1)
    return counts - np.bincount(labels.item[recalled], minlength=labels.items)


def _any_cell(hits: Flags, labels: Labels) -> Flags:
    """Whether any positive cell of an item is a hit, [N]."""
    flags = np.zeros(labels.items, dtype=np.bool_)
    np.logical_or.at(flags, labels.item, hits)
    return flags


def _zeros_and_ones(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "iu" and bool(np.isin(array, (0, 1)).all())
