"""Slices: every value told, small ones pooled, the worst bounded for all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.parity.classification import compare_scores
from fieldpack.parity.slices import POOL
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.paired import paired_drop


def case(sizes: Any, losses: Any, gains: Any = None) -> Any:
    """Scores of two classes, label 0; each slice loses and gains so many items."""
    source, flavour, names = [], [], []
    for name, size in sizes.items():
        lost, gained = losses.get(name, 0), (gains or {}).get(name, 0)
        right, wrong = [0.9, 0.1], [0.1, 0.9]
        source += [right] * (size - gained) + [wrong] * gained
        flavour += [wrong] * lost + [right] * (size - lost)
        names += [name] * size
    return np.array(source), np.array(flavour), np.zeros(len(names), dtype=int), np.array(names)


def test_every_value_is_told() -> None:
    source, flavour, labels, names = case({"birds": 100, "fungi": 50}, {"fungi": 5}, {"birds": 2})
    parity = compare_scores(source, flavour, "softmax", labels, slices={"group": names})
    fungi, birds = parity.slices["group"]["fungi"], parity.slices["group"]["birds"]
    assert (fungi.items, fungi.n, fungi.losses, fungi.gains) == (50, 50, 5, 0)
    assert (fungi.source_top1, fungi.flavour_top1, fungi.agreement) == (1.0, 0.9, 0.9)
    assert fungi.drop == pytest.approx(0.1)
    assert (fungi.low, fungi.high) == (paired_drop(5, 0, 50).low, paired_drop(5, 0, 50).high)
    assert (birds.losses, birds.gains, birds.drop) == (0, 2, -0.02)


def test_worst_slice_bounds() -> None:
    source, flavour, labels, names = case({"a": 400, "b": 100, "c": 40}, {"a": 4, "b": 10})
    parity = compare_scores(source, flavour, "softmax", labels, slices={"group": names})
    figure = parity.figure("worst_slice_drop")
    assert parity.worst_slice == ("group", "b")
    assert figure.value == pytest.approx(0.1)
    assert figure.n == 100
    highs = [paired_drop(4, 0, 400).high, paired_drop(10, 0, 100).high, paired_drop(0, 0, 40).high]
    assert figure.high == max(highs)
    assert figure.low == paired_drop(10, 0, 100, 1 - 0.05 / 3).low
    agreement = parity.figure("worst_slice_agreement")
    assert agreement.value == pytest.approx(0.9)
    assert agreement.low == pytest.approx(clopper_pearson(90, 100).low)
    assert agreement.high == pytest.approx(clopper_pearson(90, 100, 1 - 0.05 / 3).high)


def test_a_tiny_slice_without_losses_still_limits_the_proof() -> None:
    source, flavour, labels, names = case({"a": 5000, "b": 40}, {"a": 50})
    figure = compare_scores(source, flavour, "softmax", labels, slices={"g": names}).figure(
        "worst_slice_drop"
    )
    assert figure.value == pytest.approx(0.01)
    assert figure.high == pytest.approx(1 - 0.05 ** (1 / 40))


def test_small_slices_are_pooled() -> None:
    sizes = {"big": 200} | {f"rare{k:02d}": 3 for k in range(20)}
    source, flavour, labels, names = case(sizes, {f"rare{k:02d}": 1 for k in range(20)})
    parity = compare_scores(source, flavour, "softmax", labels, slices={"taxon": names})
    assert parity.worst_slice == ("taxon", POOL)
    assert parity.figure("worst_slice_drop").n == 60
    assert parity.figure("worst_slice_drop").value == pytest.approx(1 / 3)
    assert len(parity.slices["taxon"]) == 21


def test_a_small_pool_takes_in_the_smallest_large_slice() -> None:
    source, flavour, labels, names = case({"a": 200, "b": 60, "c": 5}, {"c": 5})
    parity = compare_scores(source, flavour, "softmax", labels, slices={"g": names})
    assert parity.worst_slice == ("g", POOL)
    assert parity.figure("worst_slice_drop").n == 65
    assert parity.slices["g"]["c"].drop == 1.0


def test_few_items_make_one_pool_under_its_own_name() -> None:
    source, flavour, labels, names = case({"only": 7}, {"only": 1})
    parity = compare_scores(source, flavour, "softmax", labels, slices={"g": names})
    assert parity.worst_slice == ("g", "only")
    assert parity.figure("worst_slice_drop").n == 7


def test_slices_without_labels_tell_agreement() -> None:
    source, flavour, _, names = case({"a": 100, "b": 50}, {"b": 5})
    parity = compare_scores(source, flavour, "softmax", slices={"g": names})
    assert parity.worst_slice == ("g", "b")
    assert parity.figure("worst_slice_agreement").value == pytest.approx(0.9)
    assert parity.figure("worst_slice_drop").value is None
    told = parity.slices["g"]["b"]
    assert (told.n, told.drop, told.source_top1) == (0, None, None)


def test_a_slice_whose_items_have_no_label() -> None:
    source, flavour, labels, names = case({"a": 100, "b": 50}, {"a": 3})
    labels[100:] = -1
    parity = compare_scores(source, flavour, "softmax", labels, slices={"g": names})
    assert parity.slices["g"]["b"].drop is None
    assert parity.slices["g"]["b"].items == 50
    assert parity.worst_slice == ("g", "a")
    unlabelled = compare_scores(source, flavour, "softmax", np.full(150, -1), slices={"g": names})
    assert unlabelled.worst_slice is None
    assert unlabelled.figure("worst_slice_drop").value is None


def test_several_slicings_share_the_correction() -> None:
    source, flavour, labels, names = case({"a": 100, "b": 100}, {"b": 10})
    alone = compare_scores(source, flavour, "softmax", labels, slices={"g": names})
    one: Any = alone.figure("worst_slice_drop")
    halves = np.arange(200) % 2
    parity = compare_scores(source, flavour, "softmax", labels, slices={"g": names, "h": halves})
    two: Any = parity.figure("worst_slice_drop")
    assert two.low < one.low
    assert two.high == one.high
    assert set(parity.slices) == {"g", "h"}


def test_no_slices() -> None:
    source, flavour, labels, _ = case({"a": 10}, {})
    parity = compare_scores(source, flavour, "softmax", labels, slices={})
    assert parity.slices == {}
    assert parity.worst_slice is None


def by_class(sizes: Any, lost: Any) -> Any:
    """Classes of given sizes; the first so many of each are lost."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    source = np.eye(len(sizes))[labels]
    flavour = source.copy()
    for number, count in lost.items():
        rows = np.flatnonzero(labels == number)[:count]
        flavour[rows] = np.roll(source[rows], 1, axis=1)
    return source, flavour, labels


