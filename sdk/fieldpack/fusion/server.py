"""Best leaves and common ancestor as iNaturalist's server gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldpack.exports.inat_vision_camera.facts import (
    COMMON_ANCESTOR_LEAVES,
    COMMON_ANCESTOR_SCORE,
    COMMON_ANCESTOR_SHARE,
)
from fieldpack.fusion.answer import Prediction, predicted
from fieldpack.fusion.combine import Combined
from fieldpack.fusion.humans import without_humans
from fieldpack.fusion.options import Options
from fieldpack.fusion.phones import admitted
from fieldpack.fusion.rules import ANSWERS, MAMMALS, SERVER_DECIMALS, Rules
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers

ENOUGH = 100
"""Leaves that are looked at: more than the human rule, an answer and a common ancestor need."""


def floored_thresholds(tree: Tree) -> Numbers:
    """Thresholds [K] as the server holds them: floored to five decimals, 1 where there is none."""
    scale = 10.0**SERVER_DECIMALS
    floored = np.floor(tree.thresholds * scale + 1e-9) / scale
    return np.where(np.isnan(floored), 1.0, floored)


def leaves_and_ancestor(
    tree: Tree, scores: Combined, geo: Numbers | None, rules: Rules, options: Options
) -> tuple[list[Prediction], Prediction | None]:
    """The best ten leaves and the common ancestor, scores 0 to 100.

    A leaf's score is its share of the sum of all. Common ancestor: of the leaves that the human rule left,
    those above 0.01 of the best, at most 15; combined scores are summed upwards and divided by the sum over
    the roots; the largest geo score (0 without a place) and the smallest threshold of those leaves decide
    what is near.
    """
    total = float(scores.combined.sum())
    places = np.zeros(len(tree.scored)) if geo is None else geo
    leaves = _leaves(tree, scores, places, np.flatnonzero(scores.kept))
    if not options.keep_humans:
        leaves = without_humans(leaves, rules, MAMMALS in tree.row)
    ancestor = _common_ancestor(tree, leaves, options)
    shares = (dataclasses.replace(item, score=item.score / (total or 1.0)) for item in leaves[:ANSWERS])
    return [item.scaled() for item in shares], None if ancestor is None else ancestor.scaled()


def _leaves(tree: Tree, scores: Combined, places: Numbers, which: NDArray[np.intp]) -> list[Prediction]:
    """The best leaves, highest first, by their combined scores."""
    order = which[np.argsort(-scores.combined[which], kind="stable")][:ENOUGH]
    columns = (scores.combined, scores.vision, places, floored_thresholds(tree))
    spread = [np.full(len(tree.taxa), np.nan) for _ in columns]
    for array, values in zip(spread, columns, strict=True):
        array[tree.scored] = values
    return predicted(tree, tree.scored[order].tolist(), *spread)


def _common_ancestor(tree: Tree, leaves: Sequence[Prediction], options: Options) -> Prediction | None:
    if not leaves:
        return None
    limit = leaves[0].score * COMMON_ANCESTOR_SHARE
    counted = [item for item in leaves if item.score > limit][:COMMON_ANCESTOR_LEAVES]
    if not counted:
        return None
    nodes = _rolled(tree, counted)
    near = any(_near(item) for item in nodes)
    candidates = [
        item
        for item in nodes
        if item.score > COMMON_ANCESTOR_SCORE
        and admitted(item.rank_level, options.rank_type)
        and (_near(item) or not near)
    ]
    return min(candidates, key=lambda item: item.rank_level, default=None)


def _rolled(tree: Tree, counted: Sequence[Prediction]) -> list[Prediction]:
    """Those leaves and all their ancestors, Life apart, scores brought to a sum of 1 over the roots."""
    position = {int(row): number for number, row in enumerate(tree.scored)}
    arrays = {name: np.full(len(tree.scored), np.nan) for name in ("share", "vision", "geo", "threshold")}
    for item in counted:
        place = position[tree.row[item.taxon.id]]
        values = (item.score, item.vision_score, item.geo_score, item.geo_threshold)
        for array, value in zip(arrays.values(), values, strict=True):
            array[place] = np.nan if value is None else value
    share, vision = (tree.roll(arrays[name], "sum") for name in ("share", "vision"))
    geo, threshold = tree.roll(arrays["geo"], "max"), tree.roll(arrays["threshold"], "min")
    rows = [row for row in np.flatnonzero(~np.isnan(share)).tolist() if row != tree.life]
    return predicted(tree, rows, share / share[tree.life], vision, geo, threshold)


def _near(item: Prediction) -> bool:
    return (
        item.geo_score is not None and item.geo_threshold is not None and item.geo_score >= item.geo_threshold
    )
