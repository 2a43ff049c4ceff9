"""The planet itself: height of land and sea, and the temperature that follows from latitude and height.

Every field is a sum of plane waves through the sphere, so that it is smooth everywhere, at the poles and at
180 degrees too, and needs no grid.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack_reference_models.dice import Dice

WORLD = "fieldpack-planet-1"
RADIUS_KM = 6371.0
SHORE = 0.45
"""The continental field is above it on land: about a third of the planet."""
HIGHEST_M, DEEPEST_M = 5600.0, -7000.0
LAPSE_C_PER_M = 0.0065

Floats = NDArray[np.float64]


def points(latitudes_degrees: ArrayLike, longitudes_degrees: ArrayLike) -> Floats:
    """Places on the unit sphere, float64 [N, 3]."""
    latitudes, longitudes = np.radians(latitudes_degrees), np.radians(longitudes_degrees)
    flat = np.cos(latitudes)
    return np.stack([flat * np.cos(longitudes), flat * np.sin(longitudes), np.sin(latitudes)], axis=-1)


def degrees(sphere: Floats) -> tuple[Floats, Floats]:
    """Latitudes and longitudes [N] of points on the unit sphere."""
    latitudes = np.degrees(np.arcsin(np.clip(sphere[:, 2], -1.0, 1.0)))
    return latitudes, np.degrees(np.arctan2(sphere[:, 1], sphere[:, 0]))


@lru_cache(maxsize=8)
def _waves(name: str, slowest: float, fastest: float, count: int = 48) -> tuple[Floats, Floats, Floats]:
    """Wave vectors [count, 3], phases [count] and amplitudes [count] whose field has a variance of 1."""
    dice = Dice(WORLD, "field", name)
    vectors, phases, heights = [], [], []
    for number in range(count):
        pace = slowest * (fastest / slowest) ** (number / (count - 1))
        up, turn = dice.between(-1, 1), dice.between(0, 2 * math.pi)
        flat = math.sqrt(1 - up * up)
        vectors.append((pace * flat * math.cos(turn), pace * flat * math.sin(turn), pace * up))
        phases.append(dice.between(0, 2 * math.pi))
        heights.append(1 / pace)
    amplitudes = np.array(heights) * math.sqrt(2 / sum(height * height for height in heights))
    return np.array(vectors), np.array(phases), amplitudes


def field(name: str, sphere: Floats, slowest: float, fastest: float) -> Floats:
    """A smooth random field at points [N, 3], float64 [N], of mean 0 and variance about 1.

    Parameters
    ----------
    name : str
        Another name is another field.
    sphere : ndarray
        float64 [N, 3], of length 1.
    slowest, fastest : float
        Radians of phase that the longest and the shortest wave run through on one radius of the planet.
    """
    vectors, phases, amplitudes = _waves(name, slowest, fastest)
    return np.asarray(np.cos(sphere @ vectors.T + phases) @ amplitudes)


def elevation_m(sphere: Floats) -> Floats:
    """Metres above the sea in whole metres, below 0 at sea, float64 [N]."""
    above = field("continents", sphere, 3.0, 30.0) - SHORE
    ridge = np.maximum(field("mountains", sphere, 4.0, 32.0), 0.0)
    land = np.maximum(above, 0.0) * (600.0 + 1200.0 * ridge)
    sea = np.minimum(above, 0.0) * 2500.0
    return np.asarray(np.round(np.clip(land + sea, DEEPEST_M, HIGHEST_M)))


def temperature_c(sphere: Floats, elevation: Floats) -> Floats:
    """Mean of the year, degrees Celsius, float64 [N]; at sea level 29 at the equator, -23 at the poles."""
    return np.asarray(29.0 - 52.0 * sphere[:, 2] ** 2 - LAPSE_C_PER_M * np.maximum(elevation, 0.0))
