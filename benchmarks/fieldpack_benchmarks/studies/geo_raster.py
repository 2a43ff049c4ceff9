"""``fieldpack study geo-raster``: maps of estimates after compression, seams, scenes larger than memory.

Figures: the generated forest, and the real canopy model where the reference models and the data have it,
built by their own specs; every flavour beside the source model on the same truth. Maps: a generated scene,
and the real one, through every TFLite flavour. Scene: 10,000 by 10,000 pixels through ``fieldpack predict``
beside a plain loop over LiteRT. Workers: the same map by one process, by several, in another order, and by a
Dask cluster.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import MissingDependencyError
from fieldpack.scenes.mapping import map_scene
from fieldpack.spec import ProviderData, Spec, load_spec
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.cases import Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import data_root
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.studies.raster_scene import (
    Ran,
    digests,
    mapped_bare,
    mapped_by_fieldpack,
    write_large_scene,
)
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
Row = dict[str, Cell]
FOREST, CANOPY = "forest", "canopy_torch"
REAL_SCENE = "geo/canopy/zurich_rgb_0p5m.tif"
FLAVOUR, INT8 = "tflite-int8", "static_int8"
FEW_TILES = 12
RMSE_RISE, COVERAGE, SEAM_M, PEAK_BYTES = 0.01, 0.01, 0.1, 2_000_000_000
FIGURES = {
    "source_rmse": "source_rmse",
    "rmse": "flavour_rmse",
    "rmse_rise": "rmse_rise",
    "source_coverage": "source_coverage",
    "coverage": "flavour_coverage",
    "coverage_change": "coverage_change",
    "width_rise": "width_rise",
}
"""Column -> figure of the bundle's evidence."""
COLUMNS = (
    Column("part", "text", "host", "figures, map, scene or workers"),
    Column("case", "text", "host", "bundle, and flavour or who did it"),
    Column("evidence", "text", BY_ROW, "how it was run"),
    Column("size_bytes", "bytes", "host", "installed size of the flavour"),
    Column("source_rmse", "value", "host", "of the source model against the truth, m"),
    Column("rmse", "value", BY_ROW, "of the flavour against the truth, m"),
    Column("rmse_rise", "fraction", BY_ROW, "over the source's, as a share of it"),
    Column("rmse_rise_high", "fraction", BY_ROW, "its one-sided 95 % bound, bootstrap by block"),
    Column("source_coverage", "fraction", "host", "share of the truth inside the source's refitted interval"),
    Column("coverage", "fraction", BY_ROW, "inside the flavour's interval, refitted on its own answers"),
    Column("coverage_change", "fraction", BY_ROW, "from the source's coverage, without its sign"),
    Column("width_rise", "fraction", BY_ROW, "of the mean width of the interval"),
    Column("seam", "value", BY_ROW, "largest gap of neighbouring tiles where they meet, m"),
    Column("tiles", "count", BY_ROW, "answered"),
    Column("seconds", "s", "host", "processor time of the process"),
    Column("wall_seconds", "s", "host", "wall time, beside whatever else the machine did"),
    Column("tiles_per_s", "value", "host", "tiles a second of processor time"),
    Column("peak_bytes", "bytes", "host", "largest resident memory of the process"),
    Column("digest", "text", "host", "SHA-256 of the map, its beginning"),
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of it runs.

    Attributes
    ----------
    side : int
        Pixels along each side of the large scene.
    block : int
        Of the landscapes that it is made of.
    small : int
        Side of the scene that the workers map.
    executors : tuple of str
        Of ``fieldpack predict``, for the workers.
    cluster : bool
        Whether a Dask cluster is among them.
    """

    side: int = 10_000
    block: int = 1000
    small: int = 1000
    executors: tuple[str, ...] = ("local", "processes:1", "processes:2")
    cluster: bool = True


QUICK = Sizes(side=600, block=300, small=300)


@dataclass(frozen=True, slots=True)
class _Part:
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    timings: tuple[Timing, ...] = ()


def study(quick: bool, progress: Progress) -> Study:
    """Build, map and compare.

    Parameters
    ----------
    quick : bool
        Twelve tiles, TFLite flavours of the forest alone, and a scene of 600 by 600 pixels.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        The reference models, rasterio or distributed are not installed.
    """
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        cases = _cases(folder, quick)
        bundles = {case.name: packed(case, False, folder, progress)[1] for case in cases}
        return study_of(bundles, QUICK if quick else Sizes(), quick, progress)


def study_of(bundles: dict[str, Path], sizes: Sizes, quick: bool, progress: Progress) -> Study:
    """The study over built bundles; the first one takes the generated forest."""
    forest = next(iter(bundles.values()))
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        parts = [_figures(case, bundle) for case, bundle in bundles.items()]
        progress("maps", 0.5)
        small = write_large_scene(folder / "small.tif", sizes.small, sizes.block, folder)
        scenes = [small, *([data_root() / REAL_SCENE] if len(bundles) > 1 else [])]
        for (case, bundle), scene in zip(bundles.items(), scenes, strict=True):
            parts.append(_maps(case, bundle, scene, folder))
        progress("workers", 0.6)
        parts.append(_workers(forest, small, folder, sizes))
        progress("large scene", 0.7)
        parts.append(_large(forest, sizes, folder))
    return Study(
        name="geo-raster",
        columns=COLUMNS,
        rows=tuple(row for part in parts for row in part.rows),
        bars=tuple(bar for part in parts for bar in part.bars),
        timings=tuple(timing for part in parts for timing in part.timings),
        notes=_notes(bundles, sizes),
        quick=quick,
    )


def _notes(bundles: dict[str, Path], sizes: Sizes) -> tuple[str, ...]:
    size = f"{sizes.side:,} by {sizes.side:,} pixels of four bands"
    notes = [
        "intervals of both are refitted on the calibration split, each on its own answers",
        f"the large scene, {size}, is four landscapes of {sizes.block} pixels a side, turned and mirrored",
        "the plain loop cuts the same tiles; it has no checks, intervals, journal and GeoTIFF",
    ]
    if CANOPY not in bundles:
        notes.append("the real canopy is left out: it needs its reference model and the data, not --quick")
    return tuple(notes)


def _cases(folder: Path, quick: bool) -> list[Case]:
    names = [FOREST]
    if not quick and (data_root() / REAL_SCENE).is_file():
        names.append(CANOPY)
    cases = reference_cases(folder, names)
    if not cases:
        raise MissingDependencyError("the reference models are not installed", hint="run from a clone")
    if quick:
        for case in cases:
            write_spec(smaller(load_spec(case.spec)), case.spec)
    return cases


def smaller(spec: Spec) -> Spec:
    """The spec with its TFLite flavours and few examples of each split."""
    update = {
        name: data.model_copy(update={"count": min(FEW_TILES, data.count)})
        for name in ("evaluation", "calibration")
        if isinstance(data := getattr(spec.data, name), ProviderData)
    }
    flavours = tuple(item for item in spec.flavours if item.kind == "tflite")
    kept = {item.name for item in flavours}
    limits = {name: limit for name, limit in spec.budget.flavours.items() if name in kept}
    return spec.model_copy(
        update={
            "data": spec.data.model_copy(update=update),
            "flavours": flavours,
            "budget": spec.budget.model_copy(update={"flavours": limits}),
        }
    )


def _figures(case: str, bundle: Path) -> _Part:
    with open_bundle(bundle) as opened:
        manifest, evidence = opened.manifest, json.loads(opened.read(opened.manifest.evidence))
    rows: list[Row] = []
    bars: list[Bar] = []
    for flavour in manifest.flavours:
        for precision, quantities in evidence["flavours"][flavour.name]["estimates"].items():
            for figures in quantities.values():
                row = figures_row(f"{case}, {flavour.name}, {precision}", figures["figures"])
                rows.append({**row, "size_bytes": flavour.installed_bytes})
                if any(rule.method == INT8 for rule in flavour.compression.recipe):
                    bars += _figure_bars(row)
    return _Part(tuple(rows), tuple(bars))


def figures_row(case: str, figures: Sequence[dict[str, Any]]) -> Row:
    """The row of one flavour, of the estimates in a bundle's evidence."""
    found = {item["name"]: item for item in figures}
    row: Row = {"part": "figures", "case": case, "evidence": found["rmse_rise"]["evidence"]}
    row |= {column: found[name]["value"] for column, name in FIGURES.items() if name in found}
    return {**row, "rmse_rise_high": found["rmse_rise"]["high"]}


def _figure_bars(row: Row) -> list[Bar]:
    evidence, case = Evidence(str(row["evidence"])), str(row["case"])
    high = row["rmse_rise_high"]
    note = f"95 % bound {high:.3%}" if isinstance(high, float) else ""
    return [
        Bar(f"{case}: RMSE over the source's", _number(row["rmse_rise"]), RMSE_RISE, AT_MOST, evidence, note),
        Bar(
            f"{case}: coverage off the source's, both refitted",
            _number(row.get("coverage_change")),
            COVERAGE,
            AT_MOST,
            evidence,
        ),
    ]


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _maps(case: str, bundle: Path, scene: Path, folder: Path) -> _Part:
    rows, bars = [], []
    with open_bundle(bundle) as opened:
        names = [item.name for item in opened.manifest.flavours if item.kind.value == "tflite"]
        for name in names:
            made = map_scene(opened, scene, folder / "map.tif", flavour=name)
            seam = made.seam.largest if made.seam.count else None
            rows.append(
                {
                    "part": "map",
                    "case": f"{case}, {name}",
                    "evidence": made.evidence,
                    "seam": seam,
                    "tiles": made.tiles,
                }
            )
            title = f"{case}, {name}: seam, m"
            bars.append(Bar(title, seam, SEAM_M, AT_MOST, Evidence(made.evidence), scene.name))
    return _Part(tuple(rows), tuple(bars))


def _workers(bundle: Path, scene: Path, folder: Path, sizes: Sizes) -> _Part:
    found = digests(bundle, _flavour(bundle), scene, folder, sizes.executors, cluster=sizes.cluster)
    rows: tuple[Row, ...] = tuple(
        {"part": "workers", "case": who, "evidence": Evidence.HOST.value, "digest": digest[:16]}
        for who, digest in found.items()
    )
    note = ", ".join(found)
    bar = Bar("different maps by who answers", len(set(found.values())), 1, AT_MOST, Evidence.HOST, note)
    return _Part(rows, (bar,))


def _flavour(bundle: Path) -> str:
    """The 8-bit flavour, or the first where there is none."""
    with open_bundle(bundle) as opened:
        names = [item.name for item in opened.manifest.flavours]
    return FLAVOUR if FLAVOUR in names else names[0]


def _large(bundle: Path, sizes: Sizes, folder: Path) -> _Part:
    scene = write_large_scene(folder / "large.tif", sizes.side, sizes.block, folder)
    flavour = _flavour(bundle)
    bare = mapped_bare(bundle, flavour, scene, folder / "bare.raw")
    (folder / "bare.raw").unlink()
    ours, facts = mapped_by_fieldpack(bundle, flavour, scene, folder / "large-map.tif")
    (folder / "large-map.tif").unlink()
    scene.unlink()
    what, tiles = f"{flavour}, {sizes.side:,} by {sizes.side:,}", int(facts["tiles"])
    seam = {"seam": facts["seam"].get("largest")}
    rows = (_scene_row(f"plain loop, {what}", bare, tiles), {**_scene_row(what, ours, tiles), **seam})
    share = ours.processor_s / bare.processor_s
    title = f"fieldpack predict, {sizes.side:,} by {sizes.side:,}: largest memory, bytes"
    note = f"processor time {share:.2f} of the plain loop's" if bare.processor_s else ""
    bar = Bar(title, ours.peak_bytes, PEAK_BYTES, AT_MOST, Evidence.HOST, note)
    timings = tuple(
        Timing(name, "s", (), (ran.processor_s,)) for name, ran in (("plain loop", bare), ("predict", ours))
    )
    return _Part(rows, (bar,), timings)


def _scene_row(case: str, ran: Ran, tiles: int) -> Row:
    return {
        "part": "scene",
        "case": case,
        "evidence": Evidence.HOST.value,
        "tiles": tiles,
        "seconds": ran.processor_s,
        "wall_seconds": ran.wall_s,
        "tiles_per_s": tiles / ran.processor_s,
        "peak_bytes": ran.peak_bytes,
    }
