"""Ranges against plain float64 numpy over the whole data at once."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters.ranges import BINS, Extent, Histogram, RangeChoice, RangeKind, expected_error


@pytest.fixture(name="parts")
def _parts():
    generator = np.random.default_rng(3)
    return [generator.laplace(0.2, 1.0, (1, 20, 50)).astype(np.float32) for _ in range(40)]


def filled(parts, low=None, high=None):
    whole = np.concatenate([part.ravel() for part in parts])
    histogram = Histogram(whole.min() if low is None else low, whole.max() if high is None else high)
    for part in parts:
        histogram.add(part)
    return histogram, whole.astype(np.float64)


def test_extent_is_the_true_minimum_and_maximum_over_all_samples(parts):
    parts[7][0, 0, 0] = 900.0
    extent = Extent()
    for part in parts:
        extent.add(part)
    assert (extent.low, extent.high) == (np.min(parts), 900.0)


def test_extent_leaves_out_what_is_not_finite():
    extent = Extent()
    extent.add(np.array([np.nan, np.inf], np.float32))
    assert not extent.known
    extent.add(np.array([np.nan, -1.0, 4.0, -np.inf], np.float32))
    assert (extent.low, extent.high) == (-1.0, 4.0)


@pytest.mark.parametrize("percentile", [90.0, 99.0, 99.9])
def test_percentile_agrees_with_numpy_within_a_bin(parts, percentile):
    histogram, whole = filled(parts)
    tail = (100.0 - percentile) / 2.0
    expected = np.percentile(whole, [tail, 100.0 - tail])
    width = (whole.max() - whole.min()) / BINS
    assert histogram.percentile_range(percentile) == pytest.approx(expected, abs=2 * width)


def test_the_whole_percentile_is_the_extent(parts):
    histogram, whole = filled(parts)
    assert histogram.percentile_range(100.0) == pytest.approx((whole.min(), whole.max()), abs=1e-6)


def test_percentile_keeps_the_zero_of_a_relu(parts):
    histogram, _ = filled([np.maximum(part, 0.0) for part in parts])
    assert histogram.percentile_range(99.0)[0] == 0.0


def quantisation_error(whole, low, high):
    step = (high - low) / 255
    point = np.rint(-low / step)
    codes = np.clip(np.rint(whole / step + point), 0, 255)
    return np.mean(((codes - point) * step - whole) ** 2)


def test_mse_range_is_better_than_min_max_and_near_the_best_of_a_brute_force(parts):
    parts[0][0, 0, 0] = 60.0
    histogram, whole = filled(parts)
    found = quantisation_error(whole, *histogram.mse_range())
    highs, lows = np.linspace(4.0, 60.0, 57), np.linspace(whole.min(), -3.0, 12)
    best = min(quantisation_error(whole, low, high) for low in lows for high in highs)
    assert found < 0.5 * quantisation_error(whole, whole.min(), whole.max())
    assert found < 1.1 * best


def test_expected_error_predicts_the_measured_error(parts):
    histogram, whole = filled(parts)
    predicted = expected_error(histogram.centres, histogram.counts / histogram.counts.sum(), -4.0, 4.0)
    assert predicted == pytest.approx(quantisation_error(whole, -4.0, 4.0), rel=0.02)


def test_a_constant_tensor_keeps_its_value():
    histogram = Histogram(0.5, 0.5)
    histogram.add(np.full(9, 0.5, np.float32))
    assert histogram.percentile_range(99.0) == (0.5, 0.5)
    assert histogram.mse_range() == (0.5, 0.5)


@pytest.mark.parametrize(
    "words", [{"kind": "entropy"}, {"kind": "percentile", "percentile": 0}, {"kind": "mse", "bins": 3}]
)
def test_wrong_words_are_refused(words):
    with pytest.raises(SpecError):
        RangeChoice.from_words(words)


def test_words_are_read():
    assert RangeChoice.from_words({"kind": "mse"}) == RangeChoice(RangeKind.MSE)
    assert RangeChoice.from_words({"kind": "percentile", "percentile": 99.5}).percentile == 99.5
