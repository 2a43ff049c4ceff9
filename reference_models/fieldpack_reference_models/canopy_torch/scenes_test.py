"""Scenes, blocks and tiles: what lies where, and that nothing judged was learned."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.canopy_torch import tiles
from fieldpack_reference_models.canopy_torch.blocks import make_blocks
from fieldpack_reference_models.canopy_torch.scenes import (
    PAIRS,
    Scene,
    cells,
    contract_input,
    matched,
    pooled,
    read_scenes,
    scaled,
)
from fieldpack_reference_models.canopy_torch.train import RECIPE

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))


def drawn(rows: int = 60, columns: int = 90, seed: int = 0) -> Scene:
    """A scene whose heights follow its green band, with a corner where nothing is known."""
    dice = np.random.default_rng(seed)
    heights = np.kron(dice.random((rows // 5, columns // 5)), np.ones((5, 5))) * 12
    bands = dice.normal(100, 4, (3, 2 * rows, 2 * columns))
    bands[1] += np.kron(heights, np.ones((2, 2))) * 6
    heights[: rows // 4, : columns // 4] = np.nan
    return Scene("drawn", bands.astype(np.float32), heights.astype(np.float32))


def test_pictures_are_brought_to_the_size_of_the_heights() -> None:
    bands = np.arange(2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    assert pooled(bands, 2)[0].tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]
    scene = matched("x", np.zeros((3, 9, 7), np.float32), np.zeros((5, 4), np.float32))
    assert (scene.bands.shape, scene.heights.shape) == ((3, 8, 6), (4, 3))
    assert cells([scene]) == 12


def test_bands_are_scaled_by_the_contract() -> None:
    bands = np.full((3, 2, 2), 153, np.float32)
    assert np.allclose(scaled(bands, contract_input()), 1)


def test_folds_have_about_as_many_cells_and_share_no_block() -> None:
    scenes = [drawn(), drawn(40, 40, 1)]
    blocks = make_blocks(scenes, 10, 4, 3)
    counts = [sum(int(mask.sum()) for mask in blocks.of([fold])) for fold in range(4)]
    assert sum(counts) == cells(scenes)
    assert max(counts) - min(counts) <= 100
    assert len(blocks.corners) == len(blocks.folds) == max(part.max() for part in blocks.numbers) + 1
    again = make_blocks(scenes, 10, 4, 3)
    assert np.array_equal(again.folds, blocks.folds)
    assert not np.array_equal(make_blocks(scenes, 10, 4, 4).folds, blocks.folds)


def test_training_cells_keep_their_distance_from_other_folds() -> None:
    blocks = make_blocks([drawn()], 15, 4, 3)
    (kept,), (own,), (others,) = blocks.apart([0, 1], 4), blocks.of([0, 1]), blocks.of([2, 3])
    assert not (kept & ~own).any()
    assert 0 < kept.sum() < own.sum()
    places = np.argwhere(others)
    far = [int(np.abs(places - cell).max(axis=1).min()) for cell in np.argwhere(kept)]
    assert min(far) == 5


def test_a_tile_has_truth_in_its_middle_block_alone() -> None:
    scene = drawn(120, 160)
    recipe = replace(RECIPE, folds=4)
    found = list(tiles.cut_tiles((scene,), recipe, (0, 1)))
    blocks = make_blocks((scene,), recipe.block_m, 4, recipe.seed)
    assert sum(int(np.isfinite(item[2]["canopy_height"]).sum()) for item in found) == sum(
        int(mask.sum()) for mask in blocks.of([0, 1])
    )
    for name, bands, targets, slices in found:
        assert (bands.shape, targets["canopy_height"].shape) == ((3, 352, 352), (176, 176))
        known = np.argwhere(np.isfinite(targets["canopy_height"]))
        assert known.min() >= 68
        assert known.max() < 108
        row, column = (int(part) for part in name.split("-")[1:])
        assert slices["block"] == str(blocks.corners.index((0, row, column)))
        middle = bands[:, 136:216, 136:216]
        assert np.array_equal(
            middle[:, :40, :40], scene.bands[:, 2 * row : 2 * row + 40, 2 * column : 2 * column + 40]
        )


@pytest.mark.parametrize("split", ["validation", "/nowhere:test"])
def test_an_unknown_split_is_refused(split: str) -> None:
    with pytest.raises(InputError, match="split of the canopy scenes is unknown"):
        next(iter(tiles.dataset(split, 1)))


def test_missing_scenes_are_named(tmp_path: Path) -> None:
    pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
    with pytest.raises(InputError, match="scene zurich is not there"):
        read_scenes(tmp_path)


def test_the_scenes_are_those_of_the_card() -> None:
    pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
    if not (ROOT / "geo" / "canopy").is_dir():
        pytest.skip(f"no scenes under {ROOT / 'geo'}; set FIELDPACK_DATA to a folder that has them")
    scenes = read_scenes(ROOT)
    assert [scene.name for scene in scenes] == list(PAIRS)
    assert [scene.heights.shape for scene in scenes] == [(200, 437), (40, 40), (40, 40)]
    assert cells(scenes) == 24_111 + 2 * 1600
    (item,) = tiles.dataset(f"{ROOT}:calibration", 1)
    assert item[3]["scene"] == "zurich"
