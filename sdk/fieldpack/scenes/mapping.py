"""A scene in, a map out: every tile answered, put together, and written with its place.

Works on scenes larger than the memory: at any time there is one row of tiles, and what is under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.read import Bundle
from fieldpack.contract.raster import RasterInput
from fieldpack.errors import FieldpackError, InputError
from fieldpack.estimates.intervals import as_stated
from fieldpack.predict import Predictor
from fieldpack.scenes.answering import Job, Model, answer_size, raster_input
from fieldpack.scenes.bands import MapContent
from fieldpack.scenes.doubts import scene_doubts
from fieldpack.scenes.journal import Journal, Progress
from fieldpack.scenes.mosaic import Mosaic, Strip, TileAnswer
from fieldpack.scenes.reading import open_scene
from fieldpack.scenes.scene import Place
from fieldpack.scenes.seams import Seam, joined
from fieldpack.scenes.tiles import Tiles, margin_of, plan_tiles
from fieldpack.scenes.workers import OneProcess, Workers
from fieldpack.scenes.writing import RawMap, check_target

TILES_A_JOB = 8
Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a run made.

    Attributes
    ----------
    path : Path
        The GeoTIFF.
    bands : tuple of str
        Their names, in order.
    place : Place
        Where its pixels lie.
    tiles : int
        Tiles of the scene.
    answered : int
        Tiles that this run answered; fewer where it went on with another.
    seam : Seam
        Over all cuts and outputs.
    known : float
        Share of the map's pixels with an answer.
    seconds : float
        Of this run.
    evidence : str
        Class of the answers.
    doubts : tuple of str
        What speaks against the scene, see :func:`fieldpack.scenes.doubts.scene_doubts`.
    """

    path: Path
    bands: tuple[str, ...]
    place: Place
    tiles: int
    answered: int
    seam: Seam
    known: float
    seconds: float
    evidence: str
    doubts: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "map": str(self.path),
            "bands": list(self.bands),
            "height": self.place.height,
            "width": self.place.width,
            "tiles": self.tiles,
            "answered": self.answered,
            "seam": self.seam.as_dict(),
            "known": round(self.known, 6),
            "seconds": round(self.seconds, 2),
            "evidence": self.evidence,
            "doubts": list(self.doubts),
        }


def content_of(predictor: Predictor) -> MapContent:
    """The bands that a flavour's maps have."""
    contract = predictor.bundle.manifest.contract
    fits = predictor.flavour.intervals or tuple(as_stated(item) for item in contract.intervals)
    return MapContent(contract, fits)


def map_scene(
    bundle: Bundle,
    scene: Path,
    target: Path,
    *,
    flavour: str | None = None,
    precision: str | None = None,
    workers: Workers | None = None,
    resume: bool = False,
    cloud_optimised: bool = False,
    report: Report = lambda stage, done: None,
) -> Mapped:
    """Answer a whole scene.

    Parameters
    ----------
    bundle : Bundle
        Takes a raster, and gives estimates.
    scene : Path
        Whatever GDAL opens; see :func:`fieldpack.scenes.reading.open_scene` for what it must have.
    target : Path
        ``FILE.tif``; an existing file is replaced in one rename when all is done. Until then the work lies
        beside it, in ``FILE.tif.part`` and ``FILE.tif.journal``; a run that fails leaves them where a row of
        tiles is done, and says so, and removes them where none is.
    flavour, precision : str, optional
        As for :class:`~fieldpack.predict.Predictor`.
    workers : Workers, optional
        Where tiles are answered; here when None. They change no bit of the map.
    resume : bool
        Go on with the work that lies beside the target.
    cloud_optimised : bool
        Write a COG.
    report : callable
        Called with (stage, fraction).

    Raises
    ------
    InputError
        The scene does not fit the contract or is damaged, or unfinished work lies beside the target and
        `resume` is false, or it belongs to other work.
    StorageError
        Something cannot be written.
    """
    check_target(target)
    _check_apart(scene, target)
    begun = time.monotonic()
    predictor = Predictor(bundle, flavour, precision=precision)
    contract, content = raster_input(predictor), content_of(predictor)
    size = answer_size(predictor)
    with open_scene(scene, contract) as opened:
        place, doubts = opened.place, scene_doubts(opened, contract)
    tiles = plan_tiles(contract, place.height, place.width, size)
    model = Model(str(bundle.location.absolute()), bundle.digest, predictor.flavour.name, precision)
    raw = RawMap(target.with_name(target.name + ".part"), place.coarser(tiles.factor), content.bands)
    identity = _identity(model, scene, content, place)
    journal = Journal(target.with_name(target.name + ".journal"), identity)
    done = _begun(raw, journal, resume)
    first = _first_row(tiles, done.lines)
    mosaic = begin_mosaic(contract, tiles, len(content.contract.outputs), first)
    jobs = (_jobs(model, scene, tiles, row) for row in range(first, len(tiles.rows.starts)))
    with _kept(raw, journal):
        rows = _rows((workers or OneProcess()).answers(job for row in jobs for job in row), tiles, first)
        for row, answers in enumerate(rows, start=first):
            lines = _store(raw, content, mosaic.add_row(answers), done.lines)
            journal.note(row, lines, mosaic.seams[row] if row not in done.seams else done.seams[row])
            report("tiles", (row + 1) / len(tiles.rows.starts))
        report("write", 1.0)
        raw.finish(target, _tags(predictor, scene), cloud_optimised=cloud_optimised)
        known = raw.known()
    raw.path.unlink()
    journal.path.unlink()
    return Mapped(
        target,
        tuple(band.name for band in content.bands),
        place.coarser(tiles.factor),
        tiles.count,
        (len(tiles.rows.starts) - first) * len(tiles.columns.starts),
        joined({**mosaic.seams, **done.seams}.values()),
        known,
        time.monotonic() - begun,
        predictor.evidence.value,
        doubts,
    )


