"""Cells, outlines and files of maps; a bundle whose four numbers are the waves of a place."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.errors import InputError
from fieldpack.range_maps.geojson import geojson_bytes
from fieldpack.range_maps.geoparquet import geoparquet_bytes
from fieldpack.range_maps.grid import WORLD, Box, cells_in, rings_of
from fieldpack.range_maps.picture import BOTH, GAINED, LOST, draw_map
from fieldpack.range_maps.scored import RangeMap, Scored, output_of, range_map
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.testing import TINY_LABELS, tiny_content

h3 = pytest.importorskip("h3", reason="pip install 'fieldpack[geo]'")
shapely = pytest.importorskip("shapely", reason="pip install 'fieldpack[geo]'")
RESOLUTION = 1


def place_bundle(target: Path, taxonomy: Taxonomy | None = None) -> Path:
    """The tiny bundle as a range model; a bee is expected from 0.4 on, by both of its flavours' names."""
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        fields["contract"]["inputs"] = [{"kind": "location", "name": "vector", "encoding": "sin_cos_4"}]
        stated = {"activation": "sigmoid", "threshold": 0.5, "thresholds": "labels/t.csv"}
        fields["contract"]["outputs"][0] |= stated
        if taxonomy is not None:
            writer.add_bytes("taxa.csv", write_taxonomy(taxonomy, Form.PLAIN))
            fields["contract"]["outputs"][0] |= {"taxonomy": "taxa.csv"}
        writer.add_bytes(
            "labels/t.csv", thresholds_bytes(TINY_LABELS, np.array([0.4, np.nan, 0.6], np.float32))
        )
        other = json.loads(json.dumps(fields["flavours"][0]))
        writer.add_bytes("other/model.tflite", writer.path(other["path"]).read_bytes())
        writer.add_bytes("own.csv", thresholds_bytes(TINY_LABELS, np.array([0.5, np.nan, 0.6], np.float32)))
        other |= {"name": "other", "path": "other/model.tflite", "thresholds": {"scores": "own.csv"}}
        fields["flavours"].append(other)
        writer.commit(fields)
    return target


def made_map() -> RangeMap:
    cells = cells_in(RESOLUTION)
    scores = np.linspace(0, 1, len(cells))
    flavours = (Scored("float", "host", scores, 0.5), Scored("small", "host", scores[::-1].copy(), 0.75))
    return RangeMap("bee", RESOLUTION, cells, flavours, "tiny 1.0.0", "0" * 64)


def test_the_whole_earth_and_parts_of_it() -> None:
    every = cells_in(RESOLUTION)
    assert len(every) == h3.get_num_cells(RESOLUTION) == 842
    west, east = cells_in(RESOLUTION, Box(-90, -180, 90, 0)), cells_in(RESOLUTION, Box(-90, 0, 90, 180))
    assert sorted([*west, *east]) == every.tolist()
    across = cells_in(RESOLUTION, Box(40, 170, 80, -120))
    centres = np.array([h3.cell_to_latlng(f"{cell:x}") for cell in across])
    assert ((centres[:, 0] > 40) & ((centres[:, 1] > 170) | (centres[:, 1] < -120))).all()
    inside = [
        cell
        for cell in every
        if 40 < (at := h3.cell_to_latlng(f"{cell:x}"))[0] < 80 and (at[1] > 170 or at[1] < -120)
    ]
    assert across.tolist() == inside


def test_boxes_and_resolutions_that_are_none() -> None:
    for numbers in ((10, 0, 5, 20), (-91, 0, 5, 20), (0, 0, 5, 190)):
        with pytest.raises(InputError, match="is no box"):
            Box(*numbers)
    with pytest.raises(InputError, match="no such resolution"):
        cells_in(16)
    with pytest.raises(InputError, match="has about"):
        cells_in(9)


def test_outlines_are_valid_cut_and_counterclockwise() -> None:
    total = 0.0
    cut = 0
    for cell in cells_in(RESOLUTION):
        rings = rings_of(int(cell))
        cut += len(rings) > 1
        for ring in rings:
            shape = shapely.Polygon(ring)
            assert shape.is_valid
            assert shape.exterior.is_ccw
            assert ring[0] == ring[-1]
            west, _, east, _ = shape.bounds
            assert east - west < 180 or abs(shape.bounds[1]) == 90 or abs(shape.bounds[3]) == 90
            total += shape.area
    assert cut > 20
    assert total == pytest.approx(360 * 180, rel=2e-3)  # no gap and no overlap but the curvature of edges


def test_geojson_says_what_it_is_of() -> None:
    found = made_map()
    document = json.loads(geojson_bytes(found, found.shown))
    assert document["fieldpack"]["overlap"] == pytest.approx(found.overlap, abs=1e-6)
    assert len(document["features"]) == len(found.shown)
    feature = document["features"][0]
    assert h3.is_valid_cell(feature["properties"]["cell"])
    assert set(feature["properties"]) == {"cell", "score", "expected", "score_compared", "expected_compared"}
    kinds = {item["geometry"]["type"] for item in document["features"]}
    assert kinds == {"Polygon", "MultiPolygon"}


