"""Errors against a truth that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.estimates import Estimates, Range, compare_estimates
from fieldpack.parity.record import Parity

TRUTH = np.array([[[0.0, 2.0], [10.0, np.nan]], [[20.0, 0.0], [4.0, 8.0]]])


def estimates(shift: float, low: float = 1.0, high: float = 1.0) -> Estimates:
    point = np.nan_to_num(TRUTH, nan=99.0) + shift
    return Estimates(point, [Range(0.9, point - low, point + high)])


def values(parity: Parity) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in parity.figures}


def test_levels_and_changes_are_counted() -> None:
    found = values(compare_estimates(estimates(1.0), estimates(-2.0), TRUTH))
    assert found["source_rmse"] == found["source_mae"] == found["source_bias"] == 1
    assert (found["flavour_rmse"], found["flavour_bias"]) == (2, -2)
    assert (found["rmse_rise"], found["mae_rise"], found["bias_change"]) == (1, 1, 3)
    known = TRUTH[np.isfinite(TRUTH)]
    spread = float(np.sum((known - known.mean()) ** 2))
    assert found["source_r2"] == pytest.approx(1 - 7 / spread)
    assert found["r2_drop"] == pytest.approx((28 - 7) / spread)
    assert found["source_total_error"] == pytest.approx(7 / 44)
    assert found["total_change"] == pytest.approx(21 / 51)
    assert "worst_bin_bias_change" not in found


def test_coverage_and_width_are_counted() -> None:
    source, flavour = estimates(0.5, 1.0, 1.0), estimates(0.5, 0.25, 2.0)
    found = values(compare_estimates(source, flavour, TRUTH))
    assert (found["source_coverage"], found["flavour_coverage"]) == (1, 0)
    assert (found["coverage_change"], found["coverage_gap"]) == (1, 0.9)
    assert (found["source_width"], found["flavour_width"]) == (2, 2.25)
    assert found["width_rise"] == pytest.approx(0.125)


def test_the_worst_interval_counts() -> None:
    source, flavour = estimates(0.5), estimates(0.5)
    wide = Range(0.5, TRUTH - 9, TRUTH + 9)
    narrow = Range(0.5, np.full(TRUTH.shape, 900.0), np.full(TRUTH.shape, 901.0))
    found = values(
        compare_estimates(
            Estimates(source.point, [*source.ranges, wide]),
            Estimates(flavour.point, [*flavour.ranges, narrow]),
            TRUTH,
        )
    )
    assert (found["coverage_change"], found["coverage_gap"], found["source_coverage"]) == (1, 0.5, 1)


def test_the_bias_of_the_worst_bin_is_by_the_truth() -> None:
    point = np.nan_to_num(TRUTH, nan=0.0)
    saturated = np.minimum(point, 9.0)
    found = values(compare_estimates(Estimates(point, []), Estimates(saturated, []), TRUTH, bins=[5.0, 15.0]))
    assert found["worst_bin_bias_change"] == 11
    assert found["bias_change"] == pytest.approx(12 / 7)


def test_bounds_count_blocks() -> None:
    dice = np.random.default_rng(0)
    truth = dice.uniform(0, 30, (40, 4, 4))
    source = Estimates(truth + dice.normal(size=truth.shape), [])
    flavour = Estimates(truth + dice.normal(0.3, 1, size=truth.shape), [])
    parity = compare_estimates(source, flavour, truth, blocks=np.arange(40) // 4)
    assert parity.counts == {"known": 640, "blocks": 10}
    change = parity.figure("bias_change")
    assert change.n == 10
    assert change.low is not None
    assert change.high is not None
    assert change.low < 0.3 < change.high
    few = compare_estimates(source, flavour, truth, blocks=np.zeros(40))
    assert few.figure("rmse_rise").high is None


def test_a_broken_answer_is_a_broken_figure() -> None:
    broken = estimates(0.5)
    assert broken.point is not None
    broken.point[0, 0, 0] = math.nan
    parity = compare_estimates(estimates(0.5), broken, TRUTH)
    assert not parity.finite
    assert math.isnan(parity.figure("rmse_rise").value or 0)


def test_what_does_not_compare_is_refused() -> None:
    with pytest.raises(InputError, match="no true value is known"):
        compare_estimates(estimates(0), estimates(0), np.full(TRUTH.shape, np.nan))
    with pytest.raises(InputError, match="another shape"):
        compare_estimates(estimates(0), estimates(0), TRUTH[:, :1])
