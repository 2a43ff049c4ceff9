"""Answer some tiles of a scene: what a worker does, in whichever process or machine it lives.

Words in, arrays out, so that the place cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fieldpack.bundle.read import open_bundle
from fieldpack.contract.raster import RasterInput
from fieldpack.errors import BundleError, InputError
from fieldpack.predict import Predictor
from fieldpack.scenes.cutting import read_tile
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
        prepared, missing = read_tile(contract, scene, tiles, row, column)
        results = predictor.run({contract.name: prepared[None]})
        values = np.stack([results[name][0] for name in names])
        inner = tiles.rows.inner(row), tiles.columns.inner(column)
        answers.append(TileAnswer(values[:, *inner], missing[inner]))
    return answers
