"""Tiles of rasters: missing data, clipping, scaling, the mask, and forms that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.preprocess.prepare import prepare, prepared_shape
from fieldpack.preprocess.raster import missing_pixels, prepare_raster, widened
from fieldpack.scenes.testing import SIDE, tile_contract


def stated(**fields: object) -> RasterInput:
    found = tile_contract(fields).inputs[0]
    assert isinstance(found, RasterInput)
    return found


def tile() -> np.ndarray:
    values = np.full((2, SIDE, SIDE), 750.0, np.float32)
    values[0, 0, 0] = np.nan
    values[1, 0, 1] = -1.0
    values[:, 0, 2] = 250.0
    values[:, 0, 3] = 9000.0
    return values


def test_numbers_are_clipped_scaled_and_filled() -> None:
    prepared = prepare_raster(tile(), stated(fill=-7.0))
    assert prepared.shape == (SIDE, SIDE, 2)
    assert prepared.dtype == np.float32
    assert prepared[0, :5].tolist() == [[-7, -7], [-7, -7], [-1, -1], [2, 2], [1, 1]]


@pytest.mark.parametrize(("mask", "known"), [("valid_is_1", 1.0), ("missing_is_1", 0.0)])
def test_the_mask_is_the_last_channel(mask: str, known: float) -> None:
    prepared = prepare_raster(tile(), stated(mask_channel=mask))
    assert prepared.shape == (SIDE, SIDE, 3)
    assert prepared[0, :3, 2].tolist() == [1 - known, 1 - known, known]


def test_integers_have_no_nan_and_the_files_mask_counts() -> None:
    values = np.full((2, SIDE, SIDE), 7, np.uint16)
    values[1, 2, 3] = 0
    masked = np.zeros((SIDE, SIDE), np.bool_)
    masked[5, 5] = True
    assert np.argwhere(missing_pixels(values, stated(no_data=0.0), masked)).tolist() == [[2, 3], [5, 5]]
    assert not missing_pixels(values, stated(no_data="none")).any()


def test_a_band_that_is_missing_takes_the_pixel_with_it() -> None:
    values = tile()
    values[1, 4, 4] = np.inf
    prepared = prepare_raster(values, stated())
    assert prepared[4, 4].tolist() == [0, 0]


def test_widening_reaches_so_far_and_no_farther() -> None:
    missing = np.zeros((7, 9), np.bool_)
    missing[0, 8] = missing[5, 2] = True
    slow = np.zeros_like(missing)
    for row, column in np.argwhere(missing):
        slow[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = True
    assert np.array_equal(widened(missing, 2), slow)
    assert np.array_equal(widened(missing, 0), missing)


def test_prepare_takes_arrays_and_npy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "tile.npy", tile())
    for raw in (tile(), tmp_path / "tile.npy"):
        assert np.array_equal(prepare(stated(), raw)[0], prepare_raster(tile(), stated()))
    ready = {"tile": np.zeros((SIDE, SIDE, 2), np.float32)}
    assert prepare(stated(layout="NCHW"), ready).shape == (1, *prepared_shape(stated(layout="NCHW")))


@pytest.mark.parametrize("shape", [(3, SIDE, SIDE), (SIDE, SIDE, 2), (2, SIDE, SIDE - 1)])
def test_another_shape_is_refused_with_the_bands(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="does not fit the raster input 'tile'") as caught:
        prepare(stated(), np.zeros(shape, np.float32))
    assert caught.value.allowed is not None
    assert "red, nir" in caught.value.allowed
    with pytest.raises(InputError):
        prepare(stated(), np.zeros((2, SIDE, SIDE), np.complex64))
