"""A label list is exchanged, turned, shifted or right, and the model good, bad or blind."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.build.label_order import label_order_finding
from fieldpack.errors import ContractError

LABELS = [f"animal {number}" for number in range(12)]
NEXT = np.roll(np.arange(12), 1)


def heard(
    order: NDArray[np.int64], skill: float, each: int = 20, classes: int = 12
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores of a model that is right with probability `skill`, and truth by a list in `order`."""
    random = np.random.default_rng(0)
    really = np.arange(classes).repeat(each)
    answer = np.where(random.random(len(really)) < skill, really, random.integers(0, 12, len(really)))
    return np.eye(12)[answer], order[really]


@pytest.mark.parametrize("skill", [1.0, 0.8, 0.6])
@pytest.mark.parametrize(
    "order", [NEXT, np.arange(12)[::-1], np.random.default_rng(4).permutation(12)], ids=str
)
def test_another_order_is_refused_by_name(order: NDArray[np.int64], skill: float) -> None:
    scores, truth = heard(order, skill)
    with pytest.raises(ContractError, match="another order") as caught:
        label_order_finding("calls", LABELS, scores, truth)
    assert "animal 0 as animal" in str(caught.value)
    assert "output calls" in str(caught.value)


@pytest.mark.parametrize("skill", [1.0, 0.6, 0.2, 0.0])
def test_the_right_order_is_left_alone_however_bad_the_model_is(skill: float) -> None:
    assert label_order_finding("calls", LABELS, *heard(np.arange(12), skill)) is None


def test_two_exchanged_labels_of_twelve_are_told() -> None:
    order = np.arange(12)
    order[[3, 7]] = [7, 3]
    found = label_order_finding("calls", LABELS, *heard(order, 0.9))
    assert found is not None
    assert "animal 3 as animal 7, animal 7 as animal 3" in found
    assert "2 labels" in found


def test_examples_of_few_labels_tell_a_shifted_list() -> None:
    with pytest.raises(ContractError, match="3 labels"):
        label_order_finding("calls", LABELS, *heard(NEXT, 1.0, classes=3))


def test_a_model_that_takes_one_for_the_other_has_no_order() -> None:
    scores, truth = heard(np.arange(12), 1.0)
    scores[truth == 4] = np.eye(12)[5]
    assert label_order_finding("calls", LABELS, scores, truth) is None
    blind = np.zeros_like(scores)
    blind[:, 2] = 1
    assert label_order_finding("calls", LABELS, blind, truth) is None


def test_too_few_or_unlabelled_examples_tell_nothing() -> None:
    scores, truth = heard(NEXT, 1.0, each=1, classes=8)
    assert label_order_finding("calls", LABELS, scores, truth) is None
    assert label_order_finding("calls", LABELS, scores, np.full(8, -1)) is None
