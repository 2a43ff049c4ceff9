"""From places on the earth to the vectors that a range model takes.

Latitude comes before longitude in every signature; the vectors keep the order that their models were
trained with, which for most is longitude first. The formulas stand with :mod:`fieldpack.contract.location`.

What happens at the edges, for every encoding:

* -180 and +180 degrees are one meridian. The waves of both agree within 1e-15; ``degrees``, ``birdnet_3``
  and the second number of ``sinusoidal_14`` keep the sign and differ.
* At a pole every longitude is the same place and gives another vector; the nets have learned no pole.
  ``sin_cos_4`` and ``inaturalist_5`` take the two poles for one latitude, the others do not.
* A place without elevation takes that of ``elevation_table``, else ``missing_m``. NaN is an error always: it
  is a computation that failed, not a place without elevation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.contract.inputs import LocationInput
from fieldpack.contract.location import Degrees, Encoding, INaturalist, LatLonWeek, Octaves
from fieldpack.errors import InputError
from fieldpack.preprocess.cells import cell_centres, cell_values, cells_of

OCTAVES = (1, 2, 4, 8)
WEEKS = 48
NO_WEEK = -1.0
DEGREES_A_WEEK = 7.5
HIGHEST_PLACE_M = 9000.0

Floats = NDArray[np.float64]


def encode(
    latitude_degrees: float,
    longitude_degrees: float,
    elevation_m: float | None,
    contract: LocationInput,
    week: int | None = None,
) -> NDArray[np.float32]:
    """One place as a vector, float32 [K]; see :func:`encode_places`."""
    elevations = None if elevation_m is None else [elevation_m]
    weeks = None if week is None else [week]
    vectors = encode_places([latitude_degrees], [longitude_degrees], elevations, contract, weeks)
    return np.asarray(vectors[0], np.float32)


def encode_places(
    latitudes_degrees: ArrayLike,
    longitudes_degrees: ArrayLike,
    elevations_m: ArrayLike | None,
    contract: LocationInput,
    weeks: ArrayLike | None = None,
) -> NDArray[np.float32]:
    """Places as vectors; the arithmetic is float64, the result float32.

    Parameters
    ----------
    latitudes_degrees, longitudes_degrees : array_like
        [N], -90..90 and -180..180, WGS 84.
    elevations_m : array_like or None
        [N], metres above sea level, at most 9000; None where no place has one. Encodings without elevation
        do not look at it.
    contract : LocationInput
        Encoding, tables and rules.
    weeks : array_like or None
        [N], whole numbers 1..48, -1 for none; for ``birdnet_3`` only.

    Returns
    -------
    ndarray
        float32 [N, contract.shape[0]].

    Raises
    ------
    InputError
        A coordinate, an elevation or a week is not a number or out of range, or a table lacks a cell that it
        must have. Swapped coordinates can be told only where a latitude is beyond 90.
    """
    fields = place_fields(latitudes_degrees, longitudes_degrees, elevations_m, contract, weeks)
    return vectors_of(fields, contract).astype(np.float32)


def vectors_of(fields: Floats, contract: LocationInput) -> Floats:
    """The formulas alone, float64 [N, K], of fields [N, F] that :func:`place_fields` gives."""
    features = contract.shape[0] - contract.encoding.size
    read = fields.shape[1] - features
    third = fields[:, 2] if read > 2 else None
    vector = _encoded(contract.encoding, fields[:, 0], fields[:, 1], third)
    return np.concatenate([vector, fields[:, read:]], axis=1)


def checked_places(
    latitudes_degrees: ArrayLike, longitudes_degrees: ArrayLike, contract: LocationInput
) -> tuple[Floats, Floats]:
    """Latitudes and longitudes [N] in range, at the centres of their cells where the contract says so.

    Raises
    ------
    InputError
        One is not a number or out of range, or their numbers differ.
    """
    latitudes = np.asarray(latitudes_degrees, np.float64)
    longitudes = np.asarray(longitudes_degrees, np.float64)
    if latitudes.ndim != 1 or latitudes.shape != longitudes.shape:
        came = f"{list(latitudes.shape)} and {list(longitudes.shape)}"
        raise InputError("latitudes and longitudes go in pairs", came=came, allowed="[N] and [N]")
    _within("latitude_degrees", latitudes, -90.0, 90.0, swapped=True)
    if contract.beyond_180 == "wrap":
        _within("longitude_degrees", longitudes, -720.0, 720.0)
        outside = np.abs(longitudes) > 180
        longitudes = np.where(outside, (longitudes + 180.0) % 360.0 - 180.0, longitudes)
    _within("longitude_degrees", longitudes, -180.0, 180.0)
    if contract.snap_resolution is None:
        return latitudes, longitudes
    return cell_centres(cells_of(latitudes, longitudes, contract.snap_resolution))


def place_fields(
    latitudes_degrees: ArrayLike,
    longitudes_degrees: ArrayLike,
    elevations_m: ArrayLike | None,
    contract: LocationInput,
    weeks: ArrayLike | None = None,
) -> Floats:
    """What the encoding reads of N places, float64 [N, F] in the order of ``contract.fields``.

    Cells' centres, elevations and features of tables are in their places; see :func:`encode_places`.
    """
    latitudes, longitudes = checked_places(latitudes_degrees, longitudes_degrees, contract)
    columns = [latitudes, longitudes]
    if weeks is not None and not isinstance(contract.encoding, LatLonWeek):
        raise InputError(
            "a week was given to a model that takes none",
            came=f"encoding {contract.encoding.kind}",
            allowed="birdnet_3",
        )
    if isinstance(contract.encoding, INaturalist):
        columns.append(_elevations(latitudes, longitudes, elevations_m, contract, contract.encoding))
    if isinstance(contract.encoding, LatLonWeek):
        columns.append(_weeks(weeks, len(latitudes)))
    if contract.features is not None:
        cells = cells_of(latitudes, longitudes, contract.features.resolution)
        columns += [*cell_values(contract.features, cells).T]
    return np.stack(columns, axis=1)


def _encoded(encoding: Encoding, latitudes: Floats, longitudes: Floats, third: Floats | None) -> Floats:
    if isinstance(encoding, Degrees):
        return np.stack([latitudes, longitudes], axis=1)
    if isinstance(encoding, LatLonWeek):
        return np.stack([latitudes, longitudes, _written_week(encoding, _given(third))], axis=1)
    if isinstance(encoding, Octaves):
        return _octaves(latitudes / 90.0, longitudes / 180.0)
    x, y = np.pi * (longitudes / 180.0), np.pi * (latitudes / 90.0)
    waves = [np.sin(x), np.sin(y), np.cos(x), np.cos(y)]
    if isinstance(encoding, INaturalist):
        metres = _given(third)
        waves.append(np.where(metres > 0, metres / encoding.highest_m, metres / encoding.lowest_m))
    return np.stack(waves, axis=1)


def _octaves(y: Floats, x: Floats) -> Floats:
    numbers = [y, x]
    for octave in OCTAVES:
        turned = octave * np.pi
        numbers += [np.sin(turned * y), np.cos(turned * y), np.sin(turned * x)]
    return np.stack(numbers, axis=1)


def _written_week(encoding: LatLonWeek, weeks: Floats) -> Floats:
    if encoding.week == "number":
        return weeks
    return np.where(weeks == NO_WEEK, NO_WEEK, np.cos(np.radians(weeks * DEGREES_A_WEEK)) + 1.0)


def _given(third: Floats | None) -> Floats:
    if third is None:
        raise ValueError("place_fields gives the encoding what it reads")
    return third


def _elevations(
    latitudes: Floats,
    longitudes: Floats,
    given: ArrayLike | None,
    contract: LocationInput,
    encoding: INaturalist,
) -> Floats:
    if given is not None:
        elevations = np.asarray(given, np.float64)
        if elevations.shape != latitudes.shape:
            raise InputError(
                "every place needs its elevation", came=list(elevations.shape), allowed=str([len(latitudes)])
            )
    elif contract.elevation_table is not None:
        cells = cells_of(latitudes, longitudes, contract.elevation_table.resolution)
        elevations = cell_values(contract.elevation_table, cells)[:, 0]
    elif isinstance(encoding.missing_m, str):
        raise InputError(
            "a place has no elevation, and the contract refuses such places",
            allowed="LATITUDE,LONGITUDE,ELEVATION",
            hint="give the elevation in metres, or state missing_m or elevation_table in the contract",
        )
    else:
        elevations = np.full(len(latitudes), float(encoding.missing_m))
    hint = "leave the elevation of a place without one out; NaN stands for nothing"
    return _within("elevation_m", elevations, -encoding.lowest_m, HIGHEST_PLACE_M, hint=hint)


def _weeks(weeks: ArrayLike | None, count: int) -> Floats:
    if weeks is None:
        return np.full(count, NO_WEEK)
    numbers = np.asarray(weeks, np.float64)
    fits = (numbers == np.round(numbers)) & (numbers >= 1) & (numbers <= WEEKS) | (numbers == NO_WEEK)
    if numbers.shape != (count,) or not fits.all():
        raise InputError(
            "a week is out of range",
            came=numbers[~fits][0] if numbers.shape == (count,) else list(numbers.shape),
            allowed=f"whole numbers 1..{WEEKS}, a year having {WEEKS} weeks, or -1 for none",
        )
    return numbers


def _within(
    name: str, values: Floats, low: float, high: float, *, swapped: bool = False, hint: str | None = None
) -> Floats:
    wrong = ~((values >= low) & (values <= high))
    if not wrong.any():
        return values
    place = int(np.flatnonzero(wrong)[0])
    value: Any = float(values[place])
    if swapped and 90 < abs(value) <= 180:
        hint = "latitude comes before longitude; these look swapped"
    which = f", place {place} of {len(values)}" if len(values) > 1 else ""
    raise InputError(
        f"{name} is out of range{which}",
        came=f"{value:g}; {int(wrong.sum())} of {len(values)} are outside"
        if len(values) > 1
        else f"{value:g}",
        allowed=f"{low:g}..{high:g}",
        hint=hint,
    )
