"""The design effect between its two ends, and that bounds built on it hold."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.statistics.clustering import information_share
from fieldpack.statistics.paired import paired_drop

GROUPS = np.repeat(np.arange(60), 5)


def test_without_a_change_groups_are_what_counts() -> None:
    assert information_share(np.zeros(300, bool), GROUPS) == pytest.approx(1 / 5)


def test_whole_groups_count_once_and_scattered_items_nearly_alone() -> None:
    assert information_share(GROUPS < 2, GROUPS) == pytest.approx(1 / 5, rel=0.1)
    scattered = np.zeros(300, bool)
    scattered[::25] = True
    assert 0.7 < information_share(scattered, GROUPS) <= 1


def test_items_without_groups_lose_nothing() -> None:
    generator = np.random.default_rng(0)
    assert information_share(generator.random(200) < 0.1, np.arange(200)) == 1.0
    assert information_share(np.zeros(0, bool), np.zeros(0)) == 1.0


def test_lengths_must_fit() -> None:
    with pytest.raises(InputError, match="one entry for every item"):
        information_share([True, False], [1])


@pytest.mark.parametrize("rate", [0.01, 0.04])
def test_the_upper_bound_of_a_clustered_drop_is_wrong_seldom(rate: float) -> None:
    generator = np.random.default_rng(7)
    wrong = 0
    for _ in range(400):
        lost = (generator.random(60) < rate)[GROUPS]
        share = information_share(lost, GROUPS)
        wrong += paired_drop(share * lost.sum(), 0, share * len(lost)).high < rate
    assert wrong / 400 <= 0.05