def _check_apart(scene: Path, target: Path) -> None:
    """Refuse a map in the place of its scene, which would be lost."""
    if target.exists() and scene.exists() and target.samefile(scene):
        raise InputError("the map would take the place of its scene", came=target, allowed="another --out")


def _identity(model: Model, scene: Path, content: MapContent, place: Place) -> dict[str, Any]:
    """What decides the map; a run that was cut off goes on only where all of it is the same."""
    facts = scene.stat()
    return {
        "bundle": model.digest,
        "flavour": model.flavour,
        "precision": model.precision,
        "scene": scene.name,
        "scene_bytes": facts.st_size,
        "scene_changed_ns": facts.st_mtime_ns,
        "size": [place.height, place.width],
        "bands": [band.name for band in content.bands],
    }


def _begun(raw: RawMap, journal: Journal, resume: bool) -> Progress:
    """Begin anew, or find out what is done."""
    there = journal.path.exists()
    if there and not resume and not journal.has_only_begun():
        raise InputError(
            f"unfinished work lies beside {raw.path.with_suffix('')}",
            came=journal.path.name,
            hint=f"go on with --resume, or delete {journal.path.name} and {raw.path.name}",
        )
    if there and resume:
        found = journal.read()
        if raw.path.exists() and raw.path.stat().st_size == raw.size_bytes:
            return found
    raw.begin()
    journal.begin()
    return Progress(0, {})


@contextmanager
def _kept(raw: RawMap, journal: Journal) -> Iterator[None]:
    """Remove what a run that failed began, or say that its finished rows are kept."""
    try:
        yield
    except BaseException as error:
        if journal.has_only_begun():
            raw.path.unlink(missing_ok=True)
            journal.path.unlink(missing_ok=True)
        elif isinstance(error, FieldpackError):
            kept = f"finished rows are kept in {raw.path.name} and {journal.path.name}"
            then = f"{kept}: go on with --resume, or delete both"
            error.hint = f"{error.hint}; {then}" if error.hint else then
        raise


def _first_row(tiles: Tiles, lines: int) -> int:
    """The first row of tiles that still decides lines from `lines` on; the last one when all is done."""
    rows = [row for row in range(len(tiles.rows.starts)) if tiles.rows.span(row)[1] > lines]
    return rows[0] if rows else len(tiles.rows.starts) - 1


def begin_mosaic(contract: RasterInput, tiles: Tiles, outputs: int, first_row: int = 0) -> Mosaic:
    """An empty map of so many outputs."""
    tiling, factor = contract.tiling, tiles.factor
    margin = margin_of(contract, factor)
    return Mosaic(tiles, outputs, tiling.blend, tiling.overlap // factor, margin, first_row)


def _jobs(model: Model, scene: Path, tiles: Tiles, row: int) -> Iterator[Job]:
    count = len(tiles.columns.starts)
    for first in range(0, count, TILES_A_JOB):
        yield Job(model, str(scene.absolute()), row, first, min(first + TILES_A_JOB, count))


def _rows(answers: Iterator[list[TileAnswer]], tiles: Tiles, first: int) -> Iterator[Sequence[TileAnswer]]:
    """The answers of the jobs, one row of tiles after the other."""
    for _ in range(first, len(tiles.rows.starts)):
        row: list[TileAnswer] = []
        while len(row) < len(tiles.columns.starts):
            row += next(answers)
        yield row


def _store(raw: RawMap, content: MapContent, strip: Strip, done: int) -> int:
    """Write what is new of a strip; the number of lines on disk afterwards."""
    if strip.end > done:
        new = max(0, done - strip.first)
        raw.write(strip.first + new, content.made(strip.values[:, new:]))
    return max(strip.end, done)


def _tags(predictor: Predictor, scene: Path) -> dict[str, str]:
    manifest = predictor.bundle.manifest
    return {
        "FIELDPACK_BUNDLE": f"{manifest.name} {manifest.version}",
        "FIELDPACK_DIGEST": predictor.bundle.digest,
        "FIELDPACK_FLAVOUR": predictor.flavour.name,
        "FIELDPACK_EVIDENCE": predictor.evidence.value,
        "FIELDPACK_SCENE": scene.name,
    }
