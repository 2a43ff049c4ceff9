"""Accuracy within slices of the data, and the worst of them.

Damage gathers in rare and hard items while the average stands (Hooker et al. 2019,
arXiv:1911.05248), so the worst slice has a figure of its own. Slices with fewer than 30 items are
pooled first: alone they could neither prove nor excuse anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.parity.accuracy import drop, loss_counts, share
from fieldpack.parity.correctness import Correctness
from fieldpack.parity.pairing import Flags
from fieldpack.parity.record import SliceChange, bounded_figure
from fieldpack.statistics.interval import CONFIDENCE, Interval
from fieldpack.verdict import Evidence, Figure

SMALLEST_SLICE = 30
POOL = "(small slices)"
RARITY, RARITIES = "(rarity of the class)", 5


@dataclass(frozen=True, slots=True)
class Pool:
    """Some items under one name; ``members`` is [N]."""

    slice_name: str
    value: str
    members: Flags


def read_slices(slices: Mapping[str, ArrayLike] | None, items: int) -> dict[str, NDArray[np.str_]]:
    """Check that every slice names a value for every item; values become text.

    Raises
    ------
    InputError
        When the length of one differs.
    """
    read = {}
    for name, values in (slices or {}).items():
        array = np.asarray(values)
        if array.shape != (items,):
            raise InputError(
                f"slice {name} must have one value for every item", came=array.shape, allowed=f"({items},)"
            )
        read[name] = array.astype(np.str_)
    return read


def slice_changes(
    slices: Mapping[str, NDArray[np.str_]], agree: Flags, right: Correctness | None
) -> dict[str, dict[str, SliceChange]]:
    """Agreement and accuracy of every value of every slice, unpooled."""
    return {
        name: {str(value): _change(values == value, agree, right) for value in np.unique(values)}
        for name, values in sorted(slices.items())
    }


def worst_slice(
    slices: Mapping[str, NDArray[np.str_]],
    agree: Flags,
    right: Correctness | None,
    evidence: Evidence,
    blocks: ArrayLike | None = None,
) -> tuple[list[Figure], tuple[str, str] | None]:
    """Figures of the worst pooled slice, and the name and value of the one that decides.

    The upper bound of a drop is the highest of all pools: the limit is kept only if every pool
    keeps it, which needs no correction. Its lower bound is taken at a risk of ``0.05 / pools``,
    since the worst of many looks bad by chance. Agreement is the mirror image.
    """
    rarity = [] if right is None else worst_pooled(slices, right, evidence, blocks)
    pools = _all_pools(slices, np.ones(len(agree), dtype=np.bool_))
    if not pools:
        return rarity, None

    def differing(k: int, confidence: float) -> Interval:
        members = pools[k].members
        return share(~agree[members], _groups(blocks, members), confidence)

    worst, interval = _highest(differing, len(pools))
    mirrored = Interval(1 - interval.estimate, 1 - interval.high, 1 - interval.low, interval.n)
    figures = [bounded_figure("worst_slice_agreement", mirrored, evidence)]
    if right is None:
        return figures, (pools[worst].slice_name, pools[worst].value)
    pools = _all_pools(slices, right.labels.labelled)
    if not pools:
        return figures + rarity, None
    worst, interval = _highest(_drops(pools, right, blocks), len(pools))
    figures.append(bounded_figure("worst_slice_drop", interval, evidence))
    return figures + rarity, (pools[worst].slice_name, pools[worst].value)


def worst_pooled(
    slices: Mapping[str, NDArray[np.str_]],
    right: Correctness,
    evidence: Evidence,
    blocks: ArrayLike | None = None,
) -> list[Figure]:
    """The worst drop of any pool: those of the slices, and five of classes by how rare they are.

    A rare class can prove nothing alone (five losses without a gain, before any correction); with its
    like it can. Bounds as of :func:`worst_slice`. Left out where items have several classes.
    """
    if not right.labels.single:
        return []
    labelled = right.labels.labelled
    pools = _all_pools(slices, labelled) + _rarity_pools(right)
    if not pools:
        return []
    _, interval = _highest(_drops(pools, right, blocks), len(pools))
    return [bounded_figure("worst_pooled_slice_drop", interval, evidence)]


def _highest(measure: Callable[[int, float], Interval], pools: int) -> tuple[int, Interval]:
    """The pool with the highest estimate, and bounds for the highest of all."""
    plain = [measure(k, CONFIDENCE) for k in range(pools)]
    cautious = [measure(k, 1 - (1 - CONFIDENCE) / pools) for k in range(pools)]
    worst = max(range(pools), key=lambda k: plain[k].estimate)
    low, high = max(interval.low for interval in cautious), max(interval.high for interval in plain)
    return worst, Interval(plain[worst].estimate, min(low, plain[worst].estimate), high, plain[worst].n)


def _all_pools(slices: Mapping[str, NDArray[np.str_]], considered: Flags) -> list[Pool]:
    return [pool for name, values in sorted(slices.items()) for pool in _pools(name, values, considered)]


def _pools(name: str, values: NDArray[np.str_], considered: Flags) -> list[Pool]:
    """Values with at least 30 considered items, and one pool of the rest.

    A rest below 30 takes in the smallest of the large values until it is large enough.
    """
    found, counts = np.unique(values[considered], return_counts=True)
    order = np.argsort(counts, kind="stable")
    sizes = counts[order]
    pooled = int((sizes < SMALLEST_SLICE).sum())
    while 0 < pooled < len(sizes) and sizes[:pooled].sum() < SMALLEST_SLICE:
        pooled += 1
    pools = [Pool(name, str(found[k]), (values == found[k]) & considered) for k in sorted(order[pooled:])]
    if pooled == 1:
        pools.append(Pool(name, str(found[order[0]]), (values == found[order[0]]) & considered))
    elif pooled:
        pools.append(Pool(name, POOL, np.isin(values, found[order[:pooled]]) & considered))
    return pools


def _drops(
    pools: Sequence[Pool], right: Correctness, blocks: ArrayLike | None
) -> Callable[[int, float], Interval]:
    def measure(k: int, confidence: float) -> Interval:
        members = pools[k].members
        groups = _groups(blocks, members)
        return drop(right.source_top1[members], right.flavour_top1[members], groups, confidence)

    return measure


def _groups(blocks: ArrayLike | None, members: Flags) -> NDArray[Any] | None:
    return None if blocks is None else np.asarray(blocks)[members]


def _rarity_pools(right: Correctness) -> list[Pool]:
    """Classes in five parts by their number of items; parts below 30 items join the next more frequent.

    Classes with equally many items stay together, so that no order of labels decides.
    """
    labels = right.labels
    found, codes, counts = np.unique(labels.class_index, return_inverse=True, return_counts=True)
    if not len(found):
        return []
    fifth = RARITIES * np.searchsorted(np.sort(counts), counts) // len(found)
    part = np.full(labels.items, -1)
    part[labels.item] = fifth[codes.reshape(-1)]
    pools: list[Pool] = []
    waiting = np.zeros(labels.items, dtype=np.bool_)
    for number in np.unique(fifth):
        waiting = waiting | (part == number)
        if waiting.sum() >= SMALLEST_SLICE:
            pools.append(Pool(RARITY, f"up to fifth {number + 1}", waiting))
            waiting = np.zeros(labels.items, dtype=np.bool_)
    if waiting.any():
        last = pools.pop().members if pools else waiting
        pools.append(Pool(RARITY, f"up to fifth {RARITIES}", last | waiting))
    return pools


def _change(members: Flags, agree: Flags, right: Correctness | None) -> SliceChange:
    items, agreement = int(members.sum()), float(agree[members].mean())
    labelled = members & right.labels.labelled if right is not None else None
    if right is None or labelled is None or not labelled.any():
        return SliceChange(items, agreement, 0, None, None, 0, 0, None, None, None)
    source, flavour = right.source_top1[labelled], right.flavour_top1[labelled]
    losses, gains = loss_counts(source, flavour)
    interval = drop(source, flavour)
    return SliceChange(
        items=items,
        agreement=agreement,
        n=interval.n,
        source_top1=float(source.mean()),
        flavour_top1=float(flavour.mean()),
        losses=losses,
        gains=gains,
        drop=interval.estimate,
        low=interval.low,
        high=interval.high,
    )
