"""Tiles of a scene put together: the network's answer of the whole mirrored scene, without seams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.contract.raster import RasterInput
from fieldpack.scenes.mapping import begin_mosaic
from fieldpack.scenes.mosaic import TileAnswer
from fieldpack.scenes.seams import joined
from fieldpack.scenes.tiles import plan_tiles, seen_lines, tile_numbers
from fieldpack_reference_models.canopy_torch import network, train
from fieldpack_reference_models.canopy_torch.scenes import FACTOR, Reals, contract_input

ROUNDING_M = 1e-3


class Whole:
    """The stored network on a picture [3, H, W]: in one piece, and tile by tile."""

    def __init__(self, picture: Reals) -> None:
        self.torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
        self.module = train.load(Path(__file__).parent / "model.pt")
        self.picture = picture

    def answered(self, tile: Reals) -> Reals:
        with self.torch.no_grad():
            found = self.module(self.torch.from_numpy(np.ascontiguousarray(tile))[None])
        return np.stack([item[0, 0].numpy() for item in found])

    def in_one_piece(self) -> Reals:
        """The picture mirrored at its ends, and so that the grid of the stages begins at its corner."""
        size, stride = self.picture.shape[1:], network.STRIDE_PX
        edge = -(-network.RADIUS_PX // stride) * stride
        wide = [(edge, edge + (-length) % stride) for length in size]
        whole = self.answered(np.pad(self.picture, ((0, 0), *wide), mode="reflect"))
        rows, columns = (length // FACTOR for length in size)
        return whole[:, edge // FACTOR :, edge // FACTOR :][:, :rows, :columns]

    def by_tiles(self, taken: RasterInput) -> tuple[Reals, float, int]:
        """The map, the largest seam, and the number of tiles."""
        height, width = self.picture.shape[1:]
        tiles = plan_tiles(taken, height, width, (taken.height // FACTOR, taken.width // FACTOR))
        mosaic, strips = begin_mosaic(taken, tiles, len(network.OUTPUTS)), []
        for row, top in enumerate(tiles.rows.starts):
            down, answers = seen_lines(top * FACTOR, taken.height, height), []
            for _, column in tile_numbers(tiles, row):
                across = seen_lines(tiles.columns.starts[column] * FACTOR, taken.width, width)
                lines, places = down.first + down.places, across.first + across.places
                values = self.answered(self.picture[:, lines[:, None], places])
                values = values[:, tiles.rows.inner(row), tiles.columns.inner(column)]
                answers.append(TileAnswer(values, np.zeros(values.shape[1:], np.bool_)))
            strips.append(mosaic.add_row(answers).values)
        return np.concatenate(strips, axis=1), joined(mosaic.seams.values()).largest, tiles.count


def noise(size: tuple[int, int]) -> Reals:
    return np.random.default_rng(7).normal(size=(3, *size)).astype(np.float32)


@pytest.mark.parametrize(("size", "count"), [((300, 420), 6), ((64, 120), 1)])
def test_tiles_of_a_scene_agree_with_the_scene_in_one_piece(size: tuple[int, int], count: int) -> None:
    whole = Whole(noise(size))
    values, seam, tiles = whole.by_tiles(contract_input())
    assert tiles == count
    assert seam < ROUNDING_M
    assert np.abs(values - whole.in_one_piece()).max() < ROUNDING_M


def test_a_step_off_the_grid_of_the_stages_shows_in_the_seams() -> None:
    taken = contract_input()
    step = taken.height - taken.tiling.overlap
    off = taken.tiling.model_copy(update={"overlap": taken.height - step + 8, "alignment": 8})
    _, seam, _ = Whole(noise((300, 420))).by_tiles(taken.model_copy(update={"tiling": off}))
    assert seam > 10 * ROUNDING_M
