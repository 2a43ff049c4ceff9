"""What is expected at a place."""

from __future__ import annotations

import numpy as np

from fieldpack.fusion.rules import Mode, Rules
from fieldpack.fusion.server import floored_thresholds
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers


def expected_nearby(tree: Tree, geo: Numbers, mode: Mode, rules: Rules) -> tuple[str, ...]:
    """Ids of the scored taxa whose geo score reaches their threshold, in the order of the outputs.

    A missing threshold admits the taxon everywhere on phones; on the server it counts as 1, and thresholds
    are floored to five decimals. Phones look at childless taxa only.

    Parameters
    ----------
    geo : ndarray
        [K].
    """
    if mode.phone:
        near = np.where(np.isnan(tree.thresholds), rules.missing_threshold_is_near, geo >= tree.thresholds)
        near = near.astype(np.bool_) & tree.childless
    else:
        near = geo >= floored_thresholds(tree)
    return tuple(tree.taxa[row].id for row in tree.scored[near])
