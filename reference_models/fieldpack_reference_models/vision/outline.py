"""Plane geometry for the subjects: closed outlines as lists of points.

Only ``+ - * /`` and square roots are used, which IEEE 754 fixes to the last bit; the sine is a
polynomial of our own, since those of C libraries differ. Axes: x to the right, y down; angles in
turns (1.0 is a full circle), growing from +x to +y.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Point = tuple[float, float]
Outline = list[Point]

_TAU = 6.283185307179586


def sine(turns: float) -> float:
    """Sine of an angle in turns, to 1e-7, the same on every machine (Taylor series to x^11)."""
    t = turns - math.floor(turns + 0.5)
    if t > 0.25:
        t = 0.5 - t
    elif t < -0.25:
        t = -0.5 - t
    x = _TAU * t
    y = x * x
    series = 1 - y / 6 * (1 - y / 20 * (1 - y / 42 * (1 - y / 72 * (1 - y / 110))))
    return x * series


def cosine(turns: float) -> float:
    """Cosine of an angle in turns, by ``sine``."""
    return sine(turns + 0.25)


_CIRCLES: dict[int, list[Point]] = {}


def _circle(steps: int) -> list[Point]:
    if steps not in _CIRCLES:
        _CIRCLES[steps] = [(cosine(i / steps), sine(i / steps)) for i in range(steps)]
    return _CIRCLES[steps]


def polar(x: float, y: float, radius: float, turn: float) -> Point:
    """The point at a distance and direction from (x, y)."""
    return x + radius * cosine(turn), y + radius * sine(turn)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, steps: int = 20) -> Outline:
    """An ellipse around (x, y) with half axes rx and ry, turned by `turn`."""
    c, s = cosine(turn), sine(turn)
    return [(x + rx * a * c - ry * b * s, y + rx * a * s + ry * b * c) for a, b in _circle(steps)]


def radial(
    x: float, y: float, radius_at: Callable[[float], float], turn: float = 0.0, steps: int = 60
) -> Outline:
    """A star-shaped outline: `radius_at` gives the radius at a share 0..1 of the full circle."""
    return [polar(x, y, radius_at(i / steps), turn + i / steps) for i in range(steps)]


def curve(start: Point, bend: Point, end: Point, steps: int = 8) -> Outline:
    """Points of a quadratic Bezier curve, both ends included."""
    points = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c = (1 - t) * (1 - t), 2 * t * (1 - t), t * t
        points.append((a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]))
    return points


def ribbon(spine: Sequence[Point], left: Sequence[float], right: Sequence[float] | None = None) -> Outline:
    """A band around a spine, with a half width at each of its points (one list a side, or one for both)."""
    right = left if right is None else right
    near: Outline = []
    far: Outline = []
    last = len(spine) - 1
    for i, (x, y) in enumerate(spine):
        (x0, y0), (x1, y1) = spine[max(i - 1, 0)], spine[min(i + 1, last)]
        dx, dy = x1 - x0, y1 - y0
        length = math.sqrt(dx * dx + dy * dy) or 1.0
        nx, ny = -dy / length, dx / length
        near.append((x + nx * left[i], y + ny * left[i]))
        far.append((x - nx * right[i], y - ny * right[i]))
    far.reverse()
    return near + far


def stroke(spine: Sequence[Point], start: float, end: float) -> Outline:
    """A band whose half width runs evenly from `start` to `end`."""
    last = max(len(spine) - 1, 1)
    return ribbon(spine, [start + (end - start) * i / last for i in range(len(spine))])


def mirrored(outline: Sequence[Point]) -> Outline:
    """The outline reflected at the y axis."""
    return [(-x, y) for x, y in outline]


def grown(outline: Sequence[Point], factor: float, around: Point) -> Outline:
    """The outline scaled by `factor` around a point."""
    cx, cy = around
    return [(cx + (x - cx) * factor, cy + (y - cy) * factor) for x, y in outline]
