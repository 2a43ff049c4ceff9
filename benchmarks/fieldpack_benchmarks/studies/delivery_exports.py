"""``fieldpack study delivery-exports``: do pages answer as the native runtime does, and do projects hold?

Pages of the embedded models of pictures, sounds and places in headless Chromium; projects of every kind of
input for every consumer that gets sources; and the arithmetic in TypeScript against Python's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fieldpack.errors import MissingDependencyError
from fieldpack.exports.typescript.agreement import TOLERANCE, disagreement
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.changed_spec import with_flavours, write_spec
from fieldpack_benchmarks.delivery.pages import Page, pages
from fieldpack_benchmarks.delivery.projects import LEAST_SOURCES, Project, projects
from fieldpack_benchmarks.delivery.typescript import node_program
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

MODELS, QUICK_MODELS = ("vision", "sound", "planet"), ("vision",)
FLAVOURS = ("tflite-float32", "tflite-int8")
EXAMPLES = 240
INPUTS, SEED = 1000, 0
FLOAT_GAP, FIRST_ANSWER_S = 1e-5, 3.0
Progress = Callable[[str, float], None]
Row = dict[str, Cell]
COLUMNS = (
    Column("part", "text", "host", "page, project or arithmetic"),
    Column("case", "text", "host", "bundle and flavour, consumer, or kind of input"),
    Column("count", "count", "host", "golden vectors, projects, or inputs"),
    Column("same best", "count", "host", "vectors whose best label is the native one"),
    Column("gap", "value", "host", "largest, of a score or of a prepared number"),
    Column("seconds", "s", "host", "from the address to all golden answers, nothing cached"),
    Column("sources", "count", "host", "generated files that were read"),
    Column("faults", "count", "host", "of grammar, compiler or the project's own test"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Build, export, open, parse.

    Parameters
    ----------
    quick : bool
        Pages of one model instead of three.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        The reference models, Chromium, LiteRT.js, Node or a grammar is missing.
    """
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        bundles = reference_bundles(QUICK_MODELS if quick else MODELS, folder, progress)
        return study_of(bundles, folder, quick, progress)


def reference_bundles(names: Sequence[str], folder: Path, progress: Progress) -> list[Path]:
    """Embedded models with the flavours that pages are tried with.

    Raises
    ------
    MissingDependencyError
        The reference models are not installed.
    """
    cases = reference_cases(folder, names)
    if len(cases) != len(names):
        raise MissingDependencyError("the reference models are not installed", hint="run from a clone")
    for case in cases:
        write_spec(with_flavours(load_spec(case.spec), FLAVOURS, EXAMPLES), case.spec)
    return [packed(case, False, folder, progress)[1] for case in cases]


def study_of(bundles: Sequence[Path], folder: Path, quick: bool, progress: Progress) -> Study:
    """The study with bundles that are there."""
    places = {part: folder / part for part in ("pages", "projects", "arithmetic")}
    for place in places.values():
        place.mkdir()
    shown = pages(bundles, FLAVOURS, places["pages"], progress)
    made = projects(places["projects"], progress)
    progress("arithmetic in TypeScript", 0.9)
    gaps = disagreement(node_program(), places["arithmetic"], INPUTS, SEED)
    rows = [*map(_page_row, shown), *map(_project_row, made), *_arithmetic_rows(gaps)]
    bars = [*_page_bars(shown, len(bundles)), *_project_bars(made), *_arithmetic_bars(gaps)]
    notes = tuple(f"{item.consumer}: {fault}" for item in made for fault in item.faults)
    return Study("delivery-exports", COLUMNS, tuple(rows), tuple(bars), quick, notes=notes)


def _page_row(item: Page) -> Row:
    return {
        "part": "page", "case": f"{item.bundle}, {item.flavour}", "count": item.vectors,
        "same best": item.same_best, "gap": item.largest_gap, "seconds": item.seconds,
    }  # fmt: skip


def _project_row(item: Project) -> Row:
    return {
        "part": "project", "case": item.consumer, "count": item.kinds, "sources": item.sources,
        "faults": len(item.faults),
    }  # fmt: skip


def _arithmetic_rows(gaps: Mapping[str, float]) -> list[Row]:
    return [
        {"part": "arithmetic", "case": kind, "count": INPUTS // len(gaps), "gap": gap}
        for kind, gap in gaps.items()
    ]


def _page_bars(shown: Sequence[Page], bundles: int) -> list[Bar]:
    host = Evidence.HOST
    other = sum(item.vectors - item.same_best for item in shown)
    float_gaps = [item.largest_gap for item in shown if not item.whole_numbers]
    whole_gaps = [item.largest_gap for item in shown if item.whole_numbers]
    slowest = max((item.seconds for item in shown), default=None)
    return [
        Bar("flavours in pages", len(shown), bundles * len(FLAVOURS), AT_LEAST, host),
        Bar("golden vectors without the native best label", other, 0, AT_MOST, host),
        Bar("floats in it: largest gap of a score", max(float_gaps, default=None), FLOAT_GAP, AT_MOST, host),
        Bar("int8 throughout: largest gap of a score", max(whole_gaps, default=None), 0, AT_MOST, host),
        Bar("seconds to all golden answers, slowest page", slowest, FIRST_ANSWER_S, AT_MOST, host),
    ]


def _project_bars(made: Sequence[Project]) -> list[Bar]:
    host = Evidence.HOST
    faults = [fault for item in made for fault in item.faults]
    return [
        Bar("consumers with sources", len(made), len(LEAST_SOURCES), AT_LEAST, host),
        Bar("faults in generated projects", len(faults), 0, AT_MOST, host, "; ".join(faults[:3])),
    ]


def _arithmetic_bars(gaps: Mapping[str, float]) -> list[Bar]:
    name = f"largest gap of {INPUTS} prepared inputs"
    return [Bar(name, max(gaps.values(), default=None), TOLERANCE, AT_MOST, Evidence.HOST)]