def test_geoparquet_carries_its_metadata() -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install 'fieldpack[geo]'")
    found = made_map()
    table = parquet.read_table(io.BytesIO(geoparquet_bytes(found, found.shown)))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"][geo["primary_column"]]["encoding"] == "WKB"
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    assert geo["columns"]["geometry"]["bbox"] == pytest.approx(list(shapely.total_bounds(shapes)))
    assert table["score"].to_pylist()[0] == pytest.approx(found.flavours[0].scores[found.shown[0]], abs=1e-6)
    none = parquet.read_table(io.BytesIO(geoparquet_bytes(found, found.shown[:0])))
    assert none.num_rows == 0
    assert none.schema.equals(table.schema)


def test_the_picture_shows_what_is_kept_lost_and_gained(tmp_path: Path) -> None:
    land = tmp_path / "land.json"
    ring = [[-10, 0], [10, 0], [10, 20], [-10, 20], [-10, 0]]
    land.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    picture = draw_map(made_map(), WORLD, land)
    colours = {colour for _, colour in picture.getcolors(1_000_000) or ()}
    assert {BOTH, LOST, GAINED} <= colours
    half = picture.crop((0, 64, picture.width // 2, picture.height - 40))
    assert LOST not in {colour for _, colour in half.getcolors(1_000_000) or ()}
    for text in (
        "{}",
        "no json",
        '{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point"}}]}',
    ):
        land.write_text(text)
        with pytest.raises(InputError, match="no GeoJSON of land"):
            draw_map(made_map(), WORLD, land)
    with pytest.raises(InputError, match="cannot be read"):
        draw_map(made_map(), WORLD, tmp_path / "absent")


def test_scores_are_those_of_the_centres_and_thresholds_each_flavour_s(tmp_path: Path) -> None:
    from fieldpack.predict import Predictor

    cells = cells_in(0)
    with open_bundle(place_bundle(tmp_path / "tiny")) as bundle:
        found = range_map(bundle, "bee", cells, 0, [None, "other"])
        place = h3.cell_to_latlng(f"{cells[7]:x}")
        wanted = Predictor(bundle).scores((*place, None))["scores"][TINY_LABELS.index("bee")]
        with pytest.raises(InputError, match="no label for this taxon") as caught:
            range_map(bundle, "beee", cells, 0, [None])
    assert caught.value.hint == "near it: bee"
    assert found.flavours[0].scores[7] == pytest.approx(wanted)
    assert [item.threshold for item in found.flavours] == pytest.approx([0.4, 0.5])
    assert found.flavours[0].expected.sum() > found.flavours[1].expected.sum() > 0


@pytest.mark.parametrize("ending", ["geojson", "parquet", "png"])
def test_the_command_writes_each_form(
    tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, out = place_bundle(tmp_path / "tiny"), tmp_path / f"map.{ending}"
    words = [
        "map",
        str(bundle),
        "--taxon",
        "bee",
        "--resolution",
        "0",
        "--out",
        str(out),
        "--compare",
        "other",
    ]
    assert main(words) == 0
    assert "overlap of both" in capsys.readouterr().out
    assert out.stat().st_size > 500
    if ending == "png":
        assert Image.open(out).width > 1000


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--out", "map.shp"], "one of three forms"),
        (["--bbox", "1,2,3"], "not four numbers"),
        (["--flavour", "other", "--compare", "other"], "compared with itself"),
        (["--bbox", "0,0,0.001,0.001"], "no cell has its centre"),
        (["--elevations", "absent.csv"], "cannot be read"),
    ],
)
def test_what_the_command_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    start = ["map", str(place_bundle(tmp_path / "tiny")), "--taxon", "bee", "--resolution", "0"]
    assert main([*start, "--out", str(tmp_path / "m.png"), *more]) == 2
    assert words in capsys.readouterr().err


def test_predict_takes_a_place_in_the_south(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(place_bundle(tmp_path / "tiny"))
    assert main(["predict", bundle, "--place=-33.9,151.2", "--flavour", "other"]) == 0
    assert "expected" in capsys.readouterr().out
    assert main(["predict", bundle]) == main(["predict", bundle, "1,2", "--place", "1,2"]) == 2
    assert main(["predict", bundle, "--place", "120,10"]) == 2
    assert "look swapped" in capsys.readouterr().err


def test_elevations_by_cell_reach_the_model(tmp_path: Path) -> None:
    from fieldpack.contract import LocationInput
    from fieldpack.range_maps.scored import _vectors

    cells = cells_in(0)[:3]
    words: dict[str, Any] = {"kind": "location", "name": "place", "encoding": "inaturalist_5"}
    contract = LocationInput.model_validate(words)
    vectors = _vectors(contract, cells, {int(cells[1]): 5705.63}, None)
    assert vectors[:, 4].tolist() == [-1.0, 1.0, -1.0]


def test_a_taxon_is_found_by_its_id(tmp_path: Path) -> None:
    leaves = [Taxon(str(70 + at), "7", label, 10.0, at) for at, label in enumerate(TINY_LABELS)]
    tree = Taxonomy((Taxon("7", None, "Insecta", 50.0), *leaves))
    with open_bundle(place_bundle(tmp_path / "tiny", tree)) as bundle:
        for at, label in enumerate(TINY_LABELS):
            assert output_of(bundle, str(70 + at)) == output_of(bundle, label)
        with pytest.raises(InputError, match="no label for this taxon"):
            output_of(bundle, "7")
