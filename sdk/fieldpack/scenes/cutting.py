"""One tile out of a scene: mirrored or filled beyond the scene's ends, and prepared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import RasterInput
from fieldpack.preprocess.raster import missing_pixels, prepare_raster, widened
from fieldpack.scenes.scene import Scene
from fieldpack.scenes.tiles import Tiles, seen_lines


def read_tile(
    contract: RasterInput, scene: Scene, tiles: Tiles, row: int, column: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A tile as the model takes it, and where the contract gives no answer.

    Data that is missing outside the tile is of no account: its word does not reach into its margin.

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
        The prepared tile, and in pixels of its answer where there is none; both may go beyond the scene.

    Raises
    ------
    InputError
        The scene is damaged there.
    """
    factor, place = tiles.factor, scene.place
    rows = seen_lines(tiles.rows.starts[row] * factor, contract.height, place.height)
    columns = seen_lines(tiles.columns.starts[column] * factor, contract.width, place.width)
    window = scene.read(rows.first, columns.first, rows.end - rows.first, columns.end - columns.first)
    lines, places = rows.places[:, None], columns.places
    values, masked = window.values[:, lines, places], window.masked[lines, places]
    unseen = widened(missing_pixels(values, contract, masked), contract.tiling.margin)
    if contract.tiling.beyond == "fill":
        masked = masked | rows.beyond[:, None] | columns.beyond
    cells = unseen.reshape(contract.height // factor, factor, contract.width // factor, factor)
    return prepare_raster(values, contract, masked), np.asarray(cells.any(axis=(1, 3)))
