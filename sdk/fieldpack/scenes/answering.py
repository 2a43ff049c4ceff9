"""Answer some tiles of a scene: what a worker does, in whichever process or machine it lives.

Words in, arrays out, so that the place cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.read import open_bundle
from fieldpack.contract.raster import RasterInput
from fieldpack.errors import BundleError, InputError
from fieldpack.predict import Predictor
from fieldpack.preprocess.raster import missing_pixels, prepare_raster, widened
from fieldpack.scenes.mosaic import TileAnswer
from fieldpack.scenes.scene import Scene
from fieldpack.scenes.tiles import Tiles, plan_tiles


@dataclass(frozen=True, slots=True)
class Model:
    """Which flavour of which bundle answers; plain, so that it can travel.

    Attributes
    ----------
    bundle : str
        Path of the bundle, as the workers see it.
    digest : str
        Its identity; another bundle at that path is refused.
    flavour : str
        Name of the flavour.
    precision : str or None
        Arithmetic of a Core ML flavour.
    """

    bundle: str
    digest: str
    flavour: str
    precision: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """Some neighbouring tiles of one row.

    Attributes
    ----------
    model : Model
        Who answers.
    scene : str
        Path of the scene.
    row, first, end : int
        Row of tiles, and the first and past-the-last tile in it.
    """

    model: Model
    scene: str
    row: int
    first: int
    end: int


def answer_job(job: Job) -> list[TileAnswer]:
    """Open what the job names, and answer its tiles.

    Raises
    ------
    BundleError
        Another bundle lies at the path.
    InputError
        The scene is damaged or does not fit.
    """
    from fieldpack.scenes.reading import open_scene

    predictor = opened_predictor(job.model)
    contract = raster_input(predictor)
    with open_scene(Path(job.scene), contract) as scene:
        tiles = plan_tiles(contract, scene.place.height, scene.place.width, answer_size(predictor))
        numbers = [(job.row, column) for column in range(job.first, job.end)]
        return answer_tiles(predictor, contract, scene, tiles, numbers)


@lru_cache(maxsize=2)
def opened_predictor(model: Model) -> Predictor:
    """The flavour, loaded once a process."""
    bundle = open_bundle(Path(model.bundle))
    if bundle.digest != model.digest:
        raise BundleError(
            "another bundle lies where the work began", came=bundle.digest, allowed=model.digest
        )
    return Predictor(bundle, model.flavour, precision=model.precision)


def raster_input(predictor: Predictor) -> RasterInput:
    """The input of a raster model.

    Raises
    ------
    InputError
        The bundle takes something else.
    """
    if not isinstance(predictor.input, RasterInput):
        raise InputError(
            "this bundle takes no rasters", came=predictor.input.kind, allowed='an input of kind "raster"'
        )
    return predictor.input


def answer_size(predictor: Predictor) -> tuple[int, int]:
    """Rows and columns that the model gives for a tile.

    Raises
    ------
    InputError
        An output is no map of one number a pixel, or they differ in size.
    """
    stated = {item.name: item for item in predictor.bundle.manifest.contract.outputs}
    sizes = set()
    for border in predictor.flavour.outputs:
        shape = list(border.shape)
        if border.layout is not None:
            del shape[1 if border.layout == "NCHW" else 3]
        if stated[border.name].estimate is None or len(shape) != 3:
            raise InputError(
                f"output {border.name} is no map",
                came=f"{list(border.shape)}",
                allowed="outputs with an estimate, one number a pixel",
            )
        sizes.add((shape[1], shape[2]))
    if len(sizes) != 1:
        raise InputError("the outputs are maps of different sizes", came=sorted(sizes), allowed="one size")
    return sizes.pop()


def answer_tiles(
    predictor: Predictor,
    contract: RasterInput,
    scene: Scene,
    tiles: Tiles,
    numbers: Sequence[tuple[int, int]],
) -> list[TileAnswer]:
    """Answer the tiles of these (row, column), each cut to the map."""
    answers = []
    names = [output.name for output in predictor.bundle.manifest.contract.outputs]
    for row, column in numbers:
        prepared, missing = _read(contract, scene, tiles, row, column)
        results = predictor.run({contract.name: prepared[None]})
        values = np.stack([results[name][0] for name in names])
        answers.append(TileAnswer(values[:, : missing.shape[0], : missing.shape[1]], missing))
    return answers


def _read(
    contract: RasterInput, scene: Scene, tiles: Tiles, row: int, column: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A prepared tile [H, W, C], and where its answer is none [rows, columns] of the map."""
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
