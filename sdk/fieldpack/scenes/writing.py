"""A map on its way to a GeoTIFF: raw lines first, the finished file in one rename at the end.

Raw lines survive a kill at any moment, which a half-written TIFF does not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError, StorageError
from fieldpack.scenes.requirements import geo_library
from fieldpack.scenes.scene import Place

BLOCK = 256
SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class MapBand:
    """One band of a map: its name, and the unit of its numbers."""

    name: str
    unit: str


class RawMap:
    """The unfinished map: float32 [bands, rows, columns], band after band, NaN where there is no answer.

    Parameters
    ----------
    path : Path
        The file.
    place : Place
        Size and place of the map.
    bands : sequence of MapBand
        In order.
    """

    def __init__(self, path: Path, place: Place, bands: Sequence[MapBand]) -> None:
        self.path, self._place, self._bands = path, place, tuple(bands)
        self.shape = (len(bands), place.height, place.width)

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return 4 * int(np.prod(self.shape))

    def begin(self) -> None:
        """Make the file; whatever was there is gone.

        Raises
        ------
        StorageError
            It cannot be written, or there is no room for it.
        """
        try:
            with self.path.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, self.size_bytes)
                else:
                    file.truncate(self.size_bytes)
        except OSError as error:
            self.path.unlink(missing_ok=True)
            raise self._failure(error) from error

    def write(self, first: int, values: NDArray[np.float32]) -> None:
        """Write lines [bands, lines, columns] from line `first` on, down to the disk."""
        try:
            with self.path.open("r+b") as file:
                for band, lines in enumerate(values):
                    file.seek(4 * (band * self.shape[1] + first) * self.shape[2])
                    file.write(np.ascontiguousarray(lines, "<f4").data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._failure(error) from error

    def known(self) -> float:
        """Share of pixels with an answer, in the first band."""
        count = sum(int(np.isfinite(self._lines(0, top)).sum()) for top in range(0, self.shape[1], BLOCK))
        return count / (self.shape[1] * self.shape[2])

    def _lines(self, band: int, top: int) -> NDArray[np.float32]:
        """Up to ``BLOCK`` lines of a band, read and not mapped, so that the memory stays flat."""
        count = min(BLOCK, self.shape[1] - top)
        first = 4 * (band * self.shape[1] + top) * self.shape[2]
        values = np.fromfile(self.path, "<f4", count * self.shape[2], offset=first)
        return values.reshape(count, self.shape[2])

    def finish(self, target: Path, tags: Mapping[str, str], *, cloud_optimised: bool) -> None:
        """Write the GeoTIFF and put it at `target` in one rename; the raw lines stay.

        Tiles of 256 pixels, deflated with the predictor for floats; a cloud-optimised file has overviews too.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        rasterio = geo_library("rasterio")
        plain, made = (target.with_name(f"{target.name}.{word}.tif") for word in ("plain", "made"))
        try:
            with rasterio.Env(GDAL_CACHEMAX=64):
                self._write_plain(plain, tags)
                if cloud_optimised:
                    settings = {"compress": "deflate", "predictor": "yes", "overview_resampling": "average"}
                    geo_library("rasterio.shutil").copy(
                        plain, made, driver="COG", blocksize=BLOCK, **settings
                    )
                    os.replace(made, plain)
            os.replace(plain, target)
        except (OSError, rasterio.errors.RasterioError) as error:
            raise StorageError(
                "the map cannot be written",
                came=" ".join(str(error).split()),
                hint="make room",
            ) from error
        finally:
            for left in (plain, made):
                left.unlink(missing_ok=True)

    def _write_plain(self, path: Path, tags: Mapping[str, str]) -> None:
        rasterio = geo_library("rasterio")
        bands, height, width = self.shape
        profile = {
            "driver": "GTiff", "dtype": "float32", "count": bands, "height": height, "width": width,
            "crs": rasterio.crs.CRS.from_wkt(self._place.crs),
            "transform": rasterio.Affine(*self._place.transform),
            "nodata": float("nan"), "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK,
            "compress": "deflate", "predictor": 3, "interleave": "band", "bigtiff": "if_safer",
        }  # fmt: skip
        with rasterio.open(path, "w", **profile) as written:
            written.update_tags(**tags)
            for number, band in enumerate(self._bands, start=1):
                written.set_band_description(number, band.name)
                written.set_band_unit(number, band.unit)
                for top in range(0, height, BLOCK):
                    lines = self._lines(number - 1, top)
                    part = rasterio.windows.Window(0, top, width, len(lines))
                    written.write(lines, number, window=part)

    def _failure(self, error: OSError) -> StorageError:
        return StorageError(
            "the unfinished map cannot be written",
            came=f"{self.path}: {error.strerror}",
            hint=f"it needs {self.size_bytes / 1e6:.0f} MB there, and as much again for the finished file",
        )


def check_target(target: Path) -> None:
    """Refuse a target that is no GeoTIFF's name, or lies nowhere.

    Raises
    ------
    InputError
        The suffix is another.
    StorageError
        There is no such folder.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise InputError("a map is written as GeoTIFF", came=target.name, allowed="--out FILE.tif")
    if not target.absolute().parent.is_dir():
        raise StorageError("there is no such folder", came=target.absolute().parent)
