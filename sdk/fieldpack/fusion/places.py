"""The H3 cell and elevation that stand for a place: the centroid of its cell of resolution 4, and a table.

The plugin's table is JSON from the five hexadecimal digits that tell cells of this resolution apart to
metres, the server's CSV with ``h3_04,elevation``. A cell that is not in the table has no elevation, which is
encoded as -32768 m; plugins up to June 2026 read an elevation of 0 as none too.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import InputError, MissingDependencyError, StorageError
from fieldpack.exports.inat_vision_camera.facts import H3_RESOLUTION

_DIGITS = slice(2, 7)
"""Of a cell's index, ``84`+ five digits + ``f`` s, what tells cells apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a range model is asked.

    Attributes
    ----------
    latitude_degrees, longitude_degrees : float
        WGS 84.
    elevation_m : float or None
        Above sea level; None where there is none.
    cell : str or None
        H3 cell whose centroid it is, None for the place itself.
    """

    latitude_degrees: float
    longitude_degrees: float
    elevation_m: float | None
    cell: str | None

    @property
    def raw(self) -> tuple[float, float, float | None]:
        """As :func:`fieldpack.preprocess.prepare` takes places."""
        return self.latitude_degrees, self.longitude_degrees, self.elevation_m

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "latitude": self.latitude_degrees,
            "longitude": self.longitude_degrees,
            "elevation_m": self.elevation_m,
            "h3_cell": self.cell,
        }


def read_elevations(path: Path) -> dict[str, float]:
    """An elevation table in either form, digits of the cell -> metres.

    Raises
    ------
    StorageError
        It cannot be read.
    InputError
        It is neither form, or holds something else than cells of resolution 4 and numbers.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError("the elevation table cannot be read", came=f"{path}: {error}") from error
    try:
        if text.lstrip().startswith("{"):
            pairs = [(str(key), float(value)) for key, value in json.loads(text).items()]
        else:
            rows = csv.DictReader(io.StringIO(text))
            pairs = [(_digits(row["h3_04"]), float(row["elevation"])) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no elevation table",
            came=f"{type(error).__name__}: {error}",
            allowed='JSON {"01e1d": 12, ...} or CSV with the columns h3_04,elevation',
        ) from error
    wrong = [key for key, metres in pairs if len(key) != 5 or not math.isfinite(metres)]
    if wrong or not pairs:
        raise InputError(f"{path} holds no cells of resolution {H3_RESOLUTION}", came=", ".join(wrong[:5]))
    return dict(pairs)


def located(
    latitude_degrees: float,
    longitude_degrees: float,
    elevation_m: float | None = None,
    *,
    elevations: Mapping[str, float] | None = None,
    exact: bool = False,
    zero_is_missing: bool = False,
) -> Place:
    """The place that stands for another.

    Parameters
    ----------
    latitude_degrees, longitude_degrees : float
        -90..90 and -180..180, WGS 84.
    elevation_m : float, optional
        Taken where there is no table.
    elevations : mapping, optional
        Of :func:`read_elevations`; then the given elevation is not looked at, as in the apps.
    exact : bool
        Keep the place; only its elevation is that of the cell.
    zero_is_missing : bool
        As plugins up to June 2026.

    Raises
    ------
    InputError
        A coordinate is out of range.
    MissingDependencyError
        h3 is not installed, and a cell is needed.
    """
    _check(latitude_degrees, longitude_degrees)
    if exact and elevations is None:
        return Place(latitude_degrees, longitude_degrees, elevation_m, None)
    cell, centre = _cell(latitude_degrees, longitude_degrees)
    height = elevation_m if elevations is None else elevations.get(_digits(cell))
    if zero_is_missing and height == 0:
        height = None
    if exact:
        return Place(latitude_degrees, longitude_degrees, height, None)
    return Place(*centre, height, cell)


def _check(latitude: float, longitude: float) -> None:
    for name, value, bound in (("latitude", latitude, 90.0), ("longitude", longitude, 180.0)):
        if not -bound <= value <= bound:
            swapped = name == "latitude" and 90 < abs(value) <= 180
            hint = "latitude comes before longitude" if swapped else None
            raise InputError(
                f"a {name} is out of range", came=value, allowed=f"-{bound:g}..{bound:g}", hint=hint
            )


def _cell(latitude: float, longitude: float) -> tuple[str, tuple[float, float]]:
    try:
        import h3
    except ImportError as error:
        raise MissingDependencyError(
            "a place is replaced by its H3 cell, which needs h3", hint='pip install "fieldpack[geo]"'
        ) from error
    cell = str(h3.latlng_to_cell(latitude, longitude, H3_RESOLUTION))
    north, east = h3.cell_to_latlng(cell)
    return cell, (float(north), float(east))


def _digits(cell: str) -> str:
    return cell[_DIGITS]
