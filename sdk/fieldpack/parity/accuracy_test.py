"""Accuracy figures: coverage of the macro drop on a long tail, classes one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.parity.accuracy import class_changes, drop, loss_counts, share
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.correctness import Correctness, Labels
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.paired import paired_drop


def one_hot(classes: Any, outputs: Any) -> Any:
    return np.eye(outputs)[classes]


def test_class_changes_by_hand() -> None:
    labels = np.array([0, 0, 0, 2, 2, 4])
    source = one_hot([0, 0, 1, 2, 0, 1], 5)
    flavour = one_hot([0, 1, 0, 0, 0, 4], 5)
    parity = compare_scores(source, flavour, "softmax", labels)
    rows = [(c.index, c.n, c.source_recall, c.flavour_recall, c.losses, c.gains) for c in parity.classes]
    assert rows == [(0, 3, 2 / 3, 2 / 3, 1, 1), (2, 2, 0.5, 0.0, 1, 0), (4, 1, 0.0, 1.0, 0, 1)]
    for change in parity.classes:
        expected = paired_drop(change.losses, change.gains, change.n)
        assert (change.low, change.high) == (expected.low, expected.high)


def test_no_positive_cell_gives_no_class() -> None:
    nothing = np.zeros(0, dtype=bool)
    none = np.zeros(0, dtype=np.int64)
    labels = Labels(none, none, 3, 0, False)
    flags = np.zeros(3, dtype=bool)
    zeros = np.zeros(3, dtype=np.int64)
    right = Correctness(labels, flags, flags, flags, flags, nothing, nothing, False, zeros, zeros, zeros)
    assert class_changes(right) == ()


def test_loss_counts_and_drop() -> None:
    source, flavour = np.array([1, 1, 1, 0, 0], bool), np.array([1, 0, 0, 1, 0], bool)
    assert loss_counts(source, flavour) == (2, 1)
    assert drop(source, flavour) == paired_drop(2, 1, 5)
    assert share(source, None) == clopper_pearson(3, 5)


def test_macro_drop_covers_on_a_long_tail() -> None:
    """Half of the classes have fewer than five items; each has its own rate of losses."""
    random = np.random.default_rng(21)
    classes, outputs = np.repeat(np.arange(60), np.maximum(1, 15 * random.random(60) ** 4).astype(int)), 61
    lost, gained = random.random(60) * 0.08, random.random(60) * 0.04
    truth = float(np.mean(lost - gained))
    low, high = [], []
    for _ in range(40):
        draw = random.random(len(classes))
        losses, gains = draw < lost[classes], draw > 1 - gained[classes]
        source = one_hot(np.where(gains, 60, classes), outputs)
        flavour = one_hot(np.where(losses, 60, classes), outputs)
        figure: Any = compare_scores(source, flavour, "softmax", classes).figure("macro_recall_drop")
        low.append(figure.low <= truth)
        high.append(figure.high >= truth)
    assert np.mean(low) >= 0.9
    assert np.mean(high) >= 0.9


def test_macro_drop_without_change_is_not_proof_of_nothing() -> None:
    classes = np.arange(300) % 30
    scores = one_hot(classes, 30)
    figure = compare_scores(scores, scores, "softmax", classes).figure("macro_recall_drop")
    assert figure.value == 0
    assert figure.high == pytest.approx(3 / 300, rel=0.01)
    skewed = np.concatenate([np.zeros(271, dtype=int), np.arange(1, 30)])
    scores = one_hot(skewed, 30)
    rare: Any = compare_scores(scores, scores, "softmax", skewed).figure("macro_recall_drop")
    assert rare.high > 2.5 / 31


def test_macro_recall_of_items_with_several_classes_keeps_items_together() -> None:
    """Ten copies of the same class fire or fail together: they are one observation, not ten."""
    random = np.random.default_rng(2)
    labels = np.ones((60, 10), dtype=bool)
    source = np.full((60, 10), 0.9)
    flavour = np.where(random.random(60) < 0.2, 0.1, 0.9)[:, None] * np.ones((1, 10))
    figure: Any = compare_scores(source, flavour, "sigmoid", labels).figure("macro_recall_drop")
    alone = paired_drop(round(600 * figure.value), 0, 600)
    assert figure.high - figure.low > 2 * (alone.high - alone.low)
