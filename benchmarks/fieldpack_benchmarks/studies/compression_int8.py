"""``fieldpack study compression-int8``: Fieldpack's int8 beside that of other tools, on the same data.

Every tool gets the float model and the calibration set of the spec; all are compared with the source
model on the evaluation set. Integer arithmetic is held against Fieldpack's static int8; what coremltools
makes, whose sums stay float, against Fieldpack's Core ML int8 weights in the same interpreter. Differences
are paired: the same pictures or recordings.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.budget import Budget, Limits
from fieldpack.build.examples import save_examples
from fieldpack.build.pipeline import build
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.data import prepare_data
from fieldpack.errors import InputError
from fieldpack.runtime.flavour import EVIDENCE
from fieldpack.spec import Spec, load_spec
from fieldpack.statistics.interval import Interval
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.alternatives.answered import (
    FLOAT_COREML,
    FLOAT_TFLITE,
    PALETTE,
    Answered,
    Given,
    answered,
)
from fieldpack_benchmarks.cases import CASES, INT8, Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.side_by_side import SideBySide, open_side_by_side
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
    Column(
        "ahead",
        "fraction",
        BY_ROW,
        "agreement of Fieldpack's file of the same kind less this one's, paired",
    ),
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


def reference_cases(
    folder: Path, names: Sequence[str] = REFERENCE_MODELS, head: str = "scores|probabilities"
) -> list[Case]:
    """The nature models, or others, where the reference models are installed; `folder` gets their specs."""
    found = importlib.util.find_spec(WORLD)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    cases = []
    for name in names:
        pack = next((path for place in places if (path := place / name / "pack.toml").is_file()), None)
        if pack is not None:
            write_spec(load_spec(pack), folder / f"{name}.toml")
            cases.append(Case(name, head=head, specs=folder))
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
    prepared = prepare_data(spec.data.calibration, spec.contract, None, spec.pack.seed)
    calibration = save_examples(prepared, folder / "calibration")
    with open_bundle(target) as bundle, open_bundle(_floats(spec, target, folder, progress)) as floats:
        models = open_side_by_side(case, spec, bundle, folder)
        ours = {name: _judged(case.name, models, _own(models, bundle, name)) for name in OURS}
        rows = [item.row for item in ours.values()]
        bars = list(_kept_bars(case.name, ours[INT8].row))
        notes = []
        given = Given(models, floats, calibration, folder)
        for item in answered(given, lambda stage, done: progress(f"{case.name}: {stage}", done)):
            if item.note:
                notes.append(f"{case.name}, {item.tool}: {item.note}")
            own = ours[counterpart(item)]
            if item.scores is not None:
                judged = _judged(case.name, models, item)
                ahead = difference(own.agrees, judged.agrees)
                rows.append({**judged.row, **_ahead_cells(ahead)})
                bars += _bars(case.name, own.row, item, ahead)
            elif item.failed:
                bars.append(_not_measured(case.name, item))
    return rows, bars, notes


def _floats(spec: Spec, target: Path, folder: Path, progress: Progress) -> Path:
    """A bundle whose float flavours are the source model's own; `target` itself where there is no recipe."""
    if not spec.recipe:
        return target
    flavours = tuple(item for item in spec.flavours if item.name in (FLOAT_TFLITE, FLOAT_COREML))
    budget = Budget(every=Limits(installed_bytes=2**40))
    write_spec(
        spec.model_copy(update={"recipe": (), "flavours": flavours, "budget": budget}), folder / "floats.toml"
    )
    build(
        folder / "floats.toml",
        folder / "floats",
        lambda road, stage, done: progress(f"{spec.pack.name}, float: {road}, {stage}", done),
    )
    return folder / "floats"


def _own(models: SideBySide, bundle: Bundle, flavour: str) -> Answered:
    entry = next(item for item in bundle.manifest.flavours if item.name == flavour)
    scores = models.flavour_scores(bundle, flavour)
    return Answered(OURS[flavour], entry.kind, entry.installed_bytes, entry.download_bytes, scores)


def counterpart(item: Answered) -> str:
    """The flavour of Fieldpack that runs as this file does; kinds of evidence are never mixed."""
    return COREML_INT8 if item.kind is FlavourKind.COREML else INT8


def _ahead_cells(ahead: Interval) -> dict[str, Cell]:
    return {"ahead": ahead.estimate, "ahead_low": ahead.low, "ahead_high": ahead.high}


def _judged(model: str, models: SideBySide, item: Answered) -> Judged:
    if item.scores is None:
        raise InputError("what gave no scores cannot be compared", came=item.tool)
    parity = models.compared(item.scores, item.kind)
    figures = {figure.name: figure.value for figure in parity.figures}
    before, after = figures.get("source_top1"), figures.get("flavour_top1")
    source, own, _ = models.items(item.scores)
    row: dict[str, Cell] = {
        "model": model,
        "tool": item.tool,
        "evidence": EVIDENCE[item.kind].value,
        "size_bytes": item.size_bytes,
        "download_bytes": item.download_bytes,
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
        name = f"{model}: share of float accuracy that static int8 keeps"
        note = f"{row['accuracy']:.2%} of {row['source_accuracy']:.2%}, {row['labelled']} labelled examples"
        yield Bar(name, kept, KEPT, AT_LEAST, Evidence.HOST, note)


def _bars(model: str, own: dict[str, Cell], item: Answered, ahead: Interval) -> Iterator[Bar]:
    """Not behind in agreement, and no larger. 4-bit palettes are smaller by design."""
    stand = "ahead" if ahead.low > 0 else "behind" if ahead.high < 0 else "a tie"
    note = f"{stand}: {ahead.estimate:+.2%}, {ahead.low:+.2%} to {ahead.high:+.2%}"
    yield Bar(_lead(model, item), ahead.high, 0.0, AT_LEAST, EVIDENCE[item.kind], note)
    size = own["size_bytes"]
    if item.size_bytes is not None and item.tool != PALETTE and isinstance(size, int):
        name = f"{model}: size against {item.tool}, bytes"
        yield Bar(name, float(size), float(item.size_bytes), AT_MOST, Evidence.HOST)


def _lead(model: str, item: Answered) -> str:
    return f"{model}: agreement not behind {item.tool}, upper bound of the lead"


def _not_measured(model: str, item: Answered) -> Bar:
    return Bar(_lead(model, item), None, 0.0, AT_LEAST, Evidence.HOST, item.note)
