"""Integer grids: what is written back is found again, by the formulas of both converters."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import gptq
from fieldpack_converters.passes.grid import Grid, grid_of, to_bfloat16

CASES = [(8, None), (8, 16), (4, None), (4, 16)]


@pytest.fixture
def weights() -> Array:
    """float32 [70, 64]."""
    return np.random.default_rng(0).standard_normal((70, 64)).astype(np.float32)


@pytest.fixture
def moments() -> Array:
    """Second moments of correlated features that are never negative, float64 [64, 64]."""
    generator = np.random.default_rng(1)
    features = np.maximum(generator.standard_normal((500, 8)) @ generator.standard_normal((8, 64)) + 1, 0)
    return np.asarray(features.T @ features / 500)


def loss(weights: Array, moments: Array, grid: Grid, steps: Array) -> float:
    lost = weights - grid.real(steps)
    return float(np.einsum("ok,kl,ol->", lost, moments, lost))


@pytest.mark.parametrize(("bits", "width"), CASES)
def test_written_back_weights_give_the_same_grid_and_steps(
    weights: Array, moments: Array, bits: int, width: int | None
) -> None:
    grid = grid_of(weights, bits, width, np.diag(moments))
    steps = gptq.rounded(weights, moments, grid, 0.01)
    written = grid.real(steps)
    again = grid_of(written, bits, width)
    np.testing.assert_allclose(again.scales, grid.scales, rtol=1e-6)
    np.testing.assert_array_equal(again.nearest(written), steps)


@pytest.mark.parametrize(("bits", "width"), CASES)
def test_half_floats_keep_the_steps(weights: Array, moments: Array, bits: int, width: int | None) -> None:
    grid = grid_of(weights, bits, width)
    steps = gptq.rounded(weights, moments, grid, 0.01)
    halves = grid.real(steps).astype(np.float16)
    scales = np.abs(halves.astype(np.float32)).reshape(70, -1, grid.width).max(axis=2) / grid.last
    spread = np.repeat(scales.astype(np.float16).astype(np.float32), grid.width, axis=1)
    np.testing.assert_array_equal(np.rint(halves.astype(np.float32) / spread), steps)


@pytest.mark.parametrize(("bits", "width"), CASES)
def test_rounding_with_moments_loses_less_than_the_nearest(
    weights: Array, moments: Array, bits: int, width: int | None
) -> None:
    grid = grid_of(weights, bits, width)
    nearest = loss(weights, moments, grid, grid.nearest(weights))
    assert loss(weights, moments, grid, gptq.rounded(weights, moments, grid, 1e-3)) < 0.6 * nearest


def test_without_correlation_the_nearest_steps_are_best(weights: Array) -> None:
    grid = grid_of(weights, 8)
    np.testing.assert_array_equal(gptq.rounded(weights, np.eye(64), grid, 0.01), grid.nearest(weights))


def test_a_searched_scale_loses_less_at_four_bits(weights: Array, moments: Array) -> None:
    plain, searched = grid_of(weights, 4), grid_of(weights, 4, importance=np.diag(moments))
    diagonal = np.diag(np.diag(moments))
    assert loss(weights, diagonal, searched, searched.nearest(weights)) < 0.95 * loss(
        weights, diagonal, plain, plain.nearest(weights)
    )


def test_the_compensation_is_the_factor_of_the_inverse(moments: Array) -> None:
    damped = moments + 0.01 * np.diag(moments).mean() * np.eye(64)
    factor = gptq.compensation(moments, 0.01)
    np.testing.assert_array_equal(factor, np.triu(factor))
    np.testing.assert_allclose(factor.T @ factor, np.linalg.inv(damped), rtol=1e-3, atol=1e-4)


def test_a_dead_channel_stays_dead() -> None:
    weights = np.zeros((2, 8), np.float32)
    weights[0] = np.linspace(-1, 1, 8)
    grid = grid_of(weights, 8)
    steps = gptq.rounded(weights, np.eye(8), grid, 0.01)
    assert not steps[1].any()
    assert np.abs(steps[0]).max() == 127


def test_bfloat16_rounds_to_even() -> None:
    values = np.array([1.0, 1.00390625, 1.01171875, 3.14159265], np.float32)
    np.testing.assert_array_equal(to_bfloat16(values), np.array([1.0, 1.0, 1.015625, 3.140625], np.float32))


def test_a_block_that_divides_nothing_is_refused(weights: Array) -> None:
    with pytest.raises(SpecError, match="block size"):
        grid_of(weights, 8, 24)
