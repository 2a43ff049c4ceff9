"""A map as a picture: each flavour's range over coastlines, and what differs between two of them.

Equirectangular, north up. Coastlines come from a GeoJSON file of land polygons; without one there is a
graticule alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from fieldpack.errors import InputError
from fieldpack.range_maps.grid import Box, rings_of
from fieldpack.range_maps.scored import RangeMap, Scored

PANEL, HEAD, GAP, FOOT = 900, 64, 16, 40
PAPER, SEA, LAND, COAST, INK, LINE = (
    (255, 255, 255), (236, 242, 247), (249, 247, 240), (92, 92, 86), (33, 37, 41), (206, 214, 222),
)  # fmt: skip
BOTH, LOST, GAINED = (104, 176, 136), (214, 84, 48), (58, 104, 196)
STEPS = (1, 2, 5, 10, 15, 30, 45)
"""Degrees between lines of the graticule."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a box of the earth lies in a panel."""

    box: Box
    left: int
    height: int

    def x(self, longitude: float) -> float:
        """Column of a longitude, which may run on beyond 180 degrees."""
        return self.left + (longitude - self.box.west) / self.box.width * PANEL

    def y(self, latitude: float) -> float:
        """Row of a latitude."""
        return HEAD + (self.box.north - latitude) / (self.box.north - self.box.south) * self.height


def draw_map(found: RangeMap, box: Box, land: Path | None) -> Image.Image:
    """One panel a flavour, side by side.

    Parameters
    ----------
    found : RangeMap
        One flavour or two; the second panel shows what it lost and gained against the first.
    box : Box
        What is shown.
    land : Path or None
        GeoJSON of polygons in longitude and latitude.

    Raises
    ------
    InputError
        The land is no such file.
    """
    height = int(min(max(PANEL * (box.north - box.south) / box.width, 200), 900))
    rings = [] if land is None else list(_rings(land))
    count = len(found.flavours)
    picture = Image.new("RGB", (count * PANEL + (count + 1) * GAP, HEAD + height + FOOT), PAPER)
    for number, item in enumerate(found.flavours):
        panel = Image.new("RGB", picture.size, PAPER)
        frame = _Frame(box, GAP + number * (PANEL + GAP), height)
        _draw_panel(ImageDraw.Draw(panel), frame, found, item, rings)
        area = (frame.left, 0, frame.left + PANEL, picture.height)
        picture.paste(panel.crop(area), area[:2])
    pen = ImageDraw.Draw(picture)
    pen.text(
        (GAP, 10), f"{found.taxon}   {found.bundle}, H3 resolution {found.resolution}", INK, font=_font(20)
    )
    return picture


def _draw_panel(pen: Any, frame: _Frame, found: RangeMap, item: Scored, rings: list[list[Any]]) -> None:
    bottom = HEAD + frame.height
    pen.rectangle((frame.left, HEAD, frame.left + PANEL, bottom), SEA)
    for ring in rings:
        for points in _placed(frame, ring):
            pen.polygon(points, LAND)
    first = found.flavours[0]
    for place in found.shown:
        here, there = bool(item.expected[place]), bool(first.expected[place])
        colour = BOTH if here and there else GAINED if here else LOST
        if here or item is not first:
            for outline in rings_of(int(found.cells[place])):
                for points in _placed(frame, outline):
                    pen.polygon(points, colour)
    for ring in rings:
        for points in _placed(frame, ring):
            pen.line(points, COAST, 1)
    _graticule(pen, frame)
    pen.rectangle((frame.left - 1, bottom + 1, frame.left + PANEL, bottom + FOOT), PAPER)
    pen.rectangle((frame.left - 1, 0, frame.left + PANEL, HEAD - 1), PAPER)
    pen.rectangle((frame.left, HEAD, frame.left + PANEL - 1, bottom), outline=INK)
    words = f"{item.flavour} ({item.evidence}), expected from {item.threshold:.4g} in "
    pen.text((frame.left, 38), words + f"{int(item.expected.sum()):,} cells", INK, font=_font(16))
    if item is not first:
        _legend(pen, frame, found, item, bottom + 12)


def _legend(pen: Any, frame: _Frame, found: RangeMap, item: Scored, top: int) -> None:
    first = found.flavours[0].expected
    counts = ((first & item.expected).sum(), (first & ~item.expected).sum(), (~first & item.expected).sum())
    left = float(frame.left)
    parts = zip((BOTH, LOST, GAINED), ("in both", "lost", "gained"), counts, strict=True)
    for colour, name, count in parts:
        pen.rectangle((left, top + 3, left + 14, top + 17), colour)
        words = f"{name} {int(count):,}"
        pen.text((left + 20, top), words, INK, font=_font(16))
        left += 40 + pen.textlength(words, font=_font(16))
    if found.overlap is not None:
        pen.text((left, top), f"overlap {found.overlap:.4f}", INK, font=_font(16))


def _placed(frame: _Frame, ring: Any) -> Iterator[list[tuple[float, float]]]:
    """A ring in a panel; in a box beyond the antimeridian it may lie a turn further east."""
    turns = (0, 360) if frame.box.west > frame.box.east else (0,)
    for turn in turns:
        points = [(frame.x(x + turn), frame.y(y)) for x, y in ring]
        across = [point[0] for point in points]
        if max(across) >= frame.left and min(across) <= frame.left + PANEL:
            yield points


def _graticule(pen: Any, frame: _Frame) -> None:
    step = next((step for step in STEPS if frame.box.width / step <= 9), STEPS[-1])
    east = frame.box.west + frame.box.width
    for degree in range(int(frame.box.west // step) * step, int(east) + 1, step):
        if frame.box.west < degree < east:
            pen.line((frame.x(degree), HEAD, frame.x(degree), HEAD + frame.height), LINE, 1)
    for degree in range(int(frame.box.south // step) * step, int(frame.box.north) + 1, step):
        if frame.box.south < degree < frame.box.north:
            pen.line((frame.left, frame.y(degree), frame.left + PANEL, frame.y(degree)), LINE, 1)


def _rings(path: Path) -> Iterator[list[Any]]:
    """Outer rings of a GeoJSON file's polygons."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        features = document["features"] if document["type"] == "FeatureCollection" else [document]
        for feature in features:
            shape = feature.get("geometry") or feature
            parts = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}[shape["type"]]
            for part in parts:
                yield [(float(point[0]), float(point[1])) for point in part[0]]
    except OSError as error:
        raise InputError("the land cannot be read", came=f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"{path} is no GeoJSON of land polygons",
            came=f"{type(error).__name__}: {error}",
            allowed="features of type Polygon or MultiPolygon, in longitude and latitude",
        ) from error


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
