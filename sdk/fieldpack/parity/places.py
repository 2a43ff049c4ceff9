"""Encoders of places against the float64 formulas: which places are tried, and how far they may be off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import LocationInput
from fieldpack.contract.location import INaturalist, LatLonWeek
from fieldpack.preprocess.location import HIGHEST_PLACE_M, NO_WEEK, WEEKS, vectors_of

MAX_ABS = 1e-6
"""Of one number of the vector."""
CHECKED = 512
"""Random places that a build and a verification try, beside the awkward ones."""

Floats = NDArray[np.float64]


def tried_places(contract: LocationInput, count: int = CHECKED, seed: int = 0) -> NDArray[np.float32]:
    """Fields of places all over the sphere, then of the awkward ones; float32 [N, fields].

    Features are drawn from the standard normal distribution: the graph hands them on.
    """
    generator = np.random.default_rng(seed)
    latitudes = np.degrees(np.arcsin(generator.uniform(-1.0, 1.0, count)))
    longitudes = generator.uniform(-180.0, 180.0, count)
    places = np.concatenate([np.stack([latitudes, longitudes], axis=1), awkward_places()])
    columns = [places]
    if isinstance(contract.encoding, INaturalist):
        columns.append(_elevations(generator, len(places), contract.encoding))
    if isinstance(contract.encoding, LatLonWeek):
        weeks = generator.integers(0, WEEKS + 1, (len(places), 1))
        columns.append(np.where(weeks == 0, NO_WEEK, weeks))
    rest = len(contract.fields) - sum(column.shape[1] for column in columns)
    columns.append(generator.standard_normal((len(places), rest)))
    fields = np.concatenate(columns, axis=1)
    return np.asarray(fields, np.float32)


def awkward_places() -> Floats:
    """Latitudes and longitudes [N, 2] where encodings go wrong: poles, meridians, and just beside them."""
    latitudes = [-90.0, -89.999994, -45.0, -1e-6, 0.0, 1e-6, 22.5, 45.0, 89.999994, 90.0]
    edges = [-180.0, -179.99998, -135.0, -90.0, -45.0, -22.5, -1e-6]
    longitudes = [*edges, 0.0, *(-value for value in edges)]
    return np.array([(latitude, longitude) for latitude in latitudes for longitude in longitudes])


def _elevations(generator: np.random.Generator, count: int, encoding: INaturalist) -> Floats:
    """Half of them land, a quarter sea, the rest at the ends and at sea level."""
    low, high = -encoding.lowest_m, HIGHEST_PLACE_M
    kinds = [
        generator.uniform(0.0, high, count),
        generator.uniform(0.0, high, count),
        generator.uniform(low, 0.0, count),
        generator.choice([low, -1e-3, 0.0, 1e-3, encoding.highest_m, high], count),
    ]
    return np.choose(generator.integers(0, len(kinds), count), kinds)[:, None]


def largest_gap(fields: NDArray[np.float32], got: NDArray[np.float32], contract: LocationInput) -> float:
    """Largest difference from the float64 formulas on the same float32 places; infinite where broken."""
    if got.shape != (len(fields), *contract.shape) or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got - vectors_of(fields.astype(np.float64), contract)).max(initial=0.0))
