"""GeoTIFF, COG and whatever else GDAL opens, as a scene."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.requirements import band_places, check_resolution, geo_library
from fieldpack.scenes.scene import Place, Window

CACHE_MB = 64
"""Of GDAL, which takes a twentieth of the machine's memory otherwise."""


class RasterScene:
    """An open file that fits the contract; made by :func:`open_scene`."""

    def __init__(self, path: Path, dataset: Any, contract: RasterInput) -> None:
        self.path = path
        self._dataset = dataset
        self._applied = contract.band_tags == "applied"
        places = _bands(dataset, alpha=False)
        self._alpha = _bands(dataset, alpha=True)
        names = [dataset.descriptions[place - 1] for place in places]
        self._bands = [places[at] for at in band_places(str(path), contract, names)]
        self.place = Place(dataset.height, dataset.width, dataset.crs.to_wkt(), tuple(dataset.transform[:6]))
        metres = dataset.crs.linear_units_factor[1] if dataset.crs.is_projected else None
        check_resolution(str(path), contract, self.place.resolution, metres)

    def read(self, row: int, column: int, height: int, width: int) -> Window:
        """A window, [bands, height, width].

        Raises
        ------
        InputError
            The file is damaged there.
        """
        rasterio = geo_library("rasterio")
        part = rasterio.windows.Window(column, row, width, height)
        try:
            values = self._dataset.read(self._bands, window=part)
            # GDAL takes an alpha band for a mask only where it holds small integers.
            masks = self._dataset.read_masks(self._bands, window=part)
            alpha = self._dataset.read(self._alpha, window=part) if self._alpha else masks[:0]
        except rasterio.errors.RasterioError as error:
            raise InputError(
                f"{self.path} is damaged: rows {row} to {row + height - 1}, columns {column} to "
                f"{column + width - 1} cannot be read",
                came=" ".join(str(error).split())[:300],
                hint="fetch the file again; its size differs from the original's where it was cut off",
            ) from error
        return Window(self._tagged(values), np.asarray((masks == 0).any(axis=0) | (alpha == 0).any(axis=0)))

    def read_all(self) -> Window:
        """The whole file."""
        return self.read(0, 0, self.place.height, self.place.width)

    def _tagged(self, values: Any) -> Any:
        """Values with the file's own scale and offset, where the contract wants them applied."""
        pairs = [(self._dataset.scales[band - 1], self._dataset.offsets[band - 1]) for band in self._bands]
        if not self._applied or all(pair == (1.0, 0.0) for pair in pairs):
            return values
        scale, offset = (np.array(part, np.float64)[:, None, None] for part in zip(*pairs, strict=True))
        return (values * scale + offset).astype(np.float32)


@contextmanager
def open_scene(path: Path, contract: RasterInput) -> Iterator[RasterScene]:
    """Open a file and hold it against the contract.

    Raises
    ------
    InputError
        It is no raster, has no coordinate reference system, or other bands or pixels than the contract asks
        for.
    MissingDependencyError
        rasterio is not installed.
    """
    rasterio = geo_library("rasterio")
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        try:
            with warnings.catch_warnings():  # a file without a place is refused below
                warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
                dataset = rasterio.open(path)
        except rasterio.errors.RasterioError as error:
            raise InputError(
                f"{path} cannot be opened as a raster", came=" ".join(str(error).split())[:300]
            ) from error
        with dataset:
            _check(path, dataset)
            yield RasterScene(path, dataset, contract)


def _check(path: Path, dataset: Any) -> None:
    if dataset.crs is None and dataset.gcps[0]:
        raise InputError(
            f"{path} has ground control points in place of a transform",
            hint="place its pixels first: gdalwarp IN OUT",
        )
    if dataset.crs is None:
        raise InputError(
            f"{path} has no coordinate reference system, so its answers would have no place",
            hint="if you know it: gdal_edit.py -a_srs EPSG:CODE FILE",
        )
    if not (dataset.crs.is_projected or dataset.crs.is_geographic) or dataset.transform.is_identity:
        raise InputError(
            f"{path} does not say where its pixels lie",
            came=f"transform {tuple(dataset.transform[:6])}",
            allowed="projected or geographic coordinates and a transform",
        )
    if any(np.dtype(kind).kind not in "fiu" for kind in dataset.dtypes):
        raise InputError(f"{path} holds no real numbers", came=", ".join(sorted(set(dataset.dtypes))))


def _bands(dataset: Any, *, alpha: bool) -> list[int]:
    """Numbers of the bands that are alpha, which is a mask, or of all others."""
    return [
        number
        for number, meaning in zip(dataset.indexes, dataset.colorinterp, strict=True)
        if (meaning.name == "alpha") == alpha
    ]
