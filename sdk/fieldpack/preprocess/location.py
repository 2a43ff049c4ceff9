"""From a place on the earth to the vector that a range model takes.

Latitude comes before longitude in every signature; the vectors keep the order that their
models were trained with, which for iNaturalist's is longitude first.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import LocationEncoding
from fieldpack.errors import InputError

HIGHEST_M = 5705.63
LOWEST_M = 32768.0
MISSING_ELEVATION_M = -LOWEST_M


def encode(
    latitude_degrees: float,
    longitude_degrees: float,
    elevation_m: float | None,
    encoding: LocationEncoding,
) -> NDArray[np.float32]:
    """One place as a vector.

    ====================  =====================================================================
    ``degrees``           [latitude, longitude]
    ``sin_cos_4``         [sin(pi x), sin(pi y), cos(pi x), cos(pi y)], x = longitude / 180, y = latitude / 90
    ``inaturalist_5``     those four, then elevation / 5705.63 where it is above 0, else elevation / 32768
    ====================  =====================================================================

    A missing elevation counts as -32768 m, which becomes -1: the value iNaturalist's plugin uses for
    places that its elevation table does not hold. The arithmetic is float64, the result float32.

    Parameters
    ----------
    latitude_degrees : float
        -90..90, WGS 84.
    longitude_degrees : float
        -180..180, WGS 84.
    elevation_m : float or None
        Metres above sea level, -32768..9000; read by ``inaturalist_5`` only.
    encoding : LocationEncoding
        The formula.

    Returns
    -------
    ndarray
        float32 [2], [4] or [5].

    Raises
    ------
    InputError
        A coordinate is not a number or out of range.
    """
    latitude = _within("latitude_degrees", latitude_degrees, -90.0, 90.0)
    longitude = _within("longitude_degrees", longitude_degrees, -180.0, 180.0)
    if encoding is LocationEncoding.DEGREES:
        return np.array([latitude, longitude], np.float32)
    x, y = math.pi * (longitude / 180.0), math.pi * (latitude / 90.0)
    waves = [math.sin(x), math.sin(y), math.cos(x), math.cos(y)]
    if encoding is LocationEncoding.SIN_COS_4:
        return np.array(waves, np.float32)
    return np.array([*waves, _scaled_elevation(elevation_m)], np.float32)


def _scaled_elevation(elevation_m: float | None) -> float:
    given = MISSING_ELEVATION_M if elevation_m is None else elevation_m
    elevation = _within("elevation_m", given, -LOWEST_M, 9000.0)
    return elevation / HIGHEST_M if elevation > 0 else elevation / LOWEST_M


def _within(name: str, value: float, low: float, high: float) -> float:
    number = float(value)
    if not low <= number <= high:
        swapped = name == "latitude_degrees" and 90 < abs(number) <= 180
        hint = "latitude comes before longitude" if swapped else None
        raise InputError(f"{name} is out of range", came=value, allowed=f"{low:g}..{high:g}", hint=hint)
    return number
