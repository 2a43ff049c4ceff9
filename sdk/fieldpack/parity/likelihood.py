"""Calibration: the negative log likelihood of the labels under both models."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.parity.activation import Activation, probabilities
from fieldpack.parity.correctness import Labels
from fieldpack.parity.pairing import Floats, Numbers, finite_rows, row_blocks
from fieldpack.parity.record import bounded_figure, exact_figure
from fieldpack.statistics.bootstrap import bootstrap_mean
from fieldpack.verdict import Evidence, Figure

SMALLEST = 1e-7
"""Probabilities are not taken below it, so that one label at zero does not decide a mean."""
LARGEST = -float(np.log(SMALLEST))


def likelihood_figures(
    source: Numbers,
    flavour: Numbers,
    labels: Labels,
    activation: Activation,
    blocks: ArrayLike | None,
    evidence: Evidence,
) -> list[Figure]:
    """Mean negative log likelihood of each model, nats, and how much it rises.

    Left out: sigmoids, and items with several labels. A broken item counts as a label at the smallest
    probability.
    """
    if activation is Activation.SIGMOID or not labels.single or not len(labels.item):
        return []
    ours = _likelihood(source, labels, activation)
    theirs = _likelihood(flavour, labels, activation)
    groups = None if blocks is None else np.asarray(blocks)[labels.item]
    rise = bootstrap_mean(theirs - ours, blocks=groups, support=(-LARGEST, LARGEST))
    count = len(labels.item)
    return [
        exact_figure("source_nll", float(ours.mean()), evidence, count),
        exact_figure("flavour_nll", float(theirs.mean()), evidence, count),
        bounded_figure("nll_rise", rise, evidence),
    ]


def _likelihood(scores: Numbers, labels: Labels, activation: Activation) -> Floats:
    """By labelled item, [P]."""
    found = np.full(len(labels.item), LARGEST)
    order = np.argsort(labels.item, kind="stable")
    items = labels.item[order]
    for part in row_blocks(*scores.shape):
        first, last = np.searchsorted(items, [part.start, part.stop])
        values, whole = finite_rows(scores[part])
        rows = items[first:last] - part.start
        shares = probabilities(values, activation)[rows, labels.class_index[order[first:last]]]
        nats = -np.log(np.clip(shares, SMALLEST, 1.0))
        found[order[first:last]] = np.where(whole[rows], nats, LARGEST)
    return found
