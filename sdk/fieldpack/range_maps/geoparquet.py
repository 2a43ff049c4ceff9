"""A map as GeoParquet 1.1: a row a cell, the outline as WKB in longitude and latitude (OGC:CRS84)."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack.range_maps.geojson import about
from fieldpack.range_maps.grid import Ring, rings_of
from fieldpack.range_maps.scored import RangeMap, properties


def geoparquet_bytes(found: RangeMap, places: NDArray[np.int64]) -> bytes:
    """The cells at these places of the map as the bytes of a Parquet file.

    Raises
    ------
    MissingDependencyError
        pyarrow or shapely is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
        import shapely
    except ImportError as error:
        raise MissingDependencyError(
            "GeoParquet needs pyarrow and shapely", hint="pip install 'fieldpack[geo]'"
        ) from error
    shapes = [_shape(shapely, rings_of(int(found.cells[place]))) for place in places]
    rows = [properties(found, int(place)) for place in places]
    kinds = {"cell": pa.string()}
    for ending in ("", "_compared")[: len(found.flavours)]:
        kinds |= {f"score{ending}": pa.float64(), f"expected{ending}": pa.bool_()}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    table = pa.table(
        {**columns, "geometry": pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary())}
    )
    metadata = {
        b"geo": json.dumps(_geo(shapely, shapes)).encode(),
        b"fieldpack": json.dumps(about(found)).encode(),
    }
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), buffer, compression="zstd")
    return buffer.getvalue()


def _shape(shapely: Any, rings: list[Ring]) -> Any:
    parts = [shapely.Polygon(ring) for ring in rings]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _geo(shapely: Any, shapes: list[Any]) -> dict[str, Any]:
    """The metadata that the format asks for; without ``crs`` it is OGC:CRS84."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted({shape.geom_type for shape in shapes}),
        "orientation": "counterclockwise",
        "edges": "planar",
    }
    if shapes:
        column["bbox"] = [float(value) for value in shapely.total_bounds(shapes)]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
