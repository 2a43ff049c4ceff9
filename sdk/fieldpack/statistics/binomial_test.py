"""Bounds on a share against published tables, against scipy, and by exact coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics.binomial import clopper_pearson, wilson
from fieldpack.statistics.interval import Interval

# Newcombe 1998, Statistics in Medicine 17:857-872, table I: two-sided 95 %.
NEWCOMBE = [
    (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),
    (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),
    (0, 20, (0.0000, 0.1684), (0.0000, 0.1611)),
    (1, 29, (0.0009, 0.1776), (0.0061, 0.1718)),
]


@pytest.mark.parametrize(("x", "n", "exact", "score"), NEWCOMBE)
def test_published_values(x: Any, n: Any, exact: Any, score: Any) -> None:
    for method, expected in ((clopper_pearson, exact), (wilson, score)):
        bounds = method(x, n, 0.975)
        assert (round(bounds.low, 4), round(bounds.high, 4)) == expected
        assert bounds.estimate == x / n
        assert bounds.n == n


def test_rule_of_three() -> None:
    assert clopper_pearson(0, 300).high == pytest.approx(1 - 0.05 ** (1 / 300))
    assert clopper_pearson(300, 300).low == pytest.approx(0.05 ** (1 / 300))
    assert clopper_pearson(300, 300).high == 1.0


def test_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install scipy")
    for x, n in [(1, 2), (3, 10), (99, 100), (980, 1000), (4999, 5000), (50_000, 100_000)]:
        for kind, method in (("exact", clopper_pearson), ("wilson", wilson)):
            theirs = stats.binomtest(x, n).proportion_ci(0.9, method=kind)
            ours = method(x, n, 0.95)
            assert ours.low == pytest.approx(theirs.low, rel=1e-8)
            assert ours.high == pytest.approx(theirs.high, rel=1e-8)


@pytest.mark.parametrize("n", [5, 40])
def test_exact_bounds_cover_by_enumeration(n: Any) -> None:
    bounds = [clopper_pearson(x, n) for x in range(n + 1)]
    log_choose = np.array([math.log(math.comb(n, x)) for x in range(n + 1)])
    for p in np.linspace(0.01, 0.99, 33):
        mass = np.exp(log_choose + np.arange(n + 1) * math.log(p) + (n - np.arange(n + 1)) * math.log1p(-p))
        assert mass[[b.high >= p for b in bounds]].sum() >= 0.95 - 1e-9
        assert mass[[b.low <= p for b in bounds]].sum() >= 0.95 - 1e-9


@given(st.integers(1, 500), st.data(), st.sampled_from([clopper_pearson, wilson]))
def test_bounds_hold_the_estimate_and_narrow_with_n(n: Any, data: Any, method: Any) -> None:
    x = data.draw(st.integers(0, n))
    small, large = method(x, n), method(10 * x, 10 * n)
    for bounds in (small, large):
        assert 0 <= bounds.low <= bounds.estimate <= bounds.high <= 1
    assert large.high - large.low <= small.high - small.low + 1e-12
    mirrored = method(n - x, n)
    assert mirrored.low == pytest.approx(1 - small.high, abs=1e-12)
    assert method(x, n, 0.99).high >= small.high


@pytest.mark.parametrize("method", [clopper_pearson, wilson])
def test_no_items_know_nothing(method: Any) -> None:
    bounds = method(0, 0)
    assert math.isnan(bounds.estimate)
    assert (bounds.low, bounds.high, bounds.n) == (0.0, 1.0, 0)


@pytest.mark.parametrize("method", [clopper_pearson, wilson])
@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (math.nan, 2), (0, -1), (1, math.inf)])
def test_impossible_counts_are_refused(method: Any, counts: Any) -> None:
    with pytest.raises(InputError):
        method(*counts)


@pytest.mark.parametrize("confidence", [0.05, 1.0, math.nan])
def test_impossible_confidence_is_refused(confidence: Any) -> None:
    with pytest.raises(InputError):
        wilson(1, 2, confidence)


def test_joined_is_the_wider() -> None:
    joined = Interval(0.5, 0.4, 0.6, 10).joined(Interval(0.9, 0.45, 0.7, 3))
    assert joined == Interval(0.5, 0.4, 0.7, 10)
