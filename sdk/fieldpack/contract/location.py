"""Location encodings as data: from a place to the vector of a range model.

Latitude comes before longitude in every signature; the vectors keep the order that their models were
trained with. :mod:`fieldpack.preprocess.location` computes them, and a bundle holds the same as graphs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from fieldpack.model import Strict

NO_DATA_M = -32768.0
"""What iNaturalist's elevation tables hold where nothing is known, and its apps use for such places."""


class Degrees(Strict):
    """[latitude, longitude], degrees, as they are; the model encodes them itself."""

    kind: Literal["degrees"]

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return 2


class SinCos(Strict):
    """[sin(pi x), sin(pi y), cos(pi x), cos(pi y)], x = longitude / 180, y = latitude / 90.

    Of Mac Aodha, Cole, Perona: "Presence-Only Geographical Priors for Fine-Grained Image Classification"
    (2019) and of SINR (Cole et al. 2023), which appends environmental features to it (``features``). Both
    poles are the same vector but for the longitude, since the whole of latitude is one turn.
    """

    kind: Literal["sin_cos_4"]

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return 4


class INaturalist(Strict):
    """Those four, then elevation / highest_m where it is above 0, else elevation / lowest_m.

    The formula of iNaturalist's phone plugin (5705.63 and 32768) and of its server (6574 and 32768).
    """

    kind: Literal["inaturalist_5"]
    highest_m: float = Field(gt=0, description="elevation that becomes 1, metres", examples=[5705.63, 6574.0])
    lowest_m: float = Field(gt=0, description="depth that becomes -1, metres", examples=[32768.0])
    missing_m: float | Literal["refuse"] = Field(
        description='elevation of a place without one, metres, or "refuse"', examples=[NO_DATA_M, "refuse"]
    )

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return 5


class Octaves(Strict):
    """[y, x], then for the octaves k = 1, 2, 4, 8 each sin(k pi y), cos(k pi y), sin(k pi x): 14 numbers.

    x and y as in ``sin_cos_4``. The form that iNaturalist's training calls ``sinusoidal_hd``; the order is
    that of the values its tests expect. It has no cos(k pi x), and longitude itself: +180 and -180 differ by
    2 in the second number. The first number tells the poles apart.
    """

    kind: Literal["sinusoidal_14"]

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return 14


class LatLonWeek(Strict):
    """[latitude, longitude, week], degrees as they are: BirdNET's, whose years have 48 weeks.

    ``number``: 1 to 48 as it is. ``cosine``: cos(week * 7.5 degrees) + 1, 0 to 2. A missing week is -1 in
    both.
    """

    kind: Literal["birdnet_3"]
    week: Literal["number", "cosine"] = Field(description="how the week is written", examples=["number"])

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return 3


WORDS: dict[str, dict[str, Any]] = {
    "degrees": {},
    "sin_cos_4": {},
    "inaturalist_5": {"highest_m": 5705.63, "lowest_m": 32768.0, "missing_m": NO_DATA_M},
    "sinusoidal_14": {},
}
"""Encodings that a plain word names, with the constants that it stands for: those of the phone plugin."""


def _spelled_out(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in WORDS:
        raise ValueError(f"no such encoding; {', '.join(WORDS)}, or a table with its kind")
    return {"kind": value, **WORDS[value]}


Encoding = Annotated[
    Annotated[Degrees | SinCos | INaturalist | Octaves | LatLonWeek, Field(discriminator="kind")],
    BeforeValidator(_spelled_out, json_schema_input_type=str | dict[str, Any]),
]


class CellTable(Strict):
    """Values by H3 cell, in a CSV file with a header: elevation, climate, whatever a raster gives."""

    file: str = Field(min_length=1, description="CSV file", examples=["elevation_r4.csv"])
    resolution: int = Field(ge=0, le=15, description="H3 resolution of its cells", examples=[4])
    cell_column: str = Field(
        min_length=1, description="column of cell indices, hexadecimal", examples=["h3_04"]
    )
    columns: tuple[str, ...] = Field(
        min_length=1, description="columns of values, in the order of the vector", examples=[["elevation"]]
    )
    missing: float | Literal["refuse"] = Field(
        description='value for a cell that the table lacks or leaves empty, or "refuse"',
        examples=[NO_DATA_M, "refuse"],
    )

    @model_validator(mode="after")
    def _columns_differ(self) -> CellTable:
        if len(set(self.columns)) != len(self.columns) or self.cell_column in self.columns:
            raise ValueError("columns must differ from each other and from cell_column")
        return self
