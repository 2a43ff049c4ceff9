"""The generated planet as data: observations by people who go to some places more than to others, and a grid.

Observations name one kind at one place and say nothing of absences; the grid tells the whole truth. All of it
comes from a seed, so that a range model can be packed and checked end to end anywhere.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack_reference_models.planet.ground import WORLD as WORLD
from fieldpack_reference_models.planet.ground import Floats, degrees, elevation_m, field
from fieldpack_reference_models.planet.ranges import lives, presence
from fieldpack_reference_models.vision.world import CLASSES as CLASSES

SPLITS: tuple[str, ...] = ("train", "validation", "calibration", "test")
DRAWN_AT_ONCE = 8192
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class Places:
    """Places with what is known of them.

    Attributes
    ----------
    latitudes, longitudes, elevations : float64 [N]
        Degrees, degrees, metres.
    presence : bool [N, 12]
        Which kinds live there, by ``CLASSES``.
    labels : int64 [N]
        The kind that was seen, -1 where nobody looked.
    """

    latitudes: Floats
    longitudes: Floats
    elevations: Floats
    presence: NDArray[np.bool_]
    labels: NDArray[np.int64]


def observations(split: str, count: int) -> Places:
    """The first `count` observations of a split, kinds in turn; a split is a seed of its own.

    Parameters
    ----------
    split : str
        One of ``SPLITS``.
    count : int
        How many; fewer are the beginning of more.

    Raises
    ------
    InputError
        There is no such split, or the count is not above 0.
    """
    _check(split, count)
    each = -(-count // len(CLASSES))
    found = np.stack([_seen(split, kind, each) for kind in range(len(CLASSES))], axis=1)
    sphere = found.reshape(-1, 3)[:count]
    return _known(sphere, np.arange(count, dtype=np.int64) % len(CLASSES))


def _seen(split: str, kind: int, count: int) -> Floats:
    """Points [count, 3] where one kind was seen: where it lives, and people go."""
    dice = _generator("observations", split, CLASSES[kind])
    kept: list[Floats] = []
    while sum(len(part) for part in kept) < count:
        sphere = _uniform(dice)
        visited = sphere[dice.random(len(sphere)) < effort(sphere)]
        kept.append(visited[lives(CLASSES[kind], visited, elevation_m(visited))])
    return np.concatenate(kept)[:count]


def effort(sphere: Floats) -> Floats:
    """How likely someone looks at points [N, 3], 0..1 [N]: a few regions are visited much more than most."""
    return np.asarray(np.clip(np.exp(1.2 * field("effort", sphere, 2.0, 8.0) - 2.0), 0.02, 1.0))


def anywhere(dice: np.random.Generator, count: int) -> Places:
    """Places drawn evenly over the sphere, unobserved: what training takes for the background."""
    return _known(_uniform(dice, count), np.full(count, -1, np.int64))


def grid(split: str, count: int) -> Places:
    """Places of equal area, a Fibonacci lattice turned by the split, unobserved, with the whole truth."""
    _check(split, count)
    numbers = np.arange(count)
    up = 1.0 - (2.0 * numbers + 1.0) / count
    turn = numbers * GOLDEN_ANGLE + _generator("grid", split).random() * 2 * math.pi
    flat = np.sqrt(1.0 - up * up)
    sphere = np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)
    return _known(sphere, np.full(count, -1, np.int64))


def _known(sphere: Floats, labels: NDArray[np.int64]) -> Places:
    elevations = elevation_m(sphere)
    return Places(*degrees(sphere), elevations, presence(sphere, elevations), labels)


def _uniform(dice: np.random.Generator, count: int = DRAWN_AT_ONCE) -> Floats:
    up, turn = dice.uniform(-1, 1, count), dice.uniform(0, 2 * math.pi, count)
    flat = np.sqrt(1.0 - up * up)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)


def _generator(*key: str) -> np.random.Generator:
    digest = hashlib.sha256("/".join((WORLD, *key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def _check(split: str, count: int) -> None:
    if split not in SPLITS:
        raise InputError("The planet has no such split.", came=split, allowed=", ".join(SPLITS))
    if count < 1:
        raise InputError("A split needs a number of places.", came=count, allowed="1 or more")


def dataset(split: str, total: int) -> Iterator[tuple[str, tuple[float, float, float], str, dict[str, str]]]:
    """Yield the first `total` observations of a split.

    Yields
    ------
    id : str
        ``split/kind/number``, such as ``test/snail/0009``.
    place : (float, float, float)
        Latitude and longitude in degrees, elevation in metres.
    label : str
        The kind that was seen.
    slices : dict of str to str
        ``zone`` (polar, temperate, tropical) and ``ground`` (sea, lowland, upland).
    """
    seen = observations(split, total)
    for number, label in enumerate(seen.labels):
        latitude, longitude = float(seen.latitudes[number]), float(seen.longitudes[number])
        place, kind = (latitude, longitude, float(seen.elevations[number])), CLASSES[label]
        yield f"{split}/{kind}/{number:04d}", place, kind, slices(latitude, place[2])


def truth(
    split: str, total: int
) -> Iterator[tuple[str, tuple[float, float, float], NDArray[np.bool_], dict[str, str]]]:
    """Yield the grid of a split with which kinds are present, bool [12]; otherwise as :func:`dataset`."""
    places = grid(split, total)
    for number, present in enumerate(places.presence):
        latitude, longitude = float(places.latitudes[number]), float(places.longitudes[number])
        place = (latitude, longitude, float(places.elevations[number]))
        yield f"{split}/grid/{number:05d}", place, present, slices(latitude, place[2])


def slices(latitude: float, elevation: float) -> dict[str, str]:
    """What a place is told apart by."""
    zone = "polar" if abs(latitude) > 60 else "temperate" if abs(latitude) > 25 else "tropical"
    ground = "sea" if elevation <= 0 else "lowland" if elevation < 800 else "upland"
    return {"zone": zone, "ground": ground}
