"""A scene of the generated forest: ``python -m fieldpack_reference_models.forest.scene --out FILE.tif``.

For trying ``fieldpack predict`` on something that has coordinates; the place is made up.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.errors import InputError
from fieldpack.scenes.requirements import geo_library
from fieldpack_reference_models.forest import world

CORNER_M = (500_000.0, 5_200_000.0)
"""Left and upper end in UTM 32 north."""
RESOLUTION_M = 10.0


def write_scene(path: Path, rows: int, columns: int, number: int = 0) -> None:
    """Write a landscape as a GeoTIFF of four named bands, EPSG:32632; 0 means no data.

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
    bands = world.landscape("scene", number, rows, columns).bands
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": len(bands), "height": rows, "width": columns,
        "crs": "EPSG:32632", "nodata": world.NO_DATA, "tiled": True, "compress": "deflate",
        "transform": rasterio.Affine(RESOLUTION_M, 0.0, CORNER_M[0], 0.0, -RESOLUTION_M, CORNER_M[1]),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)
        for place, name in enumerate(world.BANDS, start=1):
            file.set_band_description(place, name)


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
