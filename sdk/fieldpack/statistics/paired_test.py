"""Paired drop: Tango's interval against published examples, and coverage by enumeration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics.paired import paired_drop, tango

# (b, c, n), confidence of each bound, published interval.
PUBLISHED = [
    pytest.param(9, 3, 32, 0.975, (-0.027, 0.390), id="Tango 1998, table III"),
    pytest.param(0, 1, 44, 0.95, (-0.096, 0.037), id="Tango 1998, soft contact lenses"),
    pytest.param(16, 8, 86, 0.975, (-0.020, 0.207), id="Agresti and Min 2005"),
    pytest.param(1, 7, 21, 0.975, (-0.517, -0.026), id="Fagerland et al. 2014, stem cells"),
    pytest.param(25, 2, 102, 0.975, (0.139, 0.321), id="Chang 2024"),
    pytest.param(3, 1, 14, 0.975, (-0.1670, 0.4327), id="Tang et al. 2010"),
]


@pytest.mark.parametrize(("b", "c", "n", "confidence", "expected"), PUBLISHED)
def test_published_examples(b: Any, c: Any, n: Any, confidence: Any, expected: Any) -> None:
    low, high = tango(b, c, n, confidence)
    digits = 4 if n == 14 else 3
    assert (round(low, digits), round(high, digits)) == expected


@pytest.mark.parametrize("n", [1, 10, 300, 100_000])
def test_nothing_changed_is_not_proof_of_nothing(n: Any) -> None:
    bounds = paired_drop(0, 0, n)
    assert bounds.estimate == 0
    assert bounds.high == pytest.approx(1 - 0.05 ** (1 / n))
    assert bounds.low == -bounds.high


def exact_coverage(n: Any, lost: Any, gained: Any, upper: Any) -> Any:
    """Chance that the upper bound holds the true drop, summed over all likely tables."""
    counts = [(b, c) for b in range(31) for c in range(31)]
    total = covered = 0.0
    for b, c in counts:
        rest = n - b - c
        if rest < 0 or (gained == 0 and c > 0):
            continue
        log_mass = math.lgamma(n + 1) - math.lgamma(b + 1) - math.lgamma(c + 1) - math.lgamma(rest + 1)
        log_mass += (
            b * math.log(lost) + (c * math.log(gained) if c else 0) + rest * math.log1p(-lost - gained)
        )
        total += math.exp(log_mass)
        covered += math.exp(log_mass) * (upper(b, c) >= lost - gained)
    assert total > 0.999
    return covered / total


@pytest.mark.parametrize("n", [40, 200])
def test_coverage_by_enumeration(n: Any) -> None:
    table = {(b, c): paired_drop(b, c, n).high for b in range(31) for c in range(31) if b + c <= n}
    for changed in (0.01, 0.02, 0.04):
        for lost in (0.5, 0.7, 0.9, 1.0):
            share = exact_coverage(n, changed * lost, changed * (1 - lost), lambda b, c: table[b, c])
            assert share >= 0.94


def test_score_bound_alone_is_short_when_all_changes_are_losses() -> None:
    n = 300
    score = {b: tango(b, 0, n)[1] for b in range(31)}
    assert exact_coverage(n, 0.02, 0.0, lambda b, c: score[b]) < 0.945
    assert exact_coverage(n, 0.02, 0.0, lambda b, c: paired_drop(b, 0, n).high) >= 0.95


def test_simulated_coverage() -> None:
    random = np.random.default_rng(11)
    n, truth = 400, 0.03 - 0.01
    changes = random.choice([1, -1, 0], p=[0.03, 0.01, 0.96], size=(2000, n))
    pairs = zip((changes == 1).sum(axis=1), (changes == -1).sum(axis=1), strict=True)
    low, high = np.array([tango(b, c, n) for b, c in pairs]).T
    assert 0.93 <= (high >= truth).mean() <= 0.985
    assert 0.93 <= (low <= truth).mean() <= 0.985


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400))
def test_properties(losses: Any, gains: Any, unchanged: Any) -> None:
    n = losses + gains + unchanged
    if n == 0:
        return
    bounds = paired_drop(losses, gains, n)
    assert -1 <= bounds.low <= bounds.estimate <= bounds.high <= 1
    assert bounds.estimate == (losses - gains) / n
    mirrored = paired_drop(gains, losses, n)
    assert mirrored.low == pytest.approx(-bounds.high, abs=1e-12)
    wider = paired_drop(losses, gains, n, 0.99)
    assert wider.low <= bounds.low
    assert wider.high >= bounds.high
    ten = paired_drop(10 * losses, 10 * gains, 10 * n)
    assert ten.high - ten.low <= bounds.high - bounds.low + 1e-12


def test_extremes() -> None:
    assert paired_drop(5, 0, 5).high == 1.0
    assert paired_drop(0, 5, 5).low == -1.0
    assert paired_drop(5, 0, 5).low > 0
    nothing = paired_drop(0, 0, 0)
    assert math.isnan(nothing.estimate)
    assert (nothing.low, nothing.high, nothing.n) == (-1.0, 1.0, 0)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InputError):
        paired_drop(3, 3, 5)
    with pytest.raises(InputError):
        tango(0, 0, 0)


def test_losses_alone_prove_a_break_no_sooner_than_the_binomial() -> None:
    n, limit = 305, 0.01
    wrong = exact_coverage(n, limit, 0.0, lambda b, c: float(paired_drop(b, 0, n).low <= limit))
    score = exact_coverage(n, limit, 0.0, lambda b, c: float(tango(b, 0, n)[0] <= limit))
    assert wrong >= 0.95 > score
