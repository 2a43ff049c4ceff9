"""``fieldpack map``: where a taxon is expected, as GeoJSON, GeoParquet or picture; two flavours compared."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.range_maps.grid import Box
    from fieldpack.range_maps.scored import RangeMap

ENDINGS = (".geojson", ".parquet", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file of a range model")
    parser.add_argument("--taxon", required=True, help="a label of the bundle, or a taxon id")
    parser.add_argument("--resolution", type=int, required=True, help="H3 resolution of the cells, 0 to 15")
    parser.add_argument("--bbox", metavar="SOUTH,WEST,NORTH,EAST", help="degrees; default: the whole earth")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=" or ".join(ENDINGS))
    parser.add_argument("--flavour", help="which flavour runs; default: the first")
    parser.add_argument("--compare", metavar="FLAVOUR", help="a second one, held against the first")
    parser.add_argument(
        "--elevations", type=Path, metavar="FILE.csv", help="columns cell,elevation_m at this resolution"
    )
    parser.add_argument("--week", type=int, help="week 1..48, for models that take one")
    parser.add_argument("--land", type=Path, metavar="FILE.json", help="GeoJSON of land, drawn in pictures")
    parser.add_argument("--every-cell", action="store_true", help="write cells without the taxon too")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the map."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.errors import InputError
    from fieldpack.range_maps.grid import WORLD, cells_in
    from fieldpack.range_maps.scored import range_map

    if options.out.suffix not in ENDINGS:
        raise InputError("a map has one of three forms", came=options.out.name, allowed=", ".join(ENDINGS))
    if options.compare is not None and options.compare == options.flavour:
        raise InputError(
            "a flavour is compared with itself", came=options.compare, allowed="another --compare"
        )
    box = WORLD if options.bbox is None else _box(options.bbox)
    with open_bundle(options.bundle) as bundle:
        _note_elevation(bundle, options, terminal)
        cells = cells_in(options.resolution, box)
        if not len(cells):
            raise InputError("no cell has its centre in the box", hint="choose a finer --resolution")
        chosen = [options.flavour] if options.compare is None else [options.flavour, options.compare]
        found = range_map(
            bundle,
            options.taxon,
            cells,
            options.resolution,
            chosen,
            _elevations(options),
            options.week,
            lambda stage, done: terminal.progress("map", stage, done),
        )
    _write(options, found, box)
    terminal.result(_document(options, found), _text(options, found))
    return 0


def _box(text: str) -> Box:
    from fieldpack.errors import InputError
    from fieldpack.range_maps.grid import Box

    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError as error:
        allowed = "SOUTH,WEST,NORTH,EAST in degrees"
        raise InputError("--bbox is not four numbers", came=text, allowed=allowed) from error
    return Box(south, west, north, east)


def _note_elevation(bundle: object, options: argparse.Namespace, terminal: Terminal) -> None:
    from fieldpack.bundle.read import Bundle
    from fieldpack.contract import INaturalist, LocationInput

    if not isinstance(bundle, Bundle) or options.elevations is not None:
        return
    for item in bundle.manifest.contract.inputs:
        read = isinstance(item, LocationInput) and isinstance(item.encoding, INaturalist)
        if read and isinstance(item, LocationInput) and item.elevation_table is None:
            terminal.note(
                "warning: no cell has an elevation; give --elevations, or the map is not the model's"
            )


def _elevations(options: argparse.Namespace) -> dict[int, float] | None:
    from fieldpack.contract import CellTable
    from fieldpack.errors import InputError
    from fieldpack.preprocess.cells import read_cell_table

    if options.elevations is None:
        return None
    table = CellTable(
        file=str(options.elevations),
        resolution=options.resolution,
        cell_column="cell",
        columns=("elevation_m",),
        missing="refuse",
    )
    try:
        cells, values = read_cell_table(options.elevations.read_bytes(), table)
    except OSError as error:
        raise InputError(
            "the elevations cannot be read", came=f"{options.elevations}: {error.strerror}"
        ) from error
    return {int(cell): float(value) for cell, value in zip(cells, values[:, 0], strict=True)}


def _write(options: argparse.Namespace, found: RangeMap, box: Box) -> None:
    import io

    import numpy as np

    from fieldpack.errors import StorageError
    from fieldpack.range_maps.geojson import geojson_bytes
    from fieldpack.range_maps.geoparquet import geoparquet_bytes
    from fieldpack.range_maps.picture import draw_map

    places = np.arange(len(found.cells)) if options.every_cell else found.shown
    if options.out.suffix == ".png":
        buffer = io.BytesIO()
        draw_map(found, box, options.land).save(buffer, "PNG")
        data = buffer.getvalue()
    else:
        data = (geojson_bytes if options.out.suffix == ".geojson" else geoparquet_bytes)(found, places)
    try:
        options.out.write_bytes(data)
    except OSError as error:
        raise StorageError("the map cannot be written", came=f"{options.out}: {error.strerror}") from error


def _document(options: argparse.Namespace, found: RangeMap) -> dict[str, object]:
    from fieldpack.range_maps.geojson import about

    expected = {item.flavour: int(item.expected.sum()) for item in found.flavours}
    return {**about(found), "cells": len(found.cells), "expected": expected, "out": str(options.out)}


def _text(options: argparse.Namespace, found: RangeMap) -> str:
    lines = [
        f"{found.taxon}: expected in {int(item.expected.sum()):,} of {len(found.cells):,} cells from "
        f"{item.threshold:.4g} on; {item.flavour} ({item.evidence})"
        for item in found.flavours
    ]
    if found.overlap is not None:
        lines.append(f"overlap of both (intersection over union): {found.overlap:.4f}")
    return "\n".join([*lines, f"the map is in {options.out}"])
