from __future__ import annotations

import numpy as np
import pytest

from fieldpack.parity.classification import compare_scores
from fieldpack.parity.likelihood import LARGEST
from fieldpack.parity.pairing import Floats


def scores(seed: int, count: int = 300, classes: int = 5) -> Floats:
    return np.asarray(np.random.default_rng(seed).normal(0, 2, (count, classes)))


def softmax(
    values: Floats,
) -> Floats:
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("activation", ["softmax", "logits"])
def test_the_likelihood_is_that_of_the_formula(activation: str) -> None:
    first, second = scores(0), scores(1)
    labels = np.random.default_rng(2).integers(0, 5, 300)
    given = (softmax(first), softmax(second)) if activation == "softmax" else (first, second)
    parity = compare_scores(*given, activation, labels)
    one, two = (-np.log(softmax(values)[np.arange(300), labels]) for values in (first, second))
    assert parity.figure("source_nll").value == pytest.approx(one.mean())
    assert parity.figure("flavour_nll").value == pytest.approx(two.mean())
    rise = parity.figure("nll_rise")
    assert rise.value == pytest.approx((two - one).mean())
    error = (two - one).std() / np.sqrt(300)
    assert rise.low == pytest.approx((two - one).mean() - 1.645 * error, abs=0.5 * error)
    assert rise.high == pytest.approx((two - one).mean() + 1.645 * error, abs=0.5 * error)


def test_items_without_a_label_do_not_count() -> None:
    first, second = softmax(scores(0)), softmax(scores(1))
    labels = np.full(300, -1)
    labels[:100] = 2
    part = compare_scores(first[:100], second[:100], "softmax", labels[:100])
    whole = compare_scores(first, second, "softmax", labels)
    assert whole.figure("nll_rise").value == part.figure("nll_rise").value
    assert whole.figure("nll_rise").n == 100


def test_overconfidence_rises_without_a_lost_label() -> None:
    values = scores(3)
    labels = np.random.default_rng(4).integers(0, 5, 300)
    parity = compare_scores(values, 6 * values, "logits", labels)
    assert parity.figure("top1_drop").value == 0
    low = parity.figure("nll_rise").low
    assert low is not None
    assert low > 1


def test_a_broken_item_is_the_worst_one() -> None:
    values = scores(5)
    broken = values.copy()
    broken[7] = np.nan
    labels = values.argmax(axis=1)
    rise = compare_scores(values, broken, "logits", labels).figure("nll_rise").value
    own = -np.log(softmax(values)[7, labels[7]])
    assert rise == pytest.approx((LARGEST - own) / 300)


def test_sigmoids_have_no_single_likelihood() -> None:
    first = 1 / (1 + np.exp(-scores(0)))
    parity = compare_scores(first, first, "sigmoid", np.zeros(300, int))
    assert "nll_rise" not in [figure.name for figure in parity.figures]
