"""A scene of the generated forest: ``python -m fieldpack_reference_models.forest.scene --out FILE.tif``.

For trying ``fieldpack predict`` on something that has coordinates; the place is made up.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack.scenes.requirements import geo_library
from fieldpack_reference_models.forest import world

CORNER_M = (500_000.0, 5_200_000.0)
"""Left and upper end in UTM 32 north."""
RESOLUTION_M = 10.0
PATCH_PX = 1000
"""A larger scene is a patchwork of landscapes, so that it needs no more memory than a strip of them."""


def write_scene(path: Path, rows: int, columns: int, number: int = 0) -> None:
    """Write landscapes as a GeoTIFF of four named bands, EPSG:32632; 0 means no data.

    Raises
    ------
    MissingDependencyError
        rasterio is not installed.
    InputError
        The size is below one pixel.
    """
    if min(rows, columns) < 1:
        raise InputError("a scene has pixels", came=f"{rows} by {columns}", allowed="1 by 1 at least")
    rasterio = geo_library("rasterio")
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": len(world.BANDS), "height": rows, "width": columns,
        "crs": "EPSG:32632", "nodata": world.NO_DATA, "tiled": True, "compress": "deflate",
        "transform": rasterio.Affine(RESOLUTION_M, 0.0, CORNER_M[0], 0.0, -RESOLUTION_M, CORNER_M[1]),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        for top in range(0, rows, PATCH_PX):
            strip = _strip(number + top // PATCH_PX * 1000, min(PATCH_PX, rows - top), columns)
            file.write(strip, window=rasterio.windows.Window(0, top, columns, strip.shape[1]))
        for place, name in enumerate(world.BANDS, start=1):
            file.set_band_description(place, name)


def _strip(number: int, rows: int, columns: int) -> NDArray[np.uint16]:
    """Landscapes beside each other, uint16 [4, rows, columns]."""
    lefts = range(0, columns, PATCH_PX)
    parts = [
        world.landscape("scene", number + place, rows, min(PATCH_PX, columns - left)).bands
        for place, left in enumerate(lefts)
    ]
    return np.concatenate(parts, axis=2)


def main(arguments: list[str] | None = None) -> int:
    """Write a scene."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.forest.scene")
    parser.add_argument("--out", type=Path, required=True, help="FILE.tif")
    parser.add_argument("--rows", type=int, default=700)
    parser.add_argument("--columns", type=int, default=900)
    parser.add_argument("--number", type=int, default=0, help="which landscape (default 0)")
    options = parser.parse_args(arguments)
    write_scene(options.out, options.rows, options.columns, options.number)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
