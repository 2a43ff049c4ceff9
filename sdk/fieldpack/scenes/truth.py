"""A raster of true values that lies on a scene, its pixels a whole number of the scene's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack.scenes.reading import CACHE_MB
from fieldpack.scenes.requirements import geo_library
from fieldpack.scenes.scene import Affine, Place

ASTRAY = 0.01
"""Of a pixel of the truth, by which both grids may lie apart at any corner."""


class Truth:
    """An open file of truth; made by :func:`open_truth`."""

    def __init__(self, path: Path, dataset: Any, scene: Place) -> None:
        self.path, self._dataset = path, dataset
        self.factor, self._top, self._left = _in_line(path, dataset, scene)

    def read(self, row: int, column: int, height: int, width: int) -> NDArray[np.float32]:
        """A window counted from the scene's corner, in pixels of the truth; NaN where it is not known.

        The scale and offset that the file states are applied.

        Raises
        ------
        InputError
            The file is damaged there.
        """
        values = np.full((height, width), np.nan, np.float32)
        top, left = row + self._top, column + self._left
        first, end = max(top, 0), min(top + height, self._dataset.height)
        west, east = max(left, 0), min(left + width, self._dataset.width)
        if first < end and west < east:
            inner = np.s_[first - top : end - top, west - left : east - left]
            values[inner] = self._inside(first, west, end - first, east - west)
        return values

    def _inside(self, row: int, column: int, height: int, width: int) -> NDArray[np.float32]:
        """A window of the file."""
        rasterio = geo_library("rasterio")
        part = rasterio.windows.Window(column, row, width, height)
        try:
            found = self._dataset.read(1, window=part, masked=True)
        except rasterio.errors.RasterioError as error:
            raise InputError(
                f"{self.path} is damaged: rows {row} to {row + height - 1} cannot be read",
                came=" ".join(str(error).split())[:300],
            ) from error
        scaled = found.astype(np.float64) * self._dataset.scales[0] + self._dataset.offsets[0]
        values = np.ma.filled(scaled, np.nan).astype(np.float32)
        values[~np.isfinite(values)] = np.nan
        return np.asarray(values)


@contextmanager
def open_truth(path: Path, scene: Place) -> Iterator[Truth]:
    """Open a raster of truth and hold its grid against that of a scene.

    Raises
    ------
    InputError
        It is no raster of one band of real numbers, or its grid is not in line with the scene's.
    MissingDependencyError
        rasterio is not installed.
    """
    rasterio = geo_library("rasterio")
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        try:
            with warnings.catch_warnings():  # a file without a place is not in line
                warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
                dataset = rasterio.open(path)
        except rasterio.errors.RasterioError as error:
            raise InputError(
                f"{path} cannot be opened as a raster", came=" ".join(str(error).split())[:300]
            ) from error
        with dataset:
            if dataset.count != 1 or np.dtype(dataset.dtypes[0]).kind not in "fiu":
                raise InputError(
                    f"{path} is no raster of truth",
                    came=f"{dataset.count} band(s) of {dataset.dtypes[0]}",
                    allowed="one band of real numbers",
                )
            yield Truth(path, dataset, scene)


def _in_line(path: Path, dataset: Any, scene: Place) -> tuple[int, int, int]:
    """(pixels of the scene along a pixel of the truth, row and column of the scene's corner in the truth)."""
    rasterio = geo_library("rasterio")
    if dataset.crs is None or dataset.crs != rasterio.crs.CRS.from_wkt(scene.crs):
        raise InputError(
            f"{path} has other coordinates than its scene",
            came="none" if dataset.crs is None else dataset.crs.to_string()[:200],
            hint="bring it to the scene's: gdalwarp -t_srs EPSG:CODE IN OUT",
        )
    a, b, c, d, e, f = tuple(~dataset.transform @ rasterio.Affine(*scene.transform))[:6]
    factor = round(1 / a) if 0 < a <= 1.5 else 0
    top, left = round(f), round(c)
    wanted = (1 / factor, 0.0, left, 0.0, 1 / factor, top) if factor else None
    if wanted is None or _apart((a, b, c, d, e, f), wanted, scene) > ASTRAY:
        raise InputError(
            f"the pixels of {path} are not in line with those of its scene",
            came=f"a pixel of the scene is {a:.6g} by {e:.6g} of them, from column {c:.6g}, row {f:.6g} on",
            allowed="pixels as large as a whole number of the scene's, that begin where pixels of it begin",
            hint="resample it onto the scene's grid: gdalwarp -tr X Y -te XMIN YMIN XMAX YMAX IN OUT",
        )
    return factor, top, left


def _apart(one: Affine, two: Affine, scene: Place) -> float:
    """The largest distance of two transforms at the corners of a scene."""
    corners = [(row, column) for row in (0, scene.height) for column in (0, scene.width)]
    ends = [
        (p * column + q * row + r) - (s * column + t * row + u)
        for row, column in corners
        for (p, q, r), (s, t, u) in ((one[:3], two[:3]), (one[3:], two[3:]))
    ]
    return float(np.abs(ends).max())
