"""Where each kind lives: ellipses on the sphere, within a band of elevation and of temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.planet.ground import (
    DEEPEST_M,
    HIGHEST_M,
    RADIUS_KM,
    WORLD,
    Floats,
    elevation_m,
    temperature_c,
)
from fieldpack_reference_models.vision.world import CLASSES


@dataclass(frozen=True, slots=True)
class Niche:
    """What a kind needs.

    Attributes
    ----------
    parts : int
        Ellipses, each somewhere that suits the kind.
    long_km, wide_km : float
        Semi-axes of an ellipse.
    low_m, high_m : float
        Elevation, both ends included.
    coldest_c, warmest_c : float
        Mean temperature of the year.
    """

    parts: int
    long_km: float
    wide_km: float
    low_m: float = 1.0
    high_m: float = HIGHEST_M
    coldest_c: float = -40.0
    warmest_c: float = 40.0


NICHES: dict[str, Niche] = {
    "beetle": Niche(2, 5000, 3500, high_m=2500, coldest_c=-5),
    "bird": Niche(3, 6000, 4000),
    "butterfly": Niche(2, 3500, 2000, high_m=1800, coldest_c=8),
    "feather": Niche(3, 4000, 3000, coldest_c=-12),
    "fish": Niche(3, 6000, 4000, DEEPEST_M, 0.0),
    "flower": Niche(2, 3500, 2500, low_m=600),
    "leaf": Niche(2, 5000, 3000, high_m=900, coldest_c=2),
    "mushroom": Niche(1, 3500, 2500, coldest_c=0, warmest_c=17),
    "needle_twig": Niche(2, 6000, 2500, coldest_c=-15, warmest_c=9),
    "snail": Niche(1, 1800, 1100, high_m=1000, coldest_c=5),
    "spider": Niche(1, 2500, 1500, coldest_c=10),
    "starfish": Niche(2, 3500, 2500, -2500.0, 0.0, coldest_c=5),
}


@dataclass(frozen=True, slots=True)
class Ellipse:
    """A part of a range: its centre and the directions of its axes on the unit sphere [3], in kilometres."""

    centre: Floats
    along: Floats
    across: Floats
    long_km: float
    wide_km: float

    def holds(self, sphere: Floats) -> NDArray[np.bool_]:
        """Which points [N, 3] lie inside, bool [N], in the azimuthal equidistant map about the centre."""
        x, y = sphere @ self.along, sphere @ self.across
        away = np.arccos(np.clip(sphere @ self.centre, -1.0, 1.0)) * RADIUS_KM
        flat = np.maximum(np.hypot(x, y), 1e-12)
        inside = (away * x / flat / self.long_km) ** 2 + (away * y / flat / self.wide_km) ** 2 <= 1.0
        return np.asarray(inside & (away <= self.long_km))


def suits(niche: Niche, sphere: Floats, elevation: Floats) -> NDArray[np.bool_]:
    """Where ground and climate suit a kind, wherever it is, bool [N]."""
    warmth = temperature_c(sphere, elevation)
    height = (elevation >= niche.low_m) & (elevation <= niche.high_m)
    return np.asarray(height & (warmth >= niche.coldest_c) & (warmth <= niche.warmest_c))


@lru_cache(maxsize=1)
def ellipses() -> dict[str, tuple[Ellipse, ...]]:
    """The parts of every kind's range."""
    return {kind: tuple(_ellipse(kind, part) for part in range(NICHES[kind].parts)) for kind in CLASSES}


def _ellipse(kind: str, part: int) -> Ellipse:
    niche, dice = NICHES[kind], Dice(WORLD, "range", kind, part)
    while True:
        up, turn = dice.between(-1, 1), dice.between(0, 2 * math.pi)
        flat = math.sqrt(1 - up * up)
        centre = np.array([flat * math.cos(turn), flat * math.sin(turn), up])
        if suits(niche, centre[None], elevation_m(centre[None]))[0]:
            break
    east = np.array([-math.sin(turn), math.cos(turn), 0.0])
    north = np.cross(centre, east)
    lean = dice.between(0, math.pi)
    along = math.cos(lean) * east + math.sin(lean) * north
    return Ellipse(centre, along, np.cross(centre, along), niche.long_km, niche.wide_km)


def lives(kind: str, sphere: Floats, elevation: Floats) -> NDArray[np.bool_]:
    """Where a kind lives among points [N, 3] of these elevations [N], bool [N]."""
    inside = np.any([ellipse.holds(sphere) for ellipse in ellipses()[kind]], axis=0)
    return np.asarray(inside & suits(NICHES[kind], sphere, elevation))


def presence(sphere: Floats, elevation: Floats) -> NDArray[np.bool_]:
    """The truth: which kinds live at points [N, 3] of these elevations [N], bool [N, 12], by ``CLASSES``."""
    return np.stack([lives(kind, sphere, elevation) for kind in CLASSES], axis=1)
