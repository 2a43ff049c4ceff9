"""A map as GeoJSON (RFC 7946): a feature a cell, cut at the antimeridian, longitude before latitude."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.range_maps.grid import Ring, rings_of
from fieldpack.range_maps.scored import RangeMap, properties

DECIMALS = 7
"""Of a degree: a centimetre, as RFC 7946, section 11.2 finds enough."""


def geojson_bytes(found: RangeMap, places: NDArray[np.int64]) -> bytes:
    """The cells at these places of the map as a feature collection, UTF-8.

    What the map is of stands in a foreign member ``fieldpack``.
    """
    features = [
        {
            "type": "Feature",
            "id": f"{int(found.cells[place]):x}",
            "geometry": geometry_of(rings_of(int(found.cells[place]))),
            "properties": properties(found, int(place)),
        }
        for place in places
    ]
    document = {"type": "FeatureCollection", "fieldpack": about(found), "features": features}
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def about(found: RangeMap) -> dict[str, Any]:
    """What the map is of, as plain data."""
    return {
        "taxon": found.taxon,
        "h3_resolution": found.resolution,
        "bundle": found.bundle,
        "digest": found.digest,
        "flavours": [
            {"flavour": item.flavour, "evidence": item.evidence, "threshold": round(item.threshold, 7)}
            for item in found.flavours
        ],
        "overlap": None if found.overlap is None else round(found.overlap, 6),
    }


def geometry_of(rings: list[Ring]) -> dict[str, Any]:
    """A polygon, or a multipolygon of several rings."""
    parts = [[[[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring]] for ring in rings]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}
