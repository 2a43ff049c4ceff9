"""Real imagery and the height model beside it: the map of half-metre pixels lies on the grid of the metre."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import tile_bundle, tile_contract, whole_answer, write_scene

rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
CANOPY = ROOT / "geo" / "canopy"


@pytest.mark.skipif(not CANOPY.is_dir(), reason=f"no {CANOPY}; set FIELDPACK_DATA to a folder that has it")
def test_a_map_of_zurich_lies_on_the_height_models_grid(tmp_path: Path) -> None:
    with rasterio.open(CANOPY / "zurich_rgb_0p5m.tif") as file:
        values, place = file.read([1, 2]), {"crs": file.crs, "transform": file.transform}
    scene = write_scene(tmp_path / "s.tif", values, **place)
    contract = tile_contract({"resolution": 0.5, "no_data": "none"}, tiling={"alignment": 2})
    bundle = tile_bundle(tmp_path / "b", contract, stride=2)
    with open_bundle(bundle) as opened:
        found = map_scene(opened, scene, tmp_path / "m.tif")
    wanted = np.stack(list(whole_answer(values, contract, 2).values()))
    with rasterio.open(tmp_path / "m.tif") as file, rasterio.open(CANOPY / "zurich_chm_1m.tif") as truth:
        assert np.abs(file.read() - wanted).max() < 1e-4
        assert (file.transform, file.crs) == (truth.transform, truth.crs)
        assert file.shape == (200, 437)  # the 875th column is half a pixel of the map
    assert found.known == 1
