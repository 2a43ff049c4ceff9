"""Quantiles of the normal distribution against tables."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack.statistics.normal import normal_quantile


@pytest.mark.parametrize(
    ("probability", "z"), [(0.5, 0.0), (0.9, 1.281551566), (0.95, 1.644853627), (0.975, 1.959963985)]
)
def test_table(probability: Any, z: Any) -> None:
    assert normal_quantile(probability) == pytest.approx(z, abs=1e-9)
    assert normal_quantile(1 - probability) == pytest.approx(-z, abs=1e-9)
