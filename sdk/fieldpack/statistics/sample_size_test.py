"""Sample sizes: the planning formula, and that what is promised really settles a verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.paired import paired_drop, tango
from fieldpack.statistics.sample_size import (
    chance_of_pass,
    non_inferiority_n,
    planned_n,
    rate_settles_at,
    settles_at,
)


@pytest.mark.parametrize(
    ("flips", "margin", "expected"), [(0.02, 0.01, 1713), (0.04, 0.01, 3426), (0.02, 0.005, 6852)]
)
def test_planning_formula(flips: Any, margin: Any, expected: Any) -> None:
    assert non_inferiority_n(flips, margin) == expected


def test_planned_size_has_the_promised_power() -> None:
    n = non_inferiority_n(0.04, 0.01)
    changes = np.random.default_rng(5).multinomial(n, [0.02, 0.02, 0.96], size=2000)
    passed = np.mean([tango(b, c, n)[1] <= 0.01 for b, c, _ in changes])
    assert passed == pytest.approx(0.90, abs=0.025)


def test_planning_follows_its_terms() -> None:
    base = non_inferiority_n(0.04, 0.02)
    assert non_inferiority_n(0.04, 0.02, power=0.8) < base < non_inferiority_n(0.04, 0.02, confidence=0.99)
    assert non_inferiority_n(0.04, 0.02, true_drop=0.01) == pytest.approx(4 * base, rel=0.01)
    assert non_inferiority_n(0.0, 0.02) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"flip_share": 1.2, "margin": 0.1},
        {"flip_share": 0.04, "margin": 0.0},
        {"flip_share": 0.04, "margin": 0.01, "true_drop": 0.02},
        {"flip_share": 0.04, "margin": 0.1, "true_drop": 0.05},
        {"flip_share": 0.04, "margin": 0.1, "power": 0.2},
        {"flip_share": float("nan"), "margin": 0.1},
    ],
)
def test_impossible_plans_are_refused(bad: Any) -> None:
    with pytest.raises(InputError):
        non_inferiority_n(**bad)


def test_no_change_needs_the_rule_of_three() -> None:
    n = settles_at(0, 0, 50, 0.01)
    assert n == 299
    assert paired_drop(0, 0, n).high <= 0.01 < paired_drop(0, 0, n - 1).high


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(30, 500))
def test_promised_number_settles(losses: Any, gains: Any, n: Any) -> None:
    margin = 0.0201
    needed = settles_at(losses, gains, n, margin)
    assert needed is not None
    bounds = paired_drop(losses / n * needed, gains / n * needed, needed)
    assert bounds.high <= margin or bounds.low > margin


def test_on_the_margin_nothing_settles() -> None:
    assert settles_at(2, 1, 100, 0.01) is None
    assert settles_at(0, 0, 0, 0.01) is None
    assert settles_at(100_001, 0, 10_000_000, 0.01) is None


def test_power_asks_for_more_than_a_coin_toss() -> None:
    strong, weak = settles_at(4, 4, 200, 0.01), settles_at(4, 4, 200, 0.01, power=0.5)
    assert strong == non_inferiority_n(0.04, 0.01)
    assert weak is not None
    assert weak < strong


@pytest.mark.parametrize(
    ("successes", "n", "limit", "relation"),
    [
        (100, 100, 0.98, "at_least"),
        (199, 200, 0.98, "at_least"),
        (95, 100, 0.98, "at_least"),
        (1, 300, 0.01, "at_most"),
    ],
)
def test_rate_settles_exactly_there(successes: Any, n: Any, limit: Any, relation: Any) -> None:
    needed = rate_settles_at(successes, n, limit, relation)
    assert needed is not None
    rate = successes / n

    def settled(size: Any) -> Any:
        bounds = clopper_pearson(rate * size, size)
        return bounds.low >= limit or bounds.high < limit

    assert settled(needed)
    assert not settled(needed - 1)


def test_rate_on_the_limit_never_settles() -> None:
    assert rate_settles_at(98, 100, 0.98) is None
    assert rate_settles_at(0, 0, 0.98) is None
    assert rate_settles_at(100, 100, 0.98) == 149
    with pytest.raises(InputError):
        rate_settles_at(1, 2, 0.5, "<")


@pytest.mark.parametrize(("share", "margin"), [(0.04, 0.02), (0.02, 0.02), (0.1, 0.03)])
def test_the_planned_number_passes_as_often_as_wanted(share: float, margin: float) -> None:
    n = planned_n(share, margin)
    generator = np.random.default_rng(1)
    draws = generator.multinomial(n, [share / 2, share / 2, 1 - share], size=2000)
    seen = np.mean([paired_drop(a, b, n).high <= margin for a, b, _ in draws])
    exact = chance_of_pass(n, share, margin)
    assert exact >= 0.9
    assert seen == pytest.approx(exact, abs=4 * np.sqrt(0.09 / 2000))
    assert chance_of_pass(n // 2, share, margin) < 0.85


def test_a_drop_at_the_margin_hardly_ever_passes() -> None:
    assert chance_of_pass(2000, 0.05, 0.01, true_drop=0.01) == pytest.approx(0.05, abs=0.01)
