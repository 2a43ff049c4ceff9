"""``fieldpack study compression-int8``: Fieldpack's int8 beside that of other tools, on the same data.

Every tool gets the float model and the calibration set of the spec; all are compared with the source
model on the evaluation set. Integer arithmetic is held against integer arithmetic; coremltools' int8
weights, whose sums stay float, against Fieldpack's Core ML int8 weights. Differences are paired: the same
pictures or recordings.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.build.examples import save_examples
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.data import prepare_data
from fieldpack.errors import InputError
from fieldpack.runtime.flavour import EVIDENCE
from fieldpack.spec import load_spec
from fieldpack.statistics.interval import Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.alternatives.answered import LINEAR, PALETTE, Answered, Field, answered
from fieldpack_benchmarks.cases import CASES, INT8, Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.side_by_side import Scores, SideBySide, open_side_by_side
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
KEPT = 0.99
COREML_INT8 = "coreml-int8"
OURS = {INT8: "Fieldpack static int8", COREML_INT8: "Fieldpack Core ML int8 weights"}
NAMES = (
    "vww_96",
    "cifar_resnet20",
    "cifar_resnet56",
    "mobilenet_v1_025",
    "miniresnet_esc10",
    "yamnet256_esc10",
)
QUICK = ("cifar_resnet20", "yamnet256_esc10")
REFERENCE_MODELS = ("nature_keras", "nature_torch")
WORLD = "fieldpack_reference_models"
COLUMNS = (
    Column("model", "text", "host", "a spec of the benchmarks, or a reference model"),
    Column("tool", "text", "host", "who quantised it"),
    Column("evidence", "text", BY_ROW, "how it was run; Core ML in half-precision arithmetic"),
    Column("size_bytes", "bytes", "host", "installed; - where the tool writes no file"),
    Column("download_bytes", "bytes", "host", "after deflate level 6"),
    Column("n", "count", "host", "examples compared"),
    Column("agreement", "fraction", BY_ROW, "share with the source model's top-1"),
    Column("ahead", "fraction", BY_ROW, "agreement of Fieldpack's less this tool's, on the same examples"),
    Column("ahead_low", "fraction", BY_ROW, "one-sided 95 % bound from below"),
    Column("ahead_high", "fraction", BY_ROW, "and from above"),
    Column("mean_kl", "nats", BY_ROW, "mean divergence from the source model's scores"),
    Column("labelled", "count", "host", "examples with a label"),
    Column("source_accuracy", "fraction", "host", "top-1 of the source model"),
    Column("accuracy", "fraction", BY_ROW, "top-1 of this file"),
    Column("kept", "fraction", BY_ROW, "accuracy over the source's"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One file on the evaluation set: its row, and on which examples it agrees with the source [N]."""

    row: dict[str, Cell]
    agrees: NDArray[np.bool_]


def study(quick: bool, progress: Progress) -> Study:
    """Every model and tool; with `quick` two small models on a seeded sample.

    Raises
    ------
    MissingDependencyError
        The real models are not there.
    """
    required_data_root()
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        cases = [case for case in CASES if case.name in (QUICK if quick else NAMES)]
        if not quick:
            cases += reference_cases(Path(name))
        return study_of(cases, quick, progress)


def reference_cases(folder: Path) -> list[Case]:
    """The two nature models, where the reference models are installed; `folder` gets their specs."""
    found = importlib.util.find_spec(WORLD)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    cases = []
    for name in REFERENCE_MODELS:
        pack = next((path for place in places if (path := place / name / "pack.toml").is_file()), None)
        if pack is not None:
            write_spec(load_spec(pack), folder / f"{name}.toml")
            cases.append(Case(name, head="scores|probabilities", specs=folder))
    return cases


def study_of(cases: Iterable[Case], quick: bool, progress: Progress) -> Study:
    """The study over chosen cases."""
    rows: list[dict[str, Cell]] = []
    bars: list[Bar] = []
    notes: list[str] = []
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
            found = _case(case, quick, Path(name), progress)
        rows += found[0]
        bars += found[1]
        notes += found[2]
    return Study("compression-int8", COLUMNS, tuple(rows), tuple(bars), quick, notes=tuple(notes))


