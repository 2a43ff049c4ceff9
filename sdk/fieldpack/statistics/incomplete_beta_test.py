"""The incomplete beta function against binomial sums in exact integers, and against scipy."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.statistics.incomplete_beta import beta_quantile, incomplete_beta


def binomial_tail(k: Any, n: Any, p: Any) -> Any:
    """P(X >= k), in exact rational arithmetic."""
    share = Fraction(p)
    return float(sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1)))


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 10), (5, 10), (10, 10), (3, 200), (150, 200), (199, 200)])
@pytest.mark.parametrize("p", [0.001, 0.02, 0.5, 0.77, 0.999])
def test_is_the_binomial_tail(k: Any, n: Any, p: Any) -> None:
    assert incomplete_beta(k, n - k + 1, p) == pytest.approx(binomial_tail(k, n, p), rel=1e-11, abs=1e-14)


@pytest.mark.parametrize(
    ("a", "b", "x", "expected"),
    [
        (1, 1, 0.3, 0.3),
        (2, 1, 0.3, 0.09),
        (1, 3, 0.3, 1 - 0.7**3),
        (0.5, 0.5, 0.25, 2 / math.pi * math.asin(0.5)),
    ],
)
def test_closed_forms(a: Any, b: Any, x: Any, expected: Any) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=1e-13)


def test_ends() -> None:
    assert incomplete_beta(3, 4, 0.0) == 0.0
    assert incomplete_beta(3, 4, 1.0) == 1.0


def test_against_scipy() -> None:
    special = pytest.importorskip("scipy.special", reason="scipy is not installed: pip install scipy")
    random = np.random.default_rng(7)
    for _ in range(200):
        a, b = 10 ** random.uniform(-1, 5, size=2)
        x = float(np.clip(a / (a + b) + random.normal() * 0.3 / math.sqrt(a + b), 1e-9, 1 - 1e-9))
        assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-13)
        p = random.uniform(0.01, 0.99)
        assert beta_quantile(p, a, b) == pytest.approx(special.betaincinv(a, b, p), rel=1e-8)


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.floats(0.001, 0.999))
def test_symmetry_and_inverse(a: Any, b: Any, x: Any) -> None:
    value = incomplete_beta(a, b, x)
    assert 0 <= value <= 1
    assert value + incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)
    if 1e-6 < value < 1 - 1e-6:
        assert beta_quantile(value, a, b) == pytest.approx(x, rel=1e-5)
