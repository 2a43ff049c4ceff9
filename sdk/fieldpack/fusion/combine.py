"""Scores of every scored taxon from up to three sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack.fusion.options import Options
from fieldpack.fusion.rules import Mode, Rules
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers


@dataclass(frozen=True, slots=True)
class Sources:
    """What was measured, [K] by scored taxon.

    Attributes
    ----------
    base : ndarray
        Of the picture; of the sound where there is no picture.
    geo : ndarray or None
        Of the place.
    heard : ndarray or None
        Of the sound beside a picture; NaN for taxa that its model does not know.
    """

    base: Numbers
    geo: Numbers | None
    heard: Numbers | None


@dataclass(frozen=True, slots=True)
class Combined:
    """Scores of one mode.

    Attributes
    ----------
    combined, vision : ndarray
        [K].
    kept : ndarray
        bool [K], what a filter left.
    """

    combined: Numbers
    vision: Numbers
    kept: NDArray[np.bool_]


def combine(sources: Sources, tree: Tree, mode: Mode, rules: Rules, options: Options) -> Combined | None:
    """Multiply the sources; None where the mode has no answer to a sum of 0.

    The server restricts to the filter's taxon and brings the picture's scores to a sum of 1 first, raises
    place and sound to a floor, and divides by nothing here. Phones divide by the sum where there is a place
    or a sound, and take out what Android's filter excludes afterwards. Sound is a factor as place is: neither
    app has one.

    Raises
    ------
    InputError
        The filter's taxon is not in the taxonomy.
    """
    kept = _kept(tree, mode, rules, options)
    vision = sources.base
    if not mode.phone and not kept.all():
        total = float(vision[kept].sum())
        vision = np.where(kept, vision / total if total > 0 else 0.0, 0.0)
    combined = vision.copy()
    for factor in (sources.geo, sources.heard):
        if factor is not None:
            raised = factor if rules.floor is None else np.maximum(factor, rules.floor)
            combined = combined * np.where(np.isnan(factor), 1.0, raised)
    if mode.phone and (sources.geo is not None or sources.heard is not None):
        total = float(combined.sum())
        if total == 0 and not rules.zero_sum_answers:
            return None
        combined = combined / total if total > 0 else np.zeros_like(combined)
    return Combined(combined, vision, kept)


def _kept(tree: Tree, mode: Mode, rules: Rules, options: Options) -> NDArray[np.bool_]:
    taxon = options.filter_taxon
    if taxon is None or not rules.filters or (options.negative_filter and not mode.phone):
        return np.ones(len(tree.scored), np.bool_)
    if taxon not in tree.row:
        raise InputError("the filter's taxon is not in the taxonomy", came=taxon)
    below = tree.below(taxon)
    return ~below if options.negative_filter else below
