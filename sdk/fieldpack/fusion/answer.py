"""What comes out, under the keys of the plugin."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldpack.fusion.rules import Mode
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers
from fieldpack.taxonomy.taxon import Taxon


@dataclass(frozen=True, slots=True)
class Prediction:
    """One taxon with its scores.

    Attributes
    ----------
    taxon : Taxon
        Which.
    score, vision_score : float
        Combined, and of the picture alone; 0 to 1, and 0 to 100 once told.
    geo_score, geo_threshold : float or None
        Of the place, on the same scale; None when there is none.
    ancestor_ids : tuple of str
        From Life down.
    """

    taxon: Taxon
    score: float
    vision_score: float
    geo_score: float | None
    geo_threshold: float | None
    ancestor_ids: tuple[str, ...]

    @property
    def rank_level(self) -> float:
        """Rank level; NaN when there is none, which no comparison admits."""
        return float("nan") if self.taxon.rank_level is None else self.taxon.rank_level

    @property
    def near(self) -> bool:
        """Whether the phones' search for a common ancestor takes it as expected nearby.

        A threshold or a score that is missing or 0 is not.
        """
        score, threshold = self.geo_score, self.geo_threshold
        return bool(score and threshold and score >= threshold)

    def scaled(self) -> Prediction:
        """The same with scores of 0 to 100."""
        geo = None if self.geo_score is None else self.geo_score * 100
        threshold = None if self.geo_threshold is None else self.geo_threshold * 100
        return dataclasses.replace(
            self,
            score=self.score * 100,
            vision_score=self.vision_score * 100,
            geo_score=geo,
            geo_threshold=threshold,
        )

    def as_dict(self) -> dict[str, object]:
        """The keys of the plugin; whole numbers where ids are."""
        taxon = self.taxon
        plain: dict[str, object] = {
            "taxon_id": _id(taxon.id),
            "name": taxon.name,
            "score": self.score,
            "combined_score": self.score,
            "vision_score": self.vision_score,
            "geo_score": self.geo_score,
            "rank_level": taxon.rank_level,
            "rank": taxon.rank,
            "ancestor_ids": [_id(item) for item in self.ancestor_ids],
        }
        if self.geo_threshold is not None:
            plain["geo_threshold"] = self.geo_threshold
        if taxon.leaf is not None:
            plain["leaf_id"] = taxon.leaf
        return plain


@dataclass(frozen=True, slots=True)
class Answer:
    """What one mode says.

    Attributes
    ----------
    mode : Mode
        Which.
    predictions : tuple of Prediction
        The best leaves, at most ten, highest first; scores 0 to 100.
    common_ancestor : Prediction or None
        The lowest taxon that is sure enough.
    best_branch : tuple of Prediction
        From Life down along the highest scores, whole tens of ranks above the confidence; phones only.
    expected_nearby : tuple of str
        Ids of leaves that are expected at the place; empty without one.
    notes : tuple of str
        What a reader must know of this answer.
    flavour : str
        Which flavour of the picture's bundle ran; empty on arrays.
    """

    mode: Mode
    predictions: tuple[Prediction, ...] = ()
    common_ancestor: Prediction | None = None
    best_branch: tuple[Prediction, ...] = ()
    expected_nearby: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    flavour: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        ancestor = self.common_ancestor
        return {
            "mode": self.mode.value,
            "flavour": self.flavour,
            "predictions": [item.as_dict() for item in self.predictions],
            "commonAncestor": None if ancestor is None else ancestor.as_dict(),
            "bestBranch": [item.as_dict() for item in self.best_branch],
            "expectedNearby": [_id(taxon) for taxon in self.expected_nearby],
            "notes": list(self.notes),
        }


def predicted(
    tree: Tree, rows: Sequence[int], score: Numbers, vision: Numbers, geo: Numbers, threshold: Numbers
) -> list[Prediction]:
    """Predictions of these rows from arrays [T]; NaN of place and threshold is None."""
    return [
        Prediction(
            tree.taxa[row],
            float(score[row]),
            float(vision[row]),
            _known(geo[row]),
            _known(threshold[row]),
            tuple(tree.taxa[item].id for item in tree.line(row)),
        )
        for row in rows
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _id(taxon: str) -> int | str:
    return int(taxon) if taxon.isascii() and taxon.isdigit() else taxon
