"""``fieldpack study server-models``: real server models, packed and held against the source and against
the int8 files that their makers published.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.parity.record import Parity
from fieldpack.predict import Predictor
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence, Outcome
from fieldpack.verification import verify
from fieldpack_benchmarks.cases import CASES, INT8, QUICK, Case
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.side_by_side import open_side_by_side
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
OTHER_HANDS = "int8 by other hands"
COLUMNS = (
    Column("model", "text", "host", "spec in benchmarks/fieldpack_benchmarks/specs"),
    Column("flavour", "text", "host", "flavour of the bundle, or the published file"),
    Column("evidence", "text", BY_ROW, "how the row was run; Core ML in half-precision arithmetic"),
    Column("size_bytes", "bytes", "host", "size on the phone"),
    Column("n", "count", "host", "pictures, recordings or (birdnet_stm32) windows compared"),
    Column("agreement", "fraction", BY_ROW, "share with the source model's top-1"),
    Column("mean_kl", "nats", BY_ROW, "mean divergence from the source model's scores"),
    Column("centred_cosine", "ratio", BY_ROW, "cosine after the source's mean over items is taken off"),
    Column("labelled", "count", "host", "examples whose label the model knows"),
    Column("source_accuracy", "fraction", "host", "top-1 of the source model"),
    Column("accuracy", "fraction", BY_ROW, "top-1 of this row"),
    Column("accuracy_drop", "fraction", BY_ROW, "source minus this row"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, bars and notes of one model."""

    rows: tuple[dict[str, Cell], ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...]


def study(quick: bool, progress: Progress) -> Study:
    """Pack every case and compare.

    Parameters
    ----------
    quick : bool
        Three models on a seeded sample.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        The real models are not there.
    """
    root = required_data_root()
    cases = [case for case in CASES if case.name in QUICK] if quick else list(CASES)
    return study_of(cases, root, quick, progress)


def study_of(cases: Iterable[Case], root: Path, quick: bool, progress: Progress) -> Study:
    """The study over chosen cases; `root` is the data folder."""
    chosen = list(cases)
    found: list[Found] = []
    for position, case in enumerate(chosen):

        def within(stage: str, done: float, position: int = position) -> None:
            progress(stage, (position + 0.9 * done) / len(chosen))

        with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
            found.append(_case(case, root, quick, Path(folder), within))
    return Study(
        name="server-models",
        columns=COLUMNS,
        rows=tuple(row for item in found for row in item.rows),
        bars=tuple(bar for item in found for bar in item.bars),
        notes=tuple(note for item in found for note in item.notes),
        quick=quick,
    )


def _case(case: Case, root: Path, quick: bool, folder: Path, progress: Progress) -> Found:
    spec_path, target = packed(case, quick, folder, progress)
    progress(f"{case.name}: verify", 1.0)
    bars = [_verifies(case, target)]
    rows, notes = [], []
    with open_bundle(target) as bundle:
        progress(f"{case.name}: run the source model", 1.0)
        models = open_side_by_side(case, load_spec(spec_path), bundle, folder)
        parities = {}
        for entry in bundle.manifest.flavours:
            progress(f"{case.name}: run {entry.name}", 1.0)
            parities[entry.name] = models.flavour(bundle, entry.name)
            rows.append(row(case.name, entry.name, entry.installed_bytes, parities[entry.name]))
        if case.sibling is not None:
            progress(f"{case.name}: run the sibling", 1.0)
            sibling = root / case.sibling
            other = models.file(sibling)
            rows.append(row(case.name, OTHER_HANDS, sibling.stat().st_size, other))
            bars += _against(case, rows)
        for path, wanted in case.pictures:
            said = _said(bundle, root / path)
            notes.append(f"{case.name} on {Path(path).name}: " + "; ".join(said.values()))
            if wanted is not None:
                bars += _says(case, Path(path).name, wanted, said, bundle)
    return Found(tuple(rows), tuple(bars), tuple(notes))


def row(model: str, flavour: str, size_bytes: int, parity: Parity) -> dict[str, Cell]:
    """One line of the table."""
    figures = {figure.name: figure for figure in parity.figures}

    def value(name: str) -> float | None:
        return figures[name].value if name in figures else None

    source, own = value("source_top1"), value("flavour_top1")
    return {
        "model": model,
        "flavour": flavour,
        "evidence": parity.figures[0].evidence.value,
        "size_bytes": size_bytes,
        "n": parity.items,
        "agreement": value("top1_agreement"),
        "mean_kl": value("mean_kl"),
        "centred_cosine": value("centred_cosine"),
        "labelled": parity.counts.get("labelled"),
        "source_accuracy": source,
        "accuracy": own,
        "accuracy_drop": None if source is None or own is None else source - own,
    }


def _verifies(case: Case, target: Path) -> Bar:
    """Structure and golden vectors of the bundle; Core ML flavours run on the reference interpreter."""
    outcome = verify(target).outcome
    return Bar(
        f"{case.name}: the bundle verifies",
        float(outcome is Outcome.PASS),
        1.0,
        AT_LEAST,
        Evidence.HOST,
        "" if outcome is Outcome.PASS else outcome.value,
    )


def _against(case: Case, rows: list[dict[str, Cell]]) -> list[Bar]:
    """Our int8 file is no worse and no larger than the published one."""
    ours = next(row for row in rows if row["flavour"] == INT8)
    theirs = rows[-1]
    return [
        Bar(
            f"{case.name}: {what} of {INT8} against the published int8",
            _number(ours[key]),
            _number(theirs[key]),
            relation,
            Evidence.HOST,
        )
        for what, key, relation in (("agreement", "agreement", AT_LEAST), ("size", "size_bytes", AT_MOST))
    ]


def _number(cell: Cell) -> float:
    """A cell that was measured; anything else is no number, which no bar accepts."""
    return float(cell) if isinstance(cell, int | float) else math.nan


def _said(bundle: Bundle, picture: Path) -> dict[str, str]:
    """Flavour -> its best label, with the score, for one picture."""
    output = bundle.manifest.contract.outputs[0].name
    said = {}
    for entry in bundle.manifest.flavours:
        best = Predictor(bundle, entry.name).ranked(picture, top=1)[output][0]
        said[entry.name] = f"{best.label} {best.score:.2f} ({entry.name})"
    return said


def _says(case: Case, picture: str, wanted: str, said: dict[str, str], bundle: Bundle) -> list[Bar]:
    evidence = {entry.name: Evidence.HOST for entry in bundle.manifest.flavours}
    for entry in bundle.manifest.flavours:
        if entry.kind.value == "coreml":
            evidence[entry.name] = Evidence.REFERENCE
    return [
        Bar(
            f"{case.name}: {name} says {wanted} of {picture}",
            float(text.startswith(f"{wanted} ")),
            1.0,
            AT_LEAST,
            evidence[name],
            text,
        )
        for name, text in said.items()
    ]