def _case(
    case: Case, quick: bool, folder: Path, progress: Progress
) -> tuple[list[dict[str, Cell]], list[Bar], list[str]]:
    spec_path, target = packed(case, quick, folder, progress)
    spec = load_spec(spec_path)
    if spec.data.calibration is None:
        raise InputError("a comparison of static int8 needs calibration data", came=spec_path)
    with open_bundle(target) as bundle:
        models = open_side_by_side(case, spec, bundle, folder)
        prepared = prepare_data(spec.data.calibration, spec.contract, None, spec.pack.seed)
        field = Field(models, bundle, save_examples(prepared, folder / "calibration"), folder)
        ours = {name: _own(case.name, models, bundle, name) for name in OURS}
        rows = [item.row for item in ours.values()]
        bars = list(_kept_bars(case.name, ours[INT8].row))
        notes = []
        for item in answered(field, lambda stage, done: progress(f"{case.name}: {stage}", done)):
            if item.note:
                notes.append(f"{case.name}, {item.tool}: {item.note}")
            if item.scores is None:
                continue
            own = ours[COREML_INT8 if item.tool == LINEAR else INT8]
            judged, ahead = _other(case.name, models, item, own)
            rows.append(judged.row)
            bars += _bars(case.name, own.row, item, ahead)
    return rows, bars, notes


def _own(model: str, models: SideBySide, bundle: Bundle, flavour: str) -> Judged:
    entry = next(item for item in bundle.manifest.flavours if item.name == flavour)
    scores = models.flavour_scores(bundle, flavour)
    return _judged(
        model, OURS[flavour], models, scores, entry.kind, entry.installed_bytes, entry.download_bytes
    )


def _other(model: str, models: SideBySide, item: Answered, own: Judged) -> tuple[Judged, Interval]:
    if item.scores is None:
        raise InputError("a tool that failed cannot be compared", came=item.tool)
    judged = _judged(model, item.tool, models, item.scores, item.kind, item.size_bytes, item.download_bytes)
    ahead = difference(own.agrees, judged.agrees)
    row = {**judged.row, "ahead": ahead.estimate, "ahead_low": ahead.low, "ahead_high": ahead.high}
    return Judged(row, judged.agrees), ahead


def _judged(
    model: str,
    tool: str,
    models: SideBySide,
    scores: Scores,
    kind: FlavourKind,
    size_bytes: int | None,
    download_bytes: int | None,
) -> Judged:
    parity = models.compared(scores, kind)
    figures = {figure.name: figure.value for figure in parity.figures}
    before, after = figures.get("source_top1"), figures.get("flavour_top1")
    source, own, _ = models.items(scores)
    row: dict[str, Cell] = {
        "model": model,
        "tool": tool,
        "evidence": EVIDENCE[kind].value,
        "size_bytes": size_bytes,
        "download_bytes": download_bytes,
        "n": parity.items,
        "agreement": figures["top1_agreement"],
        "mean_kl": figures["mean_kl"],
        "labelled": parity.counts.get("labelled"),
        "source_accuracy": before,
        "accuracy": after,
        "kept": None if before is None or after is None or before == 0 else after / before,
    }
    return Judged(row, np.argmax(source, axis=1) == np.argmax(own, axis=1))


def difference(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> Interval:
    """How much more often ours agrees with the source, paired, with one-sided 95 % bounds."""
    ahead, behind = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return paired_drop(ahead, behind, len(ours))


def _kept_bars(model: str, row: dict[str, Cell]) -> Iterator[Bar]:
    kept = row["kept"]
    if isinstance(kept, float):
        note = f"{row['accuracy']:.2%} of {row['source_accuracy']:.2%}, {row['labelled']} labelled examples"
        yield Bar(
            f"{model}: share of float accuracy that static int8 keeps",
            kept,
            KEPT,
            AT_LEAST,
            Evidence.HOST,
            note,
        )


def _bars(model: str, own: dict[str, Cell], item: Answered, ahead: Interval) -> Iterator[Bar]:
    """Not behind in agreement, and no larger. 4-bit palettes are smaller by design."""
    evidence = EVIDENCE[item.kind]
    stand = "ahead" if ahead.low > 0 else "behind" if ahead.high < 0 else "a tie"
    note = f"{stand}: {ahead.estimate:+.2%}, {ahead.low:+.2%} to {ahead.high:+.2%}"
    name = f"{model}: upper bound of the lead in agreement over {item.tool}"
    yield Bar(name, ahead.high, 0.0, AT_LEAST, evidence, note)
    if item.size_bytes is not None and item.tool != PALETTE:
        size: Any = own["size_bytes"]
        yield Bar(
            f"{model}: size against {item.tool}, bytes",
            float(size),
            float(item.size_bytes),
            AT_MOST,
            Evidence.HOST,
        )
