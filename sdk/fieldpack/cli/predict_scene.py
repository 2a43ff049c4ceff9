"""``fieldpack predict BUNDLE scene.tif --out map.tif``: a whole scene, tile by tile."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle
    from fieldpack.scenes.mapping import Mapped

LOCAL = "local"


def add_scene_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is for scenes."""
    scenes = parser.add_argument_group("scenes")
    scenes.add_argument(
        "--executor",
        default=LOCAL,
        metavar="WHERE",
        help="who answers tiles: local (default), processes:N, or dask://HOST:PORT; the map is the same",
    )
    scenes.add_argument("--resume", action="store_true", help="go on with a map that was cut off")
    scenes.add_argument("--cog", action="store_true", help="write a cloud-optimised GeoTIFF")


def is_scene(taken: Any, raw: Any) -> bool:
    """Whether a bundle that takes `taken` gets a raster file."""
    return taken.kind == "raster" and isinstance(raw, Path) and raw.suffix.lower() != ".npy"


def refuse_scene_options(options: argparse.Namespace) -> None:
    """Refuse what is for scenes."""
    from fieldpack.errors import InputError

    given = {"--executor": options.executor != LOCAL, "--resume": options.resume, "--cog": options.cog}
    unused = [name for name, is_given in given.items() if is_given]
    if unused:
        raise InputError(
            f"{', '.join(unused)} is for scenes",
            came=options.file,
            allowed="a raster file, and a bundle whose input is a raster",
        )


def map_file(bundle: Bundle, scene: Path, options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the map of a scene, and say what it holds."""
    from fieldpack.errors import InputError
    from fieldpack.scenes.mapping import map_scene
    from fieldpack.scenes.workers import open_workers

    if options.out is None:
        raise InputError("the map of a scene needs a file", came="no --out", allowed="--out FILE.tif")
    workers = open_workers(options.executor)
    try:
        mapped = map_scene(
            bundle,
            scene,
            options.out,
            flavour=options.flavour,
            precision=options.precision,
            workers=workers,
            resume=options.resume,
            cloud_optimised=options.cog,
            report=lambda stage, done: terminal.progress("scene", stage, done),
        )
    finally:
        workers.close()
    for doubt in mapped.doubts:
        terminal.note(f"warning: {scene.name}: {doubt}")
    terminal.result({"scene": str(scene), **mapped.as_dict()}, _text(mapped))
    return 0


def _text(mapped: Mapped) -> str:
    kept = mapped.tiles - mapped.answered
    seam = mapped.seam
    lines = [
        f"{mapped.path}: {mapped.place.height} by {mapped.place.width} pixels",
        f"bands {', '.join(mapped.bands)}",
        f"{mapped.answered} tiles in {mapped.seconds:.1f} s ({mapped.evidence})"
        + (f", {kept} were answered before" if kept else ""),
        f"{100 * mapped.known:.4g} % of the pixels have an answer",
    ]
    if seam.mean is not None:
        lines.append(
            f"seams: {seam.largest:.3g} at most, {seam.mean:.3g} in the mean, over {seam.count} pixels"
        )
    return "\n".join(lines)
