"""What ``fieldpack bench`` does; the sdk finds it through the entry points ``fieldpack.bench``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.errors import InputError
from fieldpack.phone_projects.project import PhoneKind, write_project
from fieldpack.phone_projects.results import import_results
from fieldpack.placement import place_file
from fieldpack.records.record import Record, RunOutcome
from fieldpack.records.store import append, read
from fieldpack.records.validity import FULL, QUICK, Plan
from fieldpack_benchmarks.bench import trend as drawing
from fieldpack_benchmarks.bench.curves import lines_of
from fieldpack_benchmarks.bench.one_target import Wish, bench_flavour, lacking
from fieldpack_benchmarks.bench.pairs import check_target, compared, flavours_of, plan_of, side_of
from fieldpack_benchmarks.bench.table import HEADER, agreement, reasons_of, rows_of
from fieldpack_benchmarks.latency.comparison import Comparison, Finding
from fieldpack_benchmarks.latency.sustained import MINUTES, sustained_plan
from fieldpack_benchmarks.targets import parse_target

Progress = Callable[[str, float], None]
Pair = tuple[FlavourEntry, str]
PLANS = {"quick": QUICK, "full": FULL}


@dataclass(frozen=True, slots=True)
class Benched:
    """What a command found.

    Attributes
    ----------
    document : mapping
        For ``--json``.
    header, rows : sequence of str
        For a table.
    lines : sequence of str
        Below it.
    exit_code : int
        0, 1 where something failed or is slower, 4 where something was not run.
    """

    document: Mapping[str, Any]
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[str]
    exit_code: int


def run(
    bundle: Path, targets: Sequence[str], flavours: Sequence[str], mode: str, examples: int, records: Path,
    progress: Progress, minutes: float | None = None,
) -> Benched:  # fmt: skip
    """Bench flavours on targets, one after the other, and keep a record of each.

    Flavours that are not named are left out where no target of that kind runs them. `minutes` are those of
    sustained mode, 5 by default.

    Raises
    ------
    InputError
        No such target or flavour, or minutes that no run takes.
    """
    plan = _plan(mode, minutes)
    if examples < 1:
        raise InputError("A run needs a golden vector", came=f"{examples} examples", allowed="1 or more")
    for name in targets:
        parse_target(name)
    found: list[Record] = []
    with open_bundle(bundle) as opened:
        every = [(flavour, target) for flavour in _flavours(opened, flavours) for target in targets]
        pairs = every if flavours else [pair for pair in every if not lacking(*pair)]
        for done, (flavour, target) in enumerate(pairs):
            tell = _telling(progress, f"{flavour.name} on {target}", done, len(pairs))
            wish = Wish(mode, plan, examples, records, tell)
            found.append(bench_flavour(opened, flavour, target, wish))
            append(records, found[-1])
    return Benched(
        {"records": [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in found]},
        HEADER,
        rows_of(found),
        [*reasons_of(found), *lines_of(found), *agreement(found), *_left_out(every, pairs)],
        _code(found),
    )


def against(
    bundle: Path, old: Path, targets: Sequence[str], flavours: Sequence[str], progress: Progress,
    mode: str = "quick", minutes: float | None = None,
) -> Benched:  # fmt: skip
    """Compare the flavours of two bundles on targets, in pairs of runs that follow each other.

    Flavours that are not named are left out where the old bundle lacks them. No record is kept: a ratio
    of two files is no figure of one.

    Raises
    ------
    InputError
        No such target or flavour, a mode or minutes that pairs do not take, or nothing that both have.
    UnsupportedError
        A target without times.
    """
    _plan(mode, minutes)
    plan, pairs = plan_of(mode)
    for name in targets:
        check_target(name)
    found: list[tuple[str, str, Comparison]] = []
    with open_bundle(bundle) as new, open_bundle(old) as before:
        both, out = flavours_of(new, before, _flavours(new, flavours), bool(flavours))
        for flavour, then in both:
            sides = (side_of(before, then), side_of(new, flavour))
            for target in targets:
                progress(f"{flavour.name} on {target}", len(found) / (len(both) * len(targets)))
                found.append((flavour.name, target, compared(sides, target, plan, pairs)))
    rows = [
        (name, target, item.finding.value, f"{item.ratio:.3f}", f"{item.low:.3f} .. {item.high:.3f}",
         str(item.pairs), f"{item.detectable:.1%}")
        for name, target, item in found
    ]  # fmt: skip
    names = [f"{item.manifest.name} {item.manifest.version}" for item in (new, before)]
    document = {
        "new": names[0],
        "old": names[1],
        "mode": mode,
        "comparisons": [
            {"flavour": name, "target": target, "finding": item.finding.value, "ratio": item.ratio,
             "low": item.low, "high": item.high, "pairs": item.pairs}
            for name, target, item in found
        ],
    }  # fmt: skip
    header = ("flavour", "target", "finding", "new / old", "99 % bounds", "pairs", "would find")
    slower = any(item.finding is Finding.SLOWER for _, _, item in found)
    return Benched(document, header, rows, [f"{names[0]} against {names[1]}", *out], int(slower))


def compare_records(old: Path, new: Path) -> Benched:
    """Compare the last records of two files: counts exactly, times only told, since they are of two days.

    Raises
    ------
    InputError
        A file has no record.
    """
    sides = [{(item.flavour.name, item.target): item for item in _some(path)} for path in (old, new)]
    rows, more = [], False
    for key in sorted(set(sides[0]) | set(sides[1])):
        first, second = sides[0].get(key), sides[1].get(key)
        words, worse = _difference(first, second)
        more |= worse
        rows.append((*key, *words))
    header = ("flavour", "target", "instructions", "change", "p50, ms", "answers", "note")
    document = {"differences": [dict(zip(header, row, strict=True)) for row in rows]}
    return Benched(document, header, rows, (), int(more))


def trend(path: Path, out: Path) -> Benched:
    """Draw how figures went over the records of one bundle.

    Raises
    ------
    InputError
        There is no measured record, or there are several bundles.
    StorageError
        The drawing cannot be written.
    """
    found = _some(path)
    names = sorted({item.bundle.name for item in found})
    if len(names) > 1:
        raise InputError(
            "the records are of several bundles", came=", ".join(names), hint="name the file of one"
        )
    place_file(out, drawing.draw(found, names[0]), "the drawing")
    rows = drawing.rows_of(found)
    document = {"drawing": str(out), "lines": [list(row) for row in rows]}
    return Benched(document, drawing.HEADER, rows, (str(out),), 0)


def import_phone(bundle: Path, file: Path, target: str, records: Path) -> Benched:
    """Take the result file of a phone's project into the records.

    Raises
    ------
    InputError
        The file is not whole, or not of this bundle and such a phone.
    """
    with open_bundle(bundle) as opened:
        found = import_results(file, opened, target, records)
    document = {"records": [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in found]}
    return Benched(document, HEADER, rows_of(found), reasons_of(found), _code(found))


def project(bundle: Path, kind: str, out: Path) -> Benched:
    """Write the project that checks and times a bundle on a phone.

    Raises
    ------
    InputError
        Something is at `out`, or no flavour is for such a phone.
    """
    with open_bundle(bundle) as opened:
        written = write_project(opened, PhoneKind(kind), out)
    return Benched({"project": str(written)}, ("project",), [(str(written),)], (), 0)


def _telling(progress: Progress, name: str, before: int, runs: int) -> Callable[[int, int], None]:
    """Tell where a run is, now and behind each of its rounds."""

    def tell(done: int, of: int) -> None:
        part = f", {done} of {of}" if done else ""
        progress(f"{name}{part}", (before + done / of) / runs)

    tell(0, 1)
    return tell


def _plan(mode: str, minutes: float | None) -> Plan:
    if mode == "sustained":
        return sustained_plan(MINUTES if minutes is None else minutes)
    if minutes is not None:
        raise InputError(
            "minutes are of sustained mode", came=f"--mode {mode} --minutes {minutes:g}",
            hint="--mode sustained --minutes N",
        )  # fmt: skip
    return PLANS[mode]


def _flavours(bundle: Bundle, names: Sequence[str]) -> list[FlavourEntry]:
    known = {item.name: item for item in bundle.manifest.flavours}
    strangers = [name for name in names if name not in known]
    if strangers:
        raise InputError(
            "the bundle has no such flavour", came=", ".join(strangers), allowed=", ".join(known)
        )
    return [known[name] for name in names] if names else list(known.values())


def _left_out(every: Sequence[Pair], pairs: Sequence[Pair]) -> list[str]:
    """What was not asked for by name and cannot run there, a line a reason."""
    found: dict[str, list[str]] = {}
    for flavour, target in every:
        if (flavour, target) not in pairs:
            found.setdefault(lacking(flavour, target), []).append(flavour.name)
    return [f"left out: {', '.join(names)}: {reason}" for reason, names in found.items()]


def _code(records: Sequence[Record]) -> int:
    outcomes = {record.outcome for record in records}
    if RunOutcome.FAILED in outcomes:
        return 1
    return 4 if RunOutcome.NOT_RUN in outcomes or not outcomes else 0


def _some(path: Path) -> tuple[Record, ...]:
    found = tuple(item for item in read(path) if item.outcome is RunOutcome.MEASURED)
    if not found:
        raise InputError(
            "there is no measured record", came=path, hint="fieldpack bench run BUNDLE --on TARGET"
        )
    return found


def _difference(first: Record | None, second: Record | None) -> tuple[tuple[str, ...], bool]:
    if first is None or second is None:
        return ("", "", "", "", "only in the old" if second is None else "only in the new"), False
    times = " -> ".join(_middle(item) for item in (first, second) if item.rounds)
    same = "same" if first.outputs == second.outputs else "differ"
    if first.instructions is None or second.instructions is None:
        return ("", "", times, same, "times of two runs; --against compares"), False
    if first.runner != second.runner:
        return ("", "", times, same, "counted by two runners or runtimes"), False
    change = second.instructions / first.instructions - 1
    counts = f"{first.instructions:,} -> {second.instructions:,}"
    return (counts, f"{change:+.3%}", times, same, ""), second.instructions > first.instructions


def _middle(record: Record) -> str:
    from statistics import median

    return f"{median(item.latency_ms for item in record.rounds):.3g}"
