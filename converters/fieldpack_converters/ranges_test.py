"""Ranges against plain float64 numpy over the whole data at once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.errors import SpecError
from fieldpack_converters.ranges import BINS, Extent, Histogram, RangeChoice, RangeKind, expected_error

Parts = list[NDArray[np.float32]]


@pytest.fixture(name="parts")
def _parts() -> Parts:
    generator = np.random.default_rng(3)
    return [generator.laplace(0.2, 1.0, (1, 20, 50)).astype(np.float32) for _ in range(40)]


def filled(
    parts: Parts, low: float | None = None, high: float | None = None
) -> tuple[Histogram, NDArray[np.float64]]:
    whole = np.concatenate([part.ravel() for part in parts])
    histogram = Histogram(whole.min() if low is None else low, whole.max() if high is None else high)
    for part in parts:
        histogram.add(part)
    return histogram, whole.astype(np.float64)


def test_extent_is_the_true_minimum_and_maximum_over_all_samples(parts: Parts) -> None:
    parts[7][0, 0, 0] = 900.0
    extent = Extent()
    for part in parts:
        extent.add(part)
    assert (extent.low, extent.high) == (float(np.min(parts)), 900.0)


def test_extent_leaves_out_what_is_not_finite() -> None:
    extent = Extent()
    extent.add(np.array([np.nan, np.inf], np.float32))
    assert not extent.known
    extent.add(np.array([np.nan, -1.0, 4.0, -np.inf], np.float32))
    assert (extent.low, extent.high) == (-1.0, 4.0)


@pytest.mark.parametrize("percentile", [90.0, 99.0, 99.9])
def test_percentile_agrees_with_numpy_within_a_bin(parts: Parts, percentile: float) -> None:
    histogram, whole = filled(parts)
    tail = (100.0 - percentile) / 2.0
    expected = np.percentile(whole, [tail, 100.0 - tail])
    width = (whole.max() - whole.min()) / BINS
    assert histogram.percentile_range(percentile) == pytest.approx(expected, abs=2 * width)


def test_the_whole_percentile_is_the_extent(parts: Parts) -> None:
    histogram, whole = filled(parts)
    assert histogram.percentile_range(100.0) == pytest.approx((whole.min(), whole.max()), abs=1e-6)


def test_percentile_keeps_the_zero_of_a_relu(parts: Parts) -> None:
    histogram, _ = filled([np.maximum(part, 0.0) for part in parts])
    assert histogram.percentile_range(99.0)[0] == 0.0


def quantisation_error(whole: NDArray[np.float64], low: float, high: float) -> float:
    step = (high - low) / 255
    point = np.rint(-low / step)
    codes = np.clip(np.rint(whole / step + point), 0, 255)
    return float(np.mean(((codes - point) * step - whole) ** 2))


def test_mse_range_cuts_a_rare_outlier_and_is_near_the_best_of_a_brute_force(parts: Parts) -> None:
    histogram, whole = filled(parts, low=-60.0, high=60.0)
    histogram.counts *= 1000
    histogram.counts[-1] = 1
    found = histogram.mse_range()
    assert found[1] < 20.0
    highs, lows = np.linspace(4.0, 20.0, 33), np.linspace(-20.0, -4.0, 33)
    best = min(quantisation_error(whole, low, high) for low in lows for high in highs)
    assert quantisation_error(whole, *found) < 1.1 * best


def test_mse_range_keeps_the_whole_of_a_uniform_tensor() -> None:
    histogram, _ = filled([np.linspace(-1.0, 2.0, 9001, dtype=np.float32)])
    assert histogram.mse_range() == pytest.approx((-1.0, 2.0), abs=0.05)


def test_expected_error_predicts_the_measured_error(parts: Parts) -> None:
    histogram, whole = filled(parts)
    predicted = expected_error(histogram.centres, histogram.counts / histogram.counts.sum(), -4.0, 4.0)
    assert predicted == pytest.approx(quantisation_error(whole, -4.0, 4.0), rel=0.02)


def test_a_constant_tensor_keeps_its_value() -> None:
    histogram = Histogram(0.5, 0.5)
    histogram.add(np.full(9, 0.5, np.float32))
    assert histogram.percentile_range(99.0) == (0.5, 0.5)
    assert histogram.mse_range() == (0.5, 0.5)


@pytest.mark.parametrize(
    "words", [{"kind": "entropy"}, {"kind": "percentile", "percentile": 0}, {"kind": "mse", "bins": 3}]
)
def test_wrong_words_are_refused(words: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        RangeChoice.from_words(words)


def test_words_are_read() -> None:
    assert RangeChoice.from_words({"kind": "mse"}) == RangeChoice(RangeKind.MSE)
    assert RangeChoice.from_words({"kind": "percentile", "percentile": 99.5}).percentile == 99.5
