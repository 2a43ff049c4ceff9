"""Scores of outputs at every taxon: sums, largest or smallest of what lies below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.taxonomy.tree import Taxonomy

Rule = Literal["sum", "max", "min"]
Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
JOIN = {"sum": np.add, "max": np.maximum, "min": np.minimum}
_EMPTY = {"sum": 0.0, "max": -np.inf, "min": np.inf}


@dataclass(frozen=True, slots=True)
class Rows:
    """A taxonomy as arrays, T taxa in the order of the file, C outputs.

    Attributes
    ----------
    parents : ndarray
        int64 [T], row of the parent, -1 of a root.
    levels : tuple of ndarray
        Rows of equal depth, the deepest first.
    leaves : ndarray
        int64 [C], row of each taxon that an output scores, in the order of the outputs.
    """

    parents: Indices
    levels: tuple[Indices, ...]
    leaves: Indices


def rows_of(taxonomy: Taxonomy) -> Rows:
    """The arrays of a taxonomy."""
    row = {taxon.id: number for number, taxon in enumerate(taxonomy.taxa)}
    parents = np.array([-1 if taxon.parent is None else row[taxon.parent] for taxon in taxonomy.taxa])
    levels, waiting = [], np.flatnonzero(parents < 0)
    order = np.argsort(parents, kind="stable")
    starts = np.searchsorted(parents[order], np.arange(len(parents) + 1))
    while len(waiting):
        levels.append(waiting.astype(np.int64))
        children = [order[starts[parent] : starts[parent + 1]] for parent in waiting]
        waiting = np.concatenate(children) if children else waiting[:0]
    leaves = np.array([row[taxon.id] for taxon in taxonomy.leaves], np.int64)
    return Rows(parents.astype(np.int64), tuple(reversed(levels)), leaves)


def rollup(taxonomy: Taxonomy, scores: ArrayLike, rule: Rule = "sum") -> Numbers:
    """Scores at every taxon.

    Parameters
    ----------
    taxonomy : Taxonomy
        With leaves, one for each output.
    scores : array_like
        [N, C] real, in the order of the outputs; NaN counts as missing.
    rule : str
        What an ancestor gets of itself and all below: ``sum``, ``max`` or ``min``.

    Returns
    -------
    ndarray
        float64 [N, T] in the order of `taxonomy.taxa`; NaN where nothing below has a score.

    Raises
    ------
    InputError
        The scores have another shape, or the rule is unknown.
    """
    if rule not in JOIN:
        raise InputError("there is no such rule of rolling up", came=rule, allowed=", ".join(JOIN))
    return roll(rows_of(taxonomy), leaf_scores(taxonomy, scores), rule)


def roll(rows: Rows, values: Numbers, rule: Rule) -> Numbers:
    """Values [N, C] of the taxa in `rows.leaves` at every taxon, [N, T]; see :func:`rollup`."""
    known = ~np.isnan(values)
    rolled = np.full((len(rows.parents), len(values)), _EMPTY[rule])
    there = np.zeros(rolled.shape, np.bool_)
    rolled[rows.leaves] = np.where(known, values, _EMPTY[rule]).T
    there[rows.leaves] = known.T
    for level in rows.levels[:-1]:
        JOIN[rule].at(rolled, rows.parents[level], rolled[level])
        np.logical_or.at(there, rows.parents[level], there[level])
    return np.where(there, rolled, np.nan).T


def leaf_scores(taxonomy: Taxonomy, scores: ArrayLike) -> Numbers:
    """Scores [N, C] as float64, of as many columns as the taxonomy has leaves.

    Raises
    ------
    InputError
        The shape is another.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 2 or values.shape[1] != len(taxonomy.leaves):
        raise InputError(
            "the scores do not fit the taxonomy",
            came=values.shape,
            allowed=f"[N, {len(taxonomy.leaves)}], one column a leaf",
        )
    return values


def ancestors_at(taxonomy: Taxonomy, rank_level: float) -> Indices:
    """Row of each output's ancestor (or itself) at a rank level: int64 [C], -1 where it has none."""
    rows = rows_of(taxonomy)
    found = np.full(len(taxonomy.taxa), -1, np.int64)
    for level in reversed(rows.levels):
        parents = rows.parents[level]
        found[level] = np.where(parents >= 0, found[parents], -1)
        own = np.array([taxonomy.taxa[row].rank_level == rank_level for row in level])
        found[level[own]] = level[own]
    return found[rows.leaves]
