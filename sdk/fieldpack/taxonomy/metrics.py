"""How right a model is at each rank: a wrong species of the right genus is half an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.taxonomy.rollup import ancestors_at, leaf_scores
from fieldpack.taxonomy.taxon import MAJOR_RANKS
from fieldpack.taxonomy.tree import Taxonomy


@dataclass(frozen=True, slots=True)
class RankAccuracy:
    """Share of items whose best output lies in the right taxon of one rank.

    Attributes
    ----------
    rank, rank_level
        Which rank.
    n : int
        Items whose label has an ancestor of that rank.
    accuracy : float
        0 to 1.
    """

    rank: str
    rank_level: float
    n: int
    accuracy: float

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"rank": self.rank, "rank_level": self.rank_level, "n": self.n, "accuracy": self.accuracy}


def accuracy_by_rank(taxonomy: Taxonomy, scores: ArrayLike, labels: ArrayLike) -> tuple[RankAccuracy, ...]:
    """Top-1 accuracy at species, genus, family, order, class, phylum and kingdom.

    Parameters
    ----------
    taxonomy : Taxonomy
        With leaves and ranks.
    scores : array_like
        [N, C] real; of equal scores the lowest index is the best.
    labels : array_like
        [N] output indices; negative: no label.

    Returns
    -------
    tuple of RankAccuracy
        Lowest rank first; ranks that no labelled item has are left out.

    Raises
    ------
    InputError
        Shapes do not fit, or a label is no output.
    """
    values, truth = leaf_scores(taxonomy, scores), np.asarray(labels)
    if truth.shape != (len(values),) or not np.issubdtype(truth.dtype, np.integer):
        raise InputError(
            "there must be one whole number a label", came=truth.shape, allowed=f"({len(values)},)"
        )
    if len(truth) and truth.max() >= values.shape[1]:
        raise InputError("a label is no output", came=int(truth.max()), allowed=f"0..{values.shape[1] - 1}")
    labelled = truth >= 0
    best, truth = np.argmax(values[labelled], axis=1), truth[labelled]
    found = [
        _at_rank(ancestors_at(taxonomy, level), level, name, best, truth)
        for level, name in sorted(MAJOR_RANKS.items())
    ]
    return tuple(item for item in found if item.n)


def rank_codes(taxonomy: Taxonomy) -> dict[str, NDArray[np.int64]]:
    """Ancestor of each output at ranks above species: rank -> int64 [C], -1 for none; empty ranks not."""
    codes = {name: ancestors_at(taxonomy, level) for level, name in sorted(MAJOR_RANKS.items()) if level > 10}
    return {name: code for name, code in codes.items() if (code >= 0).any()}


def _at_rank(
    ancestors: NDArray[np.int64], level: float, name: str, best: NDArray[np.intp], truth: NDArray[np.integer]
) -> RankAccuracy:
    wanted = ancestors[truth]
    counted = wanted >= 0
    right = ancestors[best][counted] == wanted[counted]
    return RankAccuracy(name, level, int(counted.sum()), float(right.mean()) if counted.any() else 0.0)