def test_rare_classes_are_judged_together() -> None:
    sizes = [*range(3, 13), *range(50, 90)]
    source, flavour, labels = by_class(sizes, {0: 3, 1: 4, 40: 2})
    figure = compare_scores(source, flavour, "softmax", labels).figure("worst_pooled_slice_drop")
    rare = sum(sizes[:10])
    assert figure.n == rare
    assert figure.value == pytest.approx(7 / rare)
    assert figure.low == pytest.approx(paired_drop(7, 0, rare, 1 - 0.05 / 5).low)


def test_equally_frequent_classes_are_one_pool_and_few_items_too() -> None:
    for sizes in ([20] * 10, [1, 2, 3, 4, 5, 6]):
        source, flavour, labels = by_class(sizes, {2: 3})
        figure = compare_scores(source, flavour, "softmax", labels).figure("worst_pooled_slice_drop")
        assert figure.n == sum(sizes)
        assert figure.value == pytest.approx(3 / sum(sizes))


def test_a_named_slice_is_among_the_pools() -> None:
    source, flavour, labels = by_class([100, 100], {1: 20})
    slices = {"site": np.where(np.arange(200) < 150, "a", "b")}
    parity = compare_scores(source, flavour, "softmax", labels, slices=slices)
    assert parity.figure("worst_pooled_slice_drop").value == pytest.approx(20 / 150)
    cells = compare_scores(source, flavour, "sigmoid", np.ones((200, 2), bool))
    assert cells.figure("worst_pooled_slice_drop").value is None


def test_groups_widen_every_bound_of_a_slice() -> None:
    source, flavour, labels, names = case({"a": 200, "b": 100}, {"b": 5})
    slices, blocks = {"g": names}, np.arange(300) // 5
    plain = compare_scores(source, flavour, "softmax", labels, slices=slices)
    grouped = compare_scores(source, flavour, "softmax", labels, slices=slices, blocks=blocks)
    for name in ("worst_slice_drop", "worst_slice_agreement", "worst_pooled_slice_drop", "top1_drop"):
        one: Any = plain.figure(name)
        two: Any = grouped.figure(name)
        assert two.value == pytest.approx(one.value)
        assert two.low < one.low
        assert two.high > one.high
    assert grouped.counts["blocks"] == 60
    assert any("60 groups" in note for note in grouped.notes)
