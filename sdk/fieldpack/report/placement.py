"""Labels beside points, without one covering another, at every width of the drawing.

A drawing stretches sideways with the screen while its letters keep their size, so each
place is tried at several widths and taken only if it is free at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

WIDTHS = (250.0, 310.0, 560.0, 900.0)
"""Widths of the drawing area that are tried, CSS pixels: two phones, a tablet, a desk."""
LETTER = 6.9
"""Width of a letter of a label at most on average, CSS pixels."""
LINE = 15.0
GAP = 12.0
MARKER = 9.0
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point to label: `share` of the width from the left, `y` and the whisker's ends in pixels."""

    share: float
    y: float
    top: float
    bottom: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label goes, relative to its point: anchor of the text and first baseline."""

    anchor: str
    dx: float
    dy: float


@dataclass
class _Taken:
    """What is taken at each width."""

    boxes: dict[float, list[Box]] = field(default_factory=lambda: {width: [] for width in WIDTHS})


def place_labels(
    spots: Sequence[Spot], height: float, reserved: Sequence[tuple[float, float]]
) -> list[Place]:
    """Choose a place for every label.

    Parameters
    ----------
    spots : sequence of Spot
        The points.
    height : float
        Height of the drawing, pixels.
    reserved : sequence of (top, bottom)
        Bands over the whole width that stay free of labels.
    """
    taken = _Taken()
    for width, boxes in taken.boxes.items():
        boxes += [(-1e3, top, 1e4, bottom) for top, bottom in reserved]
        for spot in spots:
            boxes += _point_boxes(spot, width)
    places: list[Place] = []
    for spot in spots:
        best = min(_candidates(spot, height), key=lambda place: _cost(spot, place, taken, height))
        for width, boxes in taken.boxes.items():
            boxes.append(label_box(spot, best, width))
        places.append(best)
    return places


def label_box(spot: Spot, place: Place, width: float) -> Box:
    """The room that a label takes in a drawing of some width, pixels."""
    long = LETTER * max(len(line) for line in spot.lines)
    x = spot.share * width + place.dx
    left = {"start": x, "middle": x - long / 2, "end": x - long}[place.anchor]
    top = spot.y + place.dy - LINE + 3
    return left, top, left + long, top + LINE * len(spot.lines)


def freedom(label: Spot, place: Place, spots: Sequence[Spot]) -> int:
    """Minus the number of points and whiskers that a label would cover, over all widths."""
    return -sum(
        _meet(label_box(label, place, width), box)
        for width in WIDTHS
        for spot in spots
        for box in _point_boxes(spot, width)
    )


def _point_boxes(spot: Spot, width: float) -> list[Box]:
    x = spot.share * width
    return [
        (x - MARKER, spot.y - MARKER, x + MARKER, spot.y + MARKER),
        (x - 3, spot.top, x + 3, spot.bottom),
    ]


def _candidates(spot: Spot, height: float) -> Iterator[Place]:
    tall = LINE * len(spot.lines)
    middle = LINE - 3 - tall / 2
    for shift in range(0, int(height), 6):
        for dy in {middle - shift: None, middle + shift: None}:
            yield Place("start", GAP, dy)
            yield Place("end", -GAP, dy)
            if shift >= tall / 2 + MARKER:
                yield Place("middle", 0.0, dy)


def _cost(spot: Spot, place: Place, taken: _Taken, height: float) -> float:
    own = len(spot.lines) * LINE / 2 - LINE + 3
    cost = abs(place.dy + own) + (4.0 if place.anchor != "start" else 0.0)
    for width, boxes in taken.boxes.items():
        left, top, right, bottom = label_box(spot, place, width)
        outside = max(0.0, -left) + max(0.0, right - width - 6) + max(0.0, -top) + max(0.0, bottom - height)
        cost += 40 * outside
        cost += sum(1000.0 for box in boxes if _meet((left, top, right, bottom), box))
    return cost


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
