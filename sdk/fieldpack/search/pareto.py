"""Which trials no other trial beats."""

from __future__ import annotations

from collections.abc import Sequence


def front(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Places of the points that no other point dominates, in their order; smaller is better everywhere.

    A point dominates another when it is nowhere larger and somewhere smaller; of equal points the first
    stays.
    """
    kept = []
    for place, point in enumerate(points):
        beaten = any(
            all(a <= b for a, b in zip(other, point, strict=True)) and (other != point or rival < place)
            for rival, other in enumerate(points)
            if rival != place
        )
        if not beaten:
            kept.append(place)
    return kept
