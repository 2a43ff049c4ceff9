"""Vectors worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fieldpack.contract import LocationEncoding
from fieldpack.errors import InputError
from fieldpack.preprocess.location import encode

INATURALIST = LocationEncoding.INATURALIST_5
HALF = math.sqrt(0.5)


def test_degrees_put_latitude_first() -> None:
    assert encode(47.5, 8.25, 400, LocationEncoding.DEGREES).tolist() == [47.5, 8.25]


def test_waves_put_longitude_first() -> None:
    vector = encode(-45.0, 45.0, None, LocationEncoding.SIN_COS_4)
    assert vector.dtype == np.float32
    assert np.allclose(vector, [HALF, -1.0, HALF, 0.0], atol=1e-7)


@pytest.mark.parametrize(
    ("elevation_m", "scaled"),
    [
        (5705.63, 1.0),
        (1000.0, 0.17526548),
        (0.0, 0.0),
        (-32768.0, -1.0),
        (-100.0, -0.0030517578),
        (None, -1.0),
    ],
)
def test_elevation_of_inaturalist(elevation_m: float | None, scaled: float) -> None:
    vector = encode(22.5, -135.0, elevation_m, INATURALIST)
    assert np.allclose(vector, [-HALF, HALF, -HALF, HALF, scaled], atol=1e-7)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((90.001, 0.0, None), "latitude_degrees"),
        ((-91.0, 0.0, None), "latitude_degrees"),
        ((0.0, 180.5, None), "longitude_degrees"),
        ((math.nan, 0.0, None), "latitude_degrees"),
        ((0.0, math.inf, None), "longitude_degrees"),
        ((0.0, 0.0, math.nan), "elevation_m"),
        ((0.0, 0.0, 20000.0), "elevation_m"),
    ],
)
def test_out_of_range_is_refused_by_name(place: tuple[float, float, float | None], name: str) -> None:
    with pytest.raises(InputError, match=name):
        encode(*place, INATURALIST)


def test_swapped_coordinates_get_a_hint() -> None:
    with pytest.raises(InputError, match="latitude comes before longitude"):
        encode(120.0, 10.0, None, INATURALIST)
