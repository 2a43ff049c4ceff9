"""From the bands of a tile to the array that a raster model takes: missing data, clipping, scaling, mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError

Flags = NDArray[np.bool_]


def missing_pixels(values: NDArray[Any], contract: RasterInput, masked: Flags | None = None) -> Flags:
    """Where a pixel has no data.

    Parameters
    ----------
    values : ndarray [bands, H, W]
        As measured, any real number format.
    contract : RasterInput
        Its ``no_data`` counts beside NaN and infinities.
    masked : ndarray of bool [H, W], optional
        Pixels that the file masks.

    Returns
    -------
    ndarray of bool [H, W]
        True where any band has no data, since a pixel is judged as a whole.
    """
    missing = np.zeros(values.shape[1:], np.bool_) if masked is None else masked.copy()
    if values.dtype.kind == "f":
        missing |= ~np.isfinite(values).all(axis=0)
    if not isinstance(contract.no_data, str):
        missing |= (values == contract.no_data).any(axis=0)
    return missing


def prepare_raster(
    values: NDArray[Any], contract: RasterInput, masked: Flags | None = None
) -> NDArray[np.float32]:
    """One tile in prepared form.

    Per band: ``clip``, then ``x = value * scale + offset``, in float64 and rounded once to float32. Then
    ``fill`` where the pixel has no data, then the mask channel.

    Parameters
    ----------
    values : ndarray [bands, H, W]
        As measured, in the contract's band order.
    contract : RasterInput
        Sizes, bands, what stands for no data.
    masked : ndarray of bool [H, W], optional
        Pixels that the file masks.

    Returns
    -------
    ndarray
        float32 [H, W, channels], whatever the layout of the source model.

    Raises
    ------
    InputError
        Another number of bands or another size, or values that are no real numbers.
    """
    expected = (len(contract.bands), contract.height, contract.width)
    if values.shape != expected or values.dtype.kind not in "fiu":
        raise InputError(
            f"an array does not fit the raster input {contract.name!r}",
            came=f"{values.dtype} {list(values.shape)}",
            allowed=f"real numbers {list(expected)}: bands ({_band_names(contract)}), rows, columns",
            hint="a whole scene goes through fieldpack predict BUNDLE scene.tif --out FILE.tif",
        )
    missing = missing_pixels(values, contract, masked)
    tile = np.empty((contract.height, contract.width, contract.channels), np.float32)
    for channel, band in enumerate(contract.bands):
        layer = values[channel].astype(np.float64)
        if not isinstance(band.clip, str):
            layer = np.clip(layer, *band.clip)
        scale, offset = band.scaling.scale_offset()
        layer[missing] = 0
        tile[..., channel] = layer * scale + offset
    tile[missing, : len(contract.bands)] = np.float32(contract.fill)
    if contract.mask_channel != "none":
        tile[..., -1] = missing if contract.mask_channel == "missing_is_1" else ~missing
    return tile


def widened(missing: Flags, pixels: int) -> Flags:
    """`missing` and everything within `pixels` rows and columns of it, [H, W]."""
    if not pixels or not missing.any():
        return missing
    height, width = missing.shape
    sums = np.zeros((height + 1, width + 1), np.int64)
    sums[1:, 1:] = missing.cumsum(axis=0).cumsum(axis=1)
    top = np.maximum(np.arange(height) - pixels, 0)
    bottom = np.minimum(np.arange(height) + pixels + 1, height)
    left = np.maximum(np.arange(width) - pixels, 0)
    right = np.minimum(np.arange(width) + pixels + 1, width)
    counts = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)]
    counts -= sums[np.ix_(bottom, left)] - sums[np.ix_(top, left)]
    return np.asarray(counts > 0, np.bool_)


def _band_names(contract: RasterInput) -> str:
    return ", ".join(band.name for band in contract.bands)
