"""Functions of sums: estimates, bounds that cover, blocks, and magnitudes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.statistics.bootstrap import bootstrap_mean
from fieldpack.statistics.resampled_sums import Floats, ResampledSums


def ratio(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


def test_the_estimate_is_the_figure_of_all() -> None:
    sums = ResampledSums([[2.0, 4.0], [4.0, 4.0]])
    found = sums.interval(ratio)
    assert (found.estimate, found.low, found.high, found.n) == (0.75, -math.inf, math.inf, 2)
    assert sums.interval(lambda s: -ratio(s), magnitude=True).estimate == 0.75


def test_bounds_of_a_mean_are_those_of_the_bootstrap() -> None:
    values = np.random.default_rng(1).normal(3, 1, 200)
    mine = ResampledSums(np.stack([values, np.ones(200)], axis=1)).interval(ratio)
    theirs = bootstrap_mean(values)
    assert mine.estimate == pytest.approx(theirs.estimate)
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_bounds_of_a_ratio_cover_the_truth_as_often_as_they_say() -> None:
    dice = np.random.default_rng(2)
    below = above = 0
    for seed in range(200):
        base = dice.gamma(2, 1, 60)
        pairs = np.stack([1.5 * base + dice.normal(0, 0.5, 60), base], axis=1)
        found = ResampledSums(pairs, resamples=300, seed=seed).interval(ratio)
        below, above = below + (found.low > 1.5), above + (found.high < 1.5)
    assert max(below, above) <= 20  # 10 are expected of each


def test_items_of_a_block_are_not_counted_as_independent() -> None:
    dice = np.random.default_rng(3)
    values = np.repeat(dice.normal(1, 0.5, 10), 40)
    matrix = np.stack([values, np.ones(400)], axis=1)
    alone, blocked = ResampledSums(matrix), ResampledSums(matrix, np.repeat(np.arange(10), 40))
    assert blocked.units == 10
    narrow, wide = (item.interval(ratio) for item in (alone, blocked))
    assert wide.high - wide.low > 4 * (narrow.high - narrow.low)


def test_the_bounds_of_a_magnitude_come_from_the_signed_figure() -> None:
    dice = np.random.default_rng(4)
    pairs = np.stack([dice.normal(0, 1, 100), np.ones(100)], axis=1)
    sums = ResampledSums(pairs)
    signed, size = sums.interval(ratio), sums.interval(ratio, magnitude=True)
    assert signed.low < 0 < signed.high
    assert size.low == 0
    assert size.high == max(-signed.low, signed.high)
    moved = ResampledSums(pairs - [[5, 0]])
    assert moved.interval(ratio, magnitude=True).low == -moved.interval(ratio).high


def test_a_broken_sum_stays_broken() -> None:
    sums = ResampledSums([[math.nan, 1.0]] + [[1.0, 1.0]] * 9)
    found = sums.interval(ratio)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_contributions_are_a_matrix() -> None:
    with pytest.raises(InputError, match="K numbers an item"):
        ResampledSums([1.0, 2.0])
