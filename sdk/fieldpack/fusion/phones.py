"""Pruning, rollup, best branch and common ancestor of both phone plugins."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.exports.inat_vision_camera.facts import (
    COMMON_ANCESTOR_LEAVES,
    COMMON_ANCESTOR_SCORE,
    COMMON_ANCESTOR_SHARE,
    CONFIDENCE_PERCENT,
    PRUNE_SHARE,
)
from fieldpack.fusion.answer import Prediction, predicted
from fieldpack.fusion.combine import Combined
from fieldpack.fusion.humans import without_humans
from fieldpack.fusion.options import Options, RankType
from fieldpack.fusion.rules import ANSWERS, Rules
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers, Rule

LOWEST_ANCESTOR, HIGHEST_ANCESTOR = 20.0, 33.0


@dataclass(frozen=True, slots=True)
class Rolled:
    """Every taxon that is left, [T].

    Attributes
    ----------
    there : ndarray
        bool, which are left.
    combined, vision, geo, threshold : ndarray
        Their scores, NaN for none.
    """

    there: NDArray[np.bool_]
    combined: Numbers
    vision: Numbers
    geo: Numbers
    threshold: Numbers


def roll_up(tree: Tree, scores: Combined, geo: Numbers | None, rules: Rules, options: Options) -> Rolled:
    """Leave out low leaves, sum upwards, and divide by what was kept.

    A leaf stays when its combined score is at least 0.001 of the highest of all outputs. An ancestor gets the
    sum of combined and picture scores, the largest geo score and the smallest threshold of the leaves that
    stay. All sums are divided by 1 less the sum of what was left out, which brings them to 1 only if the
    scores had the sum 1. Below a taxon whose sum is 0, nothing goes up. A taxon with children and an output
    has its own score ignored, and counted nowhere.
    """
    cutoff = options.cutoff
    if cutoff is None:
        cutoff = PRUNE_SHARE * float(scores.combined.max(initial=0.0))
    combined = np.where(scores.kept, scores.combined, 0.0)
    vision = np.where(scores.kept, scores.vision, 0.0)
    stays = tree.childless & (combined >= cutoff) & scores.kept
    left_out = tree.childless & ~stays
    summed = tree.roll(np.where(stays, combined, np.nan), "sum")
    there = summed > 0
    flows = stays & there[tree.parents[tree.scored]]
    there[tree.scored[stays]] = True

    def rolled(values: Numbers, rule: Rule) -> Numbers:
        upwards = tree.roll(np.where(flows, values, np.nan), rule)
        upwards[tree.scored[stays]] = values[stays]
        return upwards

    places = rolled(np.full(len(tree.scored), np.nan) if geo is None else geo, "max")
    if rules.zero_geo_is_null:
        places = np.where(places == 0, np.nan, places)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Rolled(
            there,
            summed / (1.0 - combined[left_out].sum()),
            rolled(vision, "sum") / (1.0 - vision[left_out].sum()),
            places,
            rolled(tree.thresholds, "min"),
        )


def best_branch(tree: Tree, rolled: Rolled, options: Options) -> list[Prediction]:
    """From Life down, always to the child with the highest score, the first of equals.

    Of these only ranks of whole tens are told, with a score above the confidence, 0 to 100.
    """
    confidence = options.confidence_percent or CONFIDENCE_PERCENT
    return [item for item in major(branch(tree, rolled)) if item.score > confidence]


def branch(tree: Tree, rolled: Rolled) -> list[Prediction]:
    """The whole best branch, scores 0 to 1, as the native side hands it over."""
    rows, row = [], tree.life
    while row >= 0 and rolled.there[row]:
        rows.append(row)
        children = [child for child in tree.children.get(row, []) if rolled.there[child]]
        row = max(children, key=lambda child: float(rolled.combined[child]), default=-1)
    return _predictions(tree, rolled, rows)


def major(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Those of ranks of whole tens, scores 0 to 100."""
    return [item.scaled() for item in predictions if item.rank_level % 10 == 0]


def leaves_and_ancestor(
    tree: Tree, rolled: Rolled, rules: Rules, options: Options
) -> tuple[list[Prediction], Prediction | None]:
    """The best ten leaves and the common ancestor, scores 0 to 100."""
    rows = np.unique(tree.scored[rolled.there[tree.scored]])
    rows = rows[np.argsort(-rolled.combined[rows], kind="stable")][: rules.human_window]
    told = without_humans(_predictions(tree, rolled, rows.tolist()), rules, mammals_known=False)
    best = told[:COMMON_ANCESTOR_LEAVES]
    above = {row for leaf in best for row in tree.line(tree.row[leaf.taxon.id])}
    above = above if rules.life_listed else above - {tree.life}
    ancestors = _predictions(tree, rolled, sorted(above))
    ancestor = common_ancestor(ancestors, best, rules, options)
    return [item.scaled() for item in told[:ANSWERS]], None if ancestor is None else ancestor.scaled()


def common_ancestor(
    ancestors: Sequence[Prediction], best: Sequence[Prediction], rules: Rules, options: Options
) -> Prediction | None:
    """The taxon of the lowest rank with more than 0.78 of the best leaves' score.

    Of at most 15 leaves those count that have at least 0.01 of the best; scores are brought to a sum of 1 and
    summed upwards anew, while geo scores and thresholds stay those of all leaves. Where any candidate is
    expected nearby, only such are.

    Parameters
    ----------
    ancestors : sequence of Prediction
        What can be a common ancestor beside the leaves.
    best : sequence of Prediction
        The best leaves, highest first.
    """
    top = best[0].score if best else 0.0
    limit = top * COMMON_ANCESTOR_SHARE
    counted = [item for item in best if item.score > limit or (rules.share_included and item.score == limit)]
    total = sum(item.score for item in counted)
    if not total > 0:
        return None
    sums: dict[str, float] = {}
    for leaf in counted:
        for ancestor in leaf.ancestor_ids:
            sums[ancestor] = sums.get(ancestor, 0.0) + leaf.score / total
    pool = [dataclasses.replace(leaf, score=leaf.score / total) for leaf in counted]
    pool += [
        dataclasses.replace(item, score=sums[item.taxon.id]) for item in ancestors if item.taxon.id in sums
    ]
    near = any(item.near for item in pool)
    candidates = [
        item
        for item in pool
        if item.score > COMMON_ANCESTOR_SCORE
        and admitted(item.rank_level, options.rank_type)
        and (item.near or not near)
    ]
    return min(candidates, key=lambda item: item.rank_level, default=None)


def admitted(rank_level: float, rank_type: RankType) -> bool:
    """Whether a common ancestor may have this rank."""
    if not rank_level >= LOWEST_ANCESTOR:
        return False
    if rank_type is RankType.MAJOR:
        return rank_level % 10 == 0
    return rank_type is RankType.UNRESTRICTED or rank_level <= HIGHEST_ANCESTOR


def _predictions(tree: Tree, rolled: Rolled, rows: Sequence[int]) -> list[Prediction]:
    return predicted(tree, rows, rolled.combined, rolled.vision, rolled.geo, rolled.threshold)
