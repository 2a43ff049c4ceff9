"""One tile out of a scene: with what lies around it, filled up at the scene's ends, and prepared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import RasterInput
from fieldpack.preprocess.raster import missing_pixels, prepare_raster, widened
from fieldpack.scenes.scene import Scene
from fieldpack.scenes.tiles import Tiles


def read_tile(
    contract: RasterInput, scene: Scene, tiles: Tiles, row: int, column: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A tile as the model takes it, and where the contract gives no answer.

    Parameters
    ----------
    contract : RasterInput
        What the scene is read for.
    scene : Scene
        Open.
    tiles : Tiles
        Its plan.
    row, column : int
        Of the tile in the plan.

    Returns
    -------
    (float32 [H, W, channels], bool [rows, columns])
        The prepared tile, and in pixels of the map where its answer is none.

    Raises
    ------
    InputError
        The scene is damaged there.
    """
    factor, margin = tiles.factor, contract.tiling.margin
    top, left = tiles.rows.starts[row] * factor, tiles.columns.starts[column] * factor
    height, width = (
        min(contract.height, scene.place.height - top),
        min(contract.width, scene.place.width - left),
    )
    above, before = min(margin, top), min(margin, left)
    below = min(margin, scene.place.height - top - height)
    behind = min(margin, scene.place.width - left - width)
    window = scene.read(top - above, left - before, above + height + below, before + width + behind)
    inner = np.s_[above : above + height, before : before + width]
    unseen = widened(missing_pixels(window.values, contract, window.masked), margin)[inner]
    tile = _filled_up(window.values[:, *inner], contract), _filled_up(window.masked[inner], contract)
    rows, columns = (_inside(axis.span(at)) for axis, at in ((tiles.rows, row), (tiles.columns, column)))
    cut = unseen[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    return prepare_raster(tile[0], contract, tile[1]), np.asarray(cut.any(axis=(1, 3)))


def _inside(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _filled_up(array: NDArray[Any], contract: RasterInput) -> NDArray[Any]:
    """A tile of full size [..., H, W]: what the scene lacks at its lower and right ends is its reflection."""
    lacks = contract.height - array.shape[-2], contract.width - array.shape[-1]
    if not any(lacks):
        return array
    widths = [(0, 0)] * (array.ndim - 2) + [(0, lack) for lack in lacks]
    return np.pad(array, widths, mode="reflect" if min(array.shape[-2:]) > 1 else "edge")
