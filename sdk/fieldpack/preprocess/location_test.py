"""Vectors worked out by hand, or published with the training code that made them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from fieldpack.contract import LocationInput
from fieldpack.errors import InputError
from fieldpack.preprocess.location import encode, encode_places

HALF = math.sqrt(0.5)
PLACE = TypeAdapter(LocationInput)


def location(encoding: Any, **words: Any) -> LocationInput:
    return PLACE.validate_python({"kind": "location", "name": "place", "encoding": encoding, **words})


INATURALIST = location("inaturalist_5")
SERVER = {"kind": "inaturalist_5", "highest_m": 6574.0, "lowest_m": 32768.0, "missing_m": "refuse"}
WEEKS = location({"kind": "birdnet_3", "week": "number"})


def test_degrees_put_latitude_first() -> None:
    assert encode(47.5, 8.25, 400, location("degrees")).tolist() == [47.5, 8.25]


def test_waves_put_longitude_first() -> None:
    vector = encode(-45.0, 45.0, None, location("sin_cos_4"))
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


def test_the_constants_are_those_of_the_contract() -> None:
    assert encode(0.0, 0.0, 6574.0, location(SERVER))[4] == 1.0
    assert encode(0.0, 0.0, 5705.63, location(SERVER))[4] == pytest.approx(0.8679, abs=1e-4)


def test_a_missing_elevation_is_refused_where_the_contract_says_so() -> None:
    with pytest.raises(InputError, match="has no elevation"):
        encode(0.0, 0.0, None, location(SERVER))


SAN_FRANCISCO = """
0.419721111 -0.680107778 0.968364898 0.249538421 -0.844146449 0.483288495 -0.875461153
0.905115177 -0.846200606 0.532864461 -0.769649225 -0.901820460 -0.432110933 0.982791216
"""
SYDNEY = """
-0.376363333 0.840031667 -0.925510101 0.378722923 0.481666493 -0.701023782 -0.713137895
-0.844221297 0.999853248 0.0171313139 -0.904996413 0.0342575996 -0.999413036 0.770005692
"""
"""What the tests of iNaturalist's training code expect of sinusoidal_hd."""


@pytest.mark.parametrize(
    ("latitude", "longitude", "wanted"),
    [(37.7749, -122.4194, SAN_FRANCISCO), (-33.8727, 151.2057, SYDNEY)],
)
def test_octaves_stand_in_the_order_of_their_training(latitude: float, longitude: float, wanted: str) -> None:
    vector = encode(latitude, longitude, None, location("sinusoidal_14"))
    assert np.allclose(vector, [float(number) for number in wanted.split()], atol=1e-7)


@pytest.mark.parametrize(("week", "written"), [(1, 1.99144486), (24, 0.0), (48, 2.0), (None, -1.0)])
def test_weeks_as_cosines(week: int | None, written: float) -> None:
    cosine = location({"kind": "birdnet_3", "week": "cosine"})
    assert np.allclose(encode(42.5, -76.45, None, cosine, week), [42.5, -76.45, written], atol=1e-6)
    assert encode(42.5, -76.45, None, WEEKS, week).tolist()[2] == (-1 if week is None else week)


@pytest.mark.parametrize("week", [0, 49, 2.5, math.nan])
def test_weeks_out_of_range_are_refused(week: Any) -> None:
    with pytest.raises(InputError, match="week is out of range"):
        encode(0.0, 0.0, None, WEEKS, week)


def test_a_week_for_a_model_without_weeks_is_refused() -> None:
    with pytest.raises(InputError, match="takes none"):
        encode(0.0, 0.0, None, INATURALIST, 3)


def test_both_ends_of_longitude_are_one_meridian_for_waves() -> None:
    ends = encode_places([12.0, 12.0], [180.0, -180.0], None, location("sin_cos_4"))
    assert np.abs(ends[0] - ends[1]).max() < 1e-15
    ends = encode_places([12.0, 12.0], [180.0, -180.0], None, location("sinusoidal_14"))
    assert np.abs(ends[0] - ends[1])[[0, *range(2, 14)]].max() < 1e-14
    assert ends[:, 1].tolist() == [1.0, -1.0]


