"""``fieldpack predict`` on scenes: a map, its words, and options that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fieldpack.cli.main import main
from fieldpack.scenes.testing import made_scene, tile_bundle, tile_contract, write_scene
from fieldpack.testing import tiny_bundle

pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
INTERVAL = {
    "name": "range",
    "quantity": "height",
    "coverage": 0.9,
    "ends": {"kind": "quantiles", "lower": "low", "upper": "high"},
    "refit": "conformal",
}
FIT = {"interval": "range", "numbers": [1.5], "counts": [100]}


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    return str(tile_bundle(tmp_path / "b.fieldpack", tile_contract(intervals=[INTERVAL]), fits=[FIT]))


@pytest.fixture
def scene(tmp_path: Path) -> str:
    return str(write_scene(tmp_path / "s.tif", made_scene(61, 83)))


def test_a_scene_becomes_a_map_with_refitted_intervals(
    bundle: str, scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import rasterio

    assert main(["predict", bundle, scene, "--out", str(tmp_path / "m.tif"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["bands"], answer["tiles"]) == (["middle", "range_low", "range_high"], 35)
    assert answer["seam"]["largest"] < 1e-4
    with rasterio.open(tmp_path / "m.tif") as file:
        middle, low, high = file.read()
    known = np.isfinite(middle)
    assert known.mean() == pytest.approx(answer["known"], abs=1e-5)
    # The heads of the tiny model are 4 apart, and the fit moves the ends by 1.5.
    assert np.allclose((high - middle)[known], 5.5, atol=1e-4)
    assert np.allclose((middle - low)[known], 5.5, atol=1e-4)


def test_the_text_says_what_was_done(
    bundle: str, scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "m.tif")
    assert main(["predict", bundle, scene, "--out", target, "--executor", "processes:2", "--cog"]) == 0
    size, bands, tiles, known, seams = capsys.readouterr().out.splitlines()
    assert size.endswith("m.tif: 61 by 83 pixels")
    assert bands == "bands middle, range_low, range_high"
    assert tiles.startswith("35 tiles in ")
    assert known.endswith("% of the pixels have an answer")
    assert seams.startswith("seams: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "needs a file"),
        (["--out", "m.png"], "written as GeoTIFF"),
        (["--out", "m.tif", "--executor", "cloud"], "no such executor"),
    ],
)
def test_what_a_scene_needs(
    options: list[str], words: str, bundle: str, scene: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", bundle, scene, *options]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--resume"], ["--cog"], ["--executor", "processes:2"]])
def test_options_of_scenes_are_for_scenes(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", np.zeros(4, np.float32))
    assert main(["predict", str(tiny_bundle(tmp_path / "t")), str(tmp_path / "x.npy"), *option]) == 2
    assert "is for scenes" in capsys.readouterr().err
