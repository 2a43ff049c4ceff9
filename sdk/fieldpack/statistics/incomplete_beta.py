"""The regularised incomplete beta function: tail of the binomial distribution, and its inverse.

Continued fraction and symmetry as in NIST DLMF 8.17.22 (https://dlmf.nist.gov/8.17.v),
evaluated by the modified Lentz recursion (Thompson and Barnett 1986, J. Comput. Phys. 64).
"""

from __future__ import annotations

import math

TINY = 1e-300
PRECISION = 1e-16
MOST_TERMS = 100_000
BISECTIONS = 200


def incomplete_beta(a: float, b: float, x: float) -> float:
    """``I_x(a, b)`` for a, b > 0 and 0 <= x <= 1.

    ``P(X >= k)`` of a binomial(n, p) is ``I_p(k, n - k + 1)``.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a / _continued_fraction(a, b, x)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The x with ``I_x(a, b) = probability``, by bisection to the last bit of a float64."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if incomplete_beta(a, b, middle) < probability:
            low = middle
        else:
            high = middle
    return high


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Denominator ``1 + d1/(1 + d2/(1 + ...))`` by the modified Lentz recursion."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        coefficient = _coefficient(term, a, b, x)
        d = 1 + coefficient * d
        d = 1 / (d if abs(d) > TINY else TINY)
        c = 1 + coefficient / c
        c = c if abs(c) > TINY else TINY
        value *= c * d
        if abs(c * d - 1) < PRECISION:
            break
    return value


def _coefficient(term: int, a: float, b: float, x: float) -> float:
    m = term // 2
    if term % 2 == 0:
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
