"""Cells of a resolution, and their outlines in longitude and latitude.

A cell on the antimeridian is cut there in two, and one that holds a pole reaches along it, as RFC 7946,
section 3.1.9 asks; rings run counterclockwise and end where they begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.cells import Cells, h3_library

MOST_CELLS = 3_000_000
WIDEST_DEGREES = 60.0
"""Of one piece of a box: H3 takes wider ones for the other side of the earth."""

Ring = tuple[tuple[float, float], ...]
"""(longitude, latitude) of each corner, the first again at the end."""


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, WGS 84; a box whose west is above its east crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        latitudes = -90 <= self.south < self.north <= 90
        if not latitudes or not (-180 <= self.west <= 180 and -180 <= self.east <= 180):
            raise InputError(
                "a box of the map is no box",
                came=f"{self.south:g},{self.west:g},{self.north:g},{self.east:g}",
                allowed="SOUTH,WEST,NORTH,EAST in degrees, latitude before longitude",
            )

    @property
    def width(self) -> float:
        """Degrees from west to east."""
        return self.east - self.west if self.west < self.east else self.east - self.west + 360


WORLD = Box(-90, -180, 90, 180)


def cells_in(resolution: int, box: Box = WORLD) -> Cells:
    """The cells whose centres lie in a box, in rising order, uint64 [N].

    Raises
    ------
    InputError
        The resolution is none, or there are more cells than a map takes.
    MissingDependencyError
        ``h3`` is not installed.
    """
    h3 = h3_library()
    if not 0 <= resolution <= 15:
        raise InputError("H3 has no such resolution", came=resolution, allowed="0 to 15")
    share = (np.sin(np.radians(box.north)) - np.sin(np.radians(box.south))) / 2 * box.width / 360
    likely = int(h3.get_num_cells(resolution) * share)
    if likely > MOST_CELLS:
        raise InputError(
            f"a map at resolution {resolution} has about {likely:,} cells",
            allowed=f"at most {MOST_CELLS:,}",
            hint="choose a coarser resolution, or a box with --bbox",
        )
    if box == WORLD:
        found = [cell for root in h3.get_res0_cells() for cell in h3.cell_to_children(root, resolution)]
    else:
        found = _in_box(h3, resolution, box)
    return np.unique(np.array(sorted(found), np.uint64))


def _in_box(h3: Any, resolution: int, box: Box) -> list[int]:
    from h3 import LatLngPoly

    pieces = int(np.ceil(box.width / WIDEST_DEGREES))
    found: list[int] = []
    for piece in range(pieces):
        west, east = (box.west + box.width * (piece + side) / pieces for side in (0, 1))
        parts = [(west, min(east, 180.0))] if west < 180 else []
        parts += [(max(west, 180.0) - 360, east - 360)] if east > 180 else []
        for left, right in parts:
            if left < right:
                corners = ((box.south, left), (box.south, right), (box.north, right), (box.north, left))
                found += h3.h3shape_to_cells(LatLngPoly(corners), resolution)
    return found


def rings_of(cell: int) -> list[Ring]:
    """The outline of a cell as one ring, or as one on each side of the antimeridian."""
    h3 = h3_library()
    corners = [(float(longitude), float(latitude)) for latitude, longitude in h3.cell_to_boundary(cell)]
    longitudes = [corner[0] for corner in corners]
    for pole in (90.0, -90.0):
        if h3.latlng_to_cell(pole, 0.0, h3.get_resolution(cell)) == cell:
            return [_polar(corners, pole)]
    if max(longitudes) - min(longitudes) <= 180:
        return [(*corners, corners[0])]
    return _cut([(x + 360 if x < 0 else x, y) for x, y in corners])


def _polar(corners: list[tuple[float, float]], pole: float) -> Ring:
    """A ring along the whole of a pole's latitude and back along the cell's edge."""
    rising = sorted(corners)
    (west, first), (east, last) = rising[0], rising[-1]
    gap = 360 - (east - west)
    edge = last + (first - last) * (180 - east) / gap
    line = [(-180.0, edge), *rising, (180.0, edge)]
    ring = [*line, (180.0, pole), (-180.0, pole), line[0]]
    return tuple(ring if pole > 0 else ring[::-1])


def _cut(corners: list[tuple[float, float]]) -> list[Ring]:
    """Both parts of an outline whose longitudes run on beyond 180 degrees."""
    try:
        from shapely.geometry import Polygon, box
        from shapely.geometry.polygon import orient
    except ImportError as error:
        raise MissingDependencyError("maps need shapely", hint="pip install 'fieldpack[geo]'") from error
    whole = Polygon(corners)
    rings: list[Ring] = []
    for west, shift in ((0.0, 0.0), (180.0, -360.0)):
        part = whole.intersection(box(west, -90.0, west + 180.0, 90.0))
        if part.area > 0:
            outline = orient(part).exterior.coords
            rings.append(tuple((float(x) + shift, float(y)) for x, y in outline))
    return rings