def test_the_poles_are_one_latitude_for_four_waves_and_two_for_fourteen() -> None:
    four = encode_places([90.0, -90.0], [33.0, 33.0], None, location("sin_cos_4"))
    assert np.abs(four[0] - four[1]).max() < 1e-15
    fourteen = encode_places([90.0, -90.0], [33.0, 33.0], None, location("sinusoidal_14"))
    assert fourteen[:, 0].tolist() == [1.0, -1.0]


def test_longitudes_beyond_180_are_refused_or_wrapped() -> None:
    with pytest.raises(InputError, match="longitude_degrees is out of range"):
        encode(0.0, 190.0, None, location("degrees"))
    wrapped = location("degrees", beyond_180="wrap")
    turned = encode_places([0.0] * 5, [190.0, -190.0, 540.0, 180.0, -180.0], None, wrapped)
    assert turned[:, 1].tolist() == [-170.0, 170.0, -180.0, 180.0, -180.0]


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


def test_of_many_places_the_first_wrong_one_is_named() -> None:
    with pytest.raises(InputError, match="place 2 of 4") as caught:
        encode_places([1.0, 2.0, 100.0, -99.0], [0.0] * 4, None, INATURALIST)
    assert caught.value.came == "100; 2 of 4 are outside"
    with pytest.raises(InputError, match="go in pairs"):
        encode_places([1.0], [0.0, 1.0], None, INATURALIST)
    with pytest.raises(InputError, match="needs its elevation"):
        encode_places([1.0, 2.0], [0.0, 1.0], [5.0], INATURALIST)


def table(folder: Path, text: str, **words: Any) -> dict[str, Any]:
    (folder / "cells.csv").write_text(text)
    return {
        "file": str(folder / "cells.csv"),
        "resolution": 4,
        "cell_column": "h3_04",
        "columns": ["elevation"],
        "missing": -32768.0,
        **words,
    }


def test_elevation_and_features_come_from_tables_of_cells(tmp_path: Path) -> None:
    h3 = pytest.importorskip("h3", reason="pip install 'fieldpack[geo]'")
    here, there = (h3.latlng_to_cell(*place, 4) for place in ((47.0, 8.0), (-33.0, 151.0)))
    text = f"h3_04,elevation,rain\n{here},450,1.5\n{there},,2.5\n"
    stated = table(tmp_path, text)
    contract = location(
        "inaturalist_5",
        elevation_table=stated,
        features={**stated, "columns": ["rain", "elevation"], "missing": 0.0},
        snap_resolution=4,
    )
    assert contract.shape == (7,)
    vectors = encode_places([47.0, -33.0, 0.0], [8.0, 151.0, 0.0], None, contract)
    assert np.allclose(vectors[:, 4], [450 / 5705.63, -1.0, -1.0], atol=1e-7)
    assert vectors[:, 5:].tolist() == [[1.5, 450.0], [2.5, 0.0], [0.0, 0.0]]
    centre = h3.cell_to_latlng(here)
    assert np.allclose(vectors[0, :4], encode(centre[0], centre[1], None, location("sin_cos_4")), atol=1e-7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("h3_04,height\n8408321ffffffff,1\n", "no column elevation"),
        ("h3_04,elevation\n8308ebfffffffff,1\n", "not an H3 cell of resolution 4"),
        ("h3_04,elevation\nswamp,1\n", "not an H3 cell"),
        ("h3_04,elevation\n841f8d5ffffffff,nan\n", "not a finite number"),
        ("h3_04,elevation\n841f8d5ffffffff,1\n841f8d5ffffffff,2\n", "each cell once"),
        ("h3_04,elevation\n", "each cell once"),
        ("h3_04,elevation\n841f8d5ffffffff,7\n", "no value for the cell"),
    ],
)
def test_faulty_tables_are_refused(tmp_path: Path, text: str, words: str) -> None:
    pytest.importorskip("h3", reason="pip install 'fieldpack[geo]'")
    contract = location("inaturalist_5", elevation_table=table(tmp_path, text, missing="refuse"))
    with pytest.raises(InputError, match=words):
        encode(0.0, 0.0, None, contract)
