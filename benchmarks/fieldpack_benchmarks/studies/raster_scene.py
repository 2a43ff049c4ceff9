"""Scenes of the raster study: made block by block, mapped in processes of their own, and by whom.

A large scene is put together from a few generated landscapes, turned and mirrored, one block after the other,
so that it never lies in memory. Where blocks meet, the forest breaks off.
"""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.digest import sha256_file
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import MissingDependencyError
from fieldpack.scenes.answering import Job, answer_job
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.mosaic import TileAnswer
from fieldpack.scenes.requirements import geo_library
from fieldpack_benchmarks.processes import FIELDPACK, PYTHON, run_process

LANDSCAPE = "fieldpack_reference_models.forest.scene"
LANDSCAPES = 4
ORDER_SEED = 4


@dataclass(frozen=True, slots=True)
class Ran:
    """One process that mapped a scene.

    Attributes
    ----------
    processor_s, wall_s : float
        Of the process and its children; and by the clock, beside whatever else the machine did.
    peak_bytes : int or None
        Largest resident memory of the process itself.
    """

    processor_s: float
    wall_s: float
    peak_bytes: int | None


def write_large_scene(path: Path, side: int, block: int, folder: Path) -> Path:
    """Write the generated forest, `side` by `side` pixels, in blocks of `block`; the same each time.

    Parameters
    ----------
    path : Path
        The GeoTIFF: four bands of uint16, tiled, not compressed.
    side, block : int
        Pixels; the last blocks of a row and of a column are cut off.
    folder : Path
        Where the landscapes go, which are deleted afterwards.
    """
    rasterio = geo_library("rasterio")
    pieces = [_landscape(folder / f"landscape-{number}.tif", block, number) for number in range(LANDSCAPES)]
    with rasterio.open(pieces[0]) as first:
        profile, names = first.profile, first.descriptions
    whole = {"height": side, "width": side, "compress": None, "blockxsize": 256, "blockysize": 256}
    with rasterio.open(path, "w", **{**profile, **whole}) as file:
        for number, name in enumerate(names, start=1):
            file.set_band_description(number, name)
        for place, (top, left) in enumerate(_corners(side, block)):
            with rasterio.open(pieces[place % LANDSCAPES]) as piece:
                values = turned(piece.read(), place // LANDSCAPES)
            rows, columns = min(block, side - top), min(block, side - left)
            window = rasterio.windows.Window(left, top, columns, rows)
            file.write(values[:, :rows, :columns], window=window)
    for made in pieces:
        made.unlink()
    return path


def _landscape(path: Path, side: int, number: int) -> Path:
    words = ("--out", str(path), "--rows", str(side), "--columns", str(side), "--number", str(number))
    run_process((*PYTHON, "-m", LANDSCAPE, *words))
    return path


def _corners(side: int, block: int) -> Iterator[tuple[int, int]]:
    starts = range(0, side, block)
    return ((top, left) for top in starts for left in starts)


def turned(values: NDArray[Any], number: int) -> NDArray[Any]:
    """Bands [C, N, N] in one of the eight positions of a square."""
    quarters = np.rot90(values, number % 4, axes=(1, 2))
    return quarters[:, :, ::-1] if number // 4 % 2 else quarters


def mapped_by_fieldpack(
    bundle: Path, flavour: str, scene: Path, target: Path, executor: str = "local"
) -> tuple[Ran, dict[str, Any]]:
    """``fieldpack predict`` in a process of its own, and what it says of the map."""
    words = ("--flavour", flavour, "--out", str(target), "--executor", executor, "--json")
    said = target.with_suffix(".json")
    ran = _ran((*FIELDPACK, "predict", str(bundle), str(scene), *words), said)
    facts: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
    return ran, facts


def mapped_bare(bundle: Path, flavour: str, scene: Path, target: Path) -> Ran:
    """The plain loop of :mod:`fieldpack_benchmarks.bare_scene` in a process of its own."""
    words = (str(bundle), flavour, str(scene), str(target))
    return _ran((*PYTHON, "-m", "fieldpack_benchmarks.bare_scene", *words), None)


def _ran(command: tuple[str, ...], output: Path | None) -> Ran:
    before = processor_s()
    ended = run_process(command, watch_memory=True, output=output)
    return Ran(processor_s() - before, ended.seconds, ended.peak_bytes)


def processor_s() -> float:
    """Of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(used.ru_utime + used.ru_stime)


class OtherOrder:
    """Jobs are done in a shuffled order, and come back in theirs."""

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        """See :class:`fieldpack.scenes.workers.Workers`."""
        todo = list(enumerate(jobs))
        random.Random(ORDER_SEED).shuffle(todo)
        done = {place: answer_job(job) for place, job in todo}
        return (done[place] for place in range(len(done)))

    def close(self) -> None:
        """Nothing to let go of."""


def digests(
    bundle: Path, flavour: str, scene: Path, folder: Path, executors: Sequence[str], *, cluster: bool
) -> dict[str, str]:
    """SHA-256 of the map by who answered the tiles: the same file each time, or something is wrong.

    Raises
    ------
    MissingDependencyError
        A Dask cluster is wanted and distributed is not installed.
    """
    found = {}
    for executor in executors:
        mapped_by_fieldpack(bundle, flavour, scene, folder / "map.tif", executor)
        found[executor] = sha256_file(folder / "map.tif")
    with open_bundle(bundle) as opened:
        map_scene(opened, scene, folder / "map.tif", flavour=flavour, workers=OtherOrder())
    found["other order"] = sha256_file(folder / "map.tif")
    if cluster:
        with _cluster(folder) as address:
            mapped_by_fieldpack(bundle, flavour, scene, folder / "map.tif", address)
        found["Dask cluster"] = sha256_file(folder / "map.tif")
    return found


@contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """Two workers of this machine, each a process; gives their scheduler's address."""
    try:
        import distributed
    except ImportError as error:
        raise MissingDependencyError(
            "maps are compared through a Dask cluster", hint='pip install "fieldpack[dask]"'
        ) from error
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**settings, local_directory=str(folder / "dask")) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://", 1)
