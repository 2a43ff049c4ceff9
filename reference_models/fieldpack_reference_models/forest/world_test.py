"""The generated forest: the same bytes each time, bands that tell of height, truth only where it was seen."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fieldpack_reference_models.forest import scene, world


def test_a_landscape_is_a_function_of_split_and_number() -> None:
    first, again = (world.landscape("test", 3, 40, 50) for _ in range(2))
    assert first.bands.tobytes() == again.bands.tobytes()
    assert np.array_equal(first.height, again.height, equal_nan=True)
    for split, number in (("test", 4), ("train", 3)):
        assert world.landscape(split, number, 40, 50).bands.tobytes() != first.bands.tobytes()


def test_the_world_is_the_one_that_was_trained_on() -> None:
    bands = world.landscape("test", 0, 64, 64).bands
    assert bands.dtype == np.uint16
    # One more or less than before would be another rounding of another machine, so a coarse digest is held.
    coarse = (bands[:, ::8, ::8].astype(np.int64) + 16) // 64
    assert hashlib.sha256(coarse.astype("<i8").tobytes()).hexdigest()[:16] == "d06df78596eb36d3"


def test_bands_tell_of_height() -> None:
    bands, heights = world.tiles("train", 8)
    seen = np.isfinite(heights)
    low, tall = heights < 3, heights > 20
    medians = {
        name: [float(np.median(bands[:, place][part])) for part in (low, tall)]
        for place, name in enumerate(world.BANDS)
    }
    assert medians["swir"][0] > 2 * medians["swir"][1]
    assert medians["red"][0] > 2 * medians["red"][1]
    assert medians["nir"][0] < medians["nir"][1]
    assert heights[seen].min() >= 0
    assert heights[seen].max() > 30


def test_what_was_not_seen_has_no_truth() -> None:
    gaps = 0
    for number in range(30):
        made = world.landscape("train", number, 32, 32)
        unseen = (made.bands == world.NO_DATA).all(axis=0)
        assert np.array_equal(unseen, np.isnan(made.height))
        assert (made.bands[:, ~unseen] > 0).all()
        gaps += bool(unseen.any())
    assert 1 <= gaps <= 15


def test_four_tiles_of_a_landscape_are_one_group() -> None:
    items = list(world.dataset("test", 6))
    assert [item[0] for item in items] == [f"test-{n // 4}-{n % 4}" for n in range(6)]
    assert [item[3]["landscape"] for item in items] == ["0"] * 4 + ["1"] * 2
    assert items[0][1].shape == (4, world.TILE_PX, world.TILE_PX)
    whole = world.landscape("test", 0, 256, 256).bands
    assert np.array_equal(items[3][1], whole[:, 128:, 128:])


def test_a_scene_has_its_place_and_its_bands(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
    assert scene.main(["--out", str(tmp_path / "s.tif"), "--rows", "30", "--columns", "40"]) == 0
    with rasterio.open(tmp_path / "s.tif") as file:
        assert file.descriptions == world.BANDS
        assert (file.height, file.width, file.res, file.nodata) == (30, 40, (10.0, 10.0), 0)
        assert file.crs.to_epsg() == 32632
        assert np.array_equal(file.read(), world.landscape("scene", 0, 30, 40).bands)


def test_a_large_scene_is_a_patchwork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
    monkeypatch.setattr(scene, "PATCH_PX", 16)
    scene.write_scene(tmp_path / "s.tif", 20, 40)
    with rasterio.open(tmp_path / "s.tif") as file:
        values = file.read()
    assert np.array_equal(values[:, :16, 16:32], world.landscape("scene", 1, 16, 16).bands)
    assert np.array_equal(values[:, 16:, 32:], world.landscape("scene", 1002, 4, 8).bands)
