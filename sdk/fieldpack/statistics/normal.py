"""Quantiles of the normal distribution."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist


@lru_cache(maxsize=64)
def normal_quantile(probability: float) -> float:
    """The z with ``P(Z <= z) = probability``, for 0 < probability < 1; 1.6449 at 0.95."""
    return NormalDist().inv_cdf(probability)
