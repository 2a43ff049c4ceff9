"""``fieldpack study geo-range``: range maps after compression, encoders of places, a head of 100,000 taxa.

Maps: the network of :mod:`fieldpack_benchmarks.rounds.range_world` on half of the earth's cells, thresholds
and feature covariance from the other half; stock dynamic range and full int8 beside the recommended flavours.
Each is told with the source's thresholds and with thresholds refitted on its own answers. Core ML packages
run in the reference interpreter, on a seeded sample of the cells.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack import worker
from fieldpack.build.assembly import Assembly
from fieldpack.build.pipeline import build_spec
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import LocationInput
from fieldpack.parity.places import MAX_ABS
from fieldpack.parity.ranges import Maps, range_figures
from fieldpack.preprocess.location import encode_places
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.rounds.range_world import World, world_of
from fieldpack_benchmarks.studies.range_encoders import encoder_gaps
from fieldpack_benchmarks.studies.range_head import packed_head
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
TRAIN = "fieldpack_benchmarks.rounds.range_world:train"
SPECIES, QUICK_SPECIES, QUICK_CELLS = 800, 60, 3000
FOUR_TIMES, EIGHT_TIMES, SMALLEST, HEAD_SECONDS, HEAD_BYTES = 0.995, 0.96, 0.985, 30.0, 4 * 2**30
CELLS_OF_PACKAGES = 3000
DAMPING = {8: 0.01, 4: 0.0001}
"""Of the GPTQ rounding; that of 4 bits had the least squared error on the cells that do not judge."""
WEIGHTING = {8: "features", 4: "border"}
HEAD8, HEAD4 = "GPTQ int8 head", "GPTQ int4 head"
COLUMNS = (
    Column("part", "text", "row", "maps, encoder or head"),
    Column("name", "text", "row", "flavour, or encoding and runtime"),
    Column("evidence", "text", "row", "how it was run"),
    Column("size_bytes", "bytes", "row", "of the file"),
    Column("mean_ap", "fraction", "row", "mean average precision of species on the judged cells"),
    Column("f1", "fraction", "row", "mean F1 at thresholds refitted on its own answers"),
    Column("iou_fixed", "fraction", "row", "mean overlap with the source's maps, the source's thresholds"),
    Column("iou", "fraction", "row", "mean overlap, each with its own thresholds"),
    Column("iou_p5", "fraction", "row", "overlap that 95 % of species reach"),
    Column("iou_smallest", "fraction", "row", "mean overlap of the fifth of species with the smallest maps"),
    Column("flips", "fraction", "row", "presences that one of both does not expect"),
    Column("max_abs", "number", "row", "largest gap of an encoder to the float64 formula"),
    Column("places", "count", "row", "places tried, or cells judged"),
    Column("seconds", "s", "row", "of packing"),
    Column("peak_bytes", "bytes", "row", "largest resident memory of any process"),
)


@dataclass(frozen=True, slots=True)
class Packing:
    """One ``pack.toml``: its recipe and its flavours, ``title -> table``."""

    recipe: str
    flavours: Mapping[str, str]
    most_cells: int | None = None


def packings() -> tuple[Packing, ...]:
    """The stock forms, and the head rounded to 8 and to 4 bits."""
    float16 = 'method = "float16"\nrules = [{ method = "%s", layers = "head" }]'
    stock = {
        "float16": 'method = "float16"',
        "stock dynamic range": 'method = "dynamic_int8"',
        "full int8": 'method = "static_int8"\nranges = { kind = "min_max" }',
        "nearest int8 head, float16 trunk": float16 % "weight_int8",
        "nearest int4 head, float16 trunk": float16 % "weight_int4",
    }
    rounding = (
        '[[recipe]]\nmethod = "round_head"\nlayers = "head"\nbits = %d\ndamping = %g\nweighting = "%s"\n'
    )
    core = 'precision = "float16"\nmethod = "weight_int%d"\nweight_layers = "head"\nminimum_ios = "18"'
    heads = [
        Packing(
            rounding % (bits, DAMPING[bits], WEIGHTING[bits]),
            {f"GPTQ int{bits} head, float16 trunk": float16 % f"weight_int{bits}"},
        )
        for bits in (8, 4)
    ]
    packages = [
        Packing(
            rounding % (bits, DAMPING[bits], WEIGHTING[bits]),
            {f"GPTQ int{bits} head, Core ML": core % bits},
            CELLS_OF_PACKAGES,
        )
        for bits in (8, 4)
    ]
    return (Packing("", stock), *heads, *packages)


def study(quick: bool, progress: Progress) -> Study:
    """Train, pack and judge; with `quick` 60 species on 3,000 cells, and fewer places.

    Raises
    ------
    MissingDependencyError
        The data folder is missing.
    """
    root = required_data_root()
    progress("world", 0.0)
    world = world_of(root, QUICK_SPECIES if quick else SPECIES, QUICK_CELLS if quick else None)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        _lay_out(world, folder, quick, progress)
        rows: list[dict[str, Cell]] = []
        for number, packing in enumerate(packings()):
            rows += _judged(world, packing, folder, number, progress)
        encoders = encoder_gaps(folder, 20_000 if quick else 1_000_000, progress)
        head = packed_head(folder, 4000 if quick else 100_000, progress)
    bars = [*_map_bars(rows, quick), *_encoder_bars(encoders), *_head_bars(head, quick)]
    notes = ("species are generated; the grid, its elevations and the code that packs are real",)
    return Study("geo-range", COLUMNS, (*rows, *encoders, *head), tuple(bars), quick, notes=notes)


def _lay_out(world: World, folder: Path, quick: bool, progress: Progress) -> None:
    """Tables of places, presences, labels and the trained model."""
    for name, chosen in (("judged", world.judged), ("other", ~world.judged)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("lat", "lon", "elevation_m", "block"))
            columns = (world.latitudes, world.longitudes, world.elevations_m, world.blocks)
            writer.writerows(zip(*(column[chosen].tolist() for column in columns), strict=True))
        np.save(folder / f"{name}.npy", world.presence[chosen])
    labels = "".join(f"species {number}\n" for number in range(world.presence.shape[1]))
    (folder / "labels.txt").write_text(labels)
    vectors = encode_places(world.latitudes, world.longitudes, world.elevations_m, _contract())
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "presence.npy", world.presence)
    words = {name: str(folder / f"{name}.npy") for name in ("vectors", "presence")}
    arguments: dict[str, Any] = {"inputs": words["vectors"], "presence": words["presence"]}
    progress("train", 0.1)
    if quick:
        arguments |= {"epochs": 6, "blocks": 1}
    worker.run(TRAIN, {**arguments, "path": str(folder / "model.keras")})


def _contract() -> LocationInput:
    return LocationInput.model_validate({"kind": "location", "name": "place", "encoding": "inaturalist_5"})


SPEC = """
schema = 1
[pack]
name = "range-world"
version = "1.0.0"
description = "Generated species on the real grid of the earth."
license = "Apache-2.0"
seed = 0
[source]
kind = "keras"
path = "model.keras"
[[contract.inputs]]
kind = "location"
name = "place"
encoding = "inaturalist_5"
[[contract.outputs]]
name = "scores"
activation = "sigmoid"
labels = "labels.txt"
threshold = 0.5
refit = "lpt_5"
[data]
golden = 8
[data.evaluation]
kind = "places"
table = "judged.csv"
latitude_column = "lat"
longitude_column = "lon"
elevation_column = "elevation_m"
group_column = "block"
[data.calibration]
kind = "places"
table = "other.csv"
latitude_column = "lat"
longitude_column = "lon"
elevation_column = "elevation_m"
presence = "other.npy"
"""


def _titles(packing: Packing) -> dict[str, str]:
    return {f"flavour{place}": title for place, title in enumerate(packing.flavours)}


def write_spec(packing: Packing, folder: Path, number: int) -> Path:
    """The ``pack.toml`` of a packing beside the files that it names."""
    tables = []
    for (name, title), table in zip(_titles(packing).items(), packing.flavours.values(), strict=True):
        kind = "coreml" if "Core ML" in title else "tflite"
        more = 'io = "float32"\n' if kind == "tflite" else ""
        head = f'[[flavours]]\nkind = "{kind}"\nname = "{name}"\nfold_scaling = false\n'
        tables.append(f"{head}{more}{table}\n")
    words = SPEC
    if packing.most_cells is not None:
        words = words.replace("elevation_column = ", f"limit = {packing.most_cells}\nelevation_column = ")
    path = folder / f"pack{number}.toml"
    budget = "[budget.every]\nrange_iou = 0.5\n"
    path.write_text(words + packing.recipe + "".join(tables) + budget, encoding="utf-8")
    return path


def _judged(
    world: World, packing: Packing, folder: Path, number: int, progress: Progress
) -> list[dict[str, Cell]]:
    """Rows of one ``pack.toml``."""
    path, titles = write_spec(packing, folder, number), _titles(packing)
    rows: list[dict[str, Cell]] = []

    def judge(assembly: Assembly, _: Path) -> None:
        rows.extend(_rows(world, assembly, titles, with_source=number == 0))

    build_spec(
        load_spec(path),
        path,
        folder / f"bundle{number}",
        lambda road, stage, done: progress(f"{road}: {stage}", 0.2 + 0.1 * number),
        judge,
    )
    return rows


def _rows(
    world: World, assembly: Assembly, titles: Mapping[str, str], *, with_source: bool
) -> list[dict[str, Cell]]:
    """The figures of every flavour, and of the source where it is asked for."""
    (output,) = assembly.spec.contract.outputs
    rows_there = [int(name) for name in assembly.evaluation.prepared.ids]
    truth = world.presence[world.judged][rows_there]
    source = assembly.measured.source[output.name]
    fixed = in_force(output, assembly.thresholds.source[output.name])
    rows: list[dict[str, Cell]] = []
    if with_source:
        rows.append(
            _row(
                "source, float32",
                Evidence.HOST,
                None,
                source,
                truth,
                Maps.of(source, source, (fixed, fixed), truth),
            )
        )
    for made, entry in zip(assembly.made, assembly.flavours, strict=True):
        scores = assembly.measured.flavours[made.name][PRECISIONS[made.kind][0]][output.name]
        own = in_force(output, assembly.thresholds.of(made.name, output.name))
        evidence = Evidence.HOST if made.kind == "tflite" else Evidence.REFERENCE
        maps = Maps.of(source, scores, (fixed, own), truth)
        row = _row(titles[made.name], evidence, entry.installed_bytes, scores, truth, maps)
        before = range_figures(Maps.of(source, scores, (fixed, fixed), None), None, evidence)
        rows.append({**row, "iou_fixed": before[0].value})
    return rows


def _row(
    name: str, evidence: Evidence, size: int | None, scores: NDArray[Any], truth: NDArray[Any], maps: Maps
) -> dict[str, Cell]:
    found = {figure.name: figure.value for figure in range_figures(maps, None, evidence)}
    return {
        "part": "maps",
        "name": name,
        "evidence": evidence.value,
        "size_bytes": size,
        "mean_ap": mean_average_precision(scores, truth),
        "f1": found["flavour_range_f1"],
        "iou": found["range_iou"],
        "iou_p5": found["range_iou_p5"],
        "iou_smallest": found["range_iou_smallest"],
        "flips": found["nearby_flips"],
        "places": len(truth),
    }


def mean_average_precision(scores: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean over labels with a presence of the precisions at their presences; ties in the order of rows."""
    found = []
    for label in np.flatnonzero(truth.any(axis=0)):
        hits = truth[np.argsort(-scores[:, label], kind="stable"), label]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        found.append(float(precision[hits].mean()))
    return float(np.mean(found))


def _map_bars(rows: list[dict[str, Cell]], quick: bool) -> list[Bar]:
    wanted = [
        (HEAD8, "iou", FOUR_TIMES, "mean overlap"),
        (HEAD8, "iou_smallest", SMALLEST, "overlap of the smallest fifth"),
        (HEAD4, "iou", EIGHT_TIMES, "mean overlap"),
    ]
    bars = []
    for head, column, limit, what in wanted:
        for row in rows:
            if not str(row["name"]).startswith(head):
                continue
            value = row[column]
            bars.append(
                Bar(
                    f"{row['name']}: {what}",
                    float(value) if isinstance(value, float) and not quick else None,
                    limit,
                    AT_LEAST,
                    Evidence(str(row["evidence"])),
                    "only in full" if quick else "after refit",
                )
            )
    return bars


def _encoder_bars(rows: list[dict[str, Cell]]) -> list[Bar]:
    return [
        Bar(
            f"encoder {row['name']}",
            float(str(row["max_abs"])),
            MAX_ABS,
            AT_MOST,
            Evidence(str(row["evidence"])),
            f"{row['places']} places",
        )
        for row in rows
    ]


def _head_bars(rows: list[dict[str, Cell]], quick: bool) -> list[Bar]:
    bars = []
    for row in rows:
        for column, limit in (("seconds", HEAD_SECONDS), ("peak_bytes", HEAD_BYTES)):
            value = None if quick else float(str(row[column]))
            note = "only with 100,000 taxa" if quick else ""
            bars.append(Bar(f"{row['name']}: {column}", value, limit, AT_MOST, Evidence.HOST, note))
    return bars
