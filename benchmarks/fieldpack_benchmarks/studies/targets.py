"""``fieldpack study targets``: do counts repeat, does the gate catch, do targets agree, are alarms right?

Counts of small networks in separate runs; a gate held against what can befall a network; one bundle over this
machine, emulated processors and what else is named; comparisons of a model with itself and with a slower one
while other work disturbs the machine; and the files that a gate writes. Every network is made by code.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

from fieldpack.records.record import Record, RunOutcome
from fieldpack.records.store import read
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence, Outcome
from fieldpack_benchmarks.bench import commands
from fieldpack_benchmarks.latency.comparison import PAIRS, Finding
from fieldpack_benchmarks.studies.target_bundles import EXAMPLES, FLAVOUR, bundle_of
from fieldpack_benchmarks.studies.target_gates import CHANGES, TARGET, Gated, gated
from fieldpack_benchmarks.studies.target_pairs import (
    LAYERS,
    MOST_PLANTED,
    OLD,
    SAME,
    Compared,
    Planted,
    disturbed,
    paired_machine,
)
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.targets.counting import InstructionCount, count_instructions
from fieldpack_benchmarks.targets.small_models import small_input, small_network

Progress = Callable[[str, float], None]
Row = dict[str, Cell]
WIDTHS, QUICK_WIDTHS = (8, 16, 32), (16,)
RUNS, QUICK_RUNS = 3, 2
COMPARISONS, QUICK_COMPARISONS = 100, 10
FLOAT_SPREAD, MOST_ALARMS, LEAST_FOUND = 1e-5, 0.05, 0.95
ROADS = ("host", "qemu-arm64:cortex-a53", "qemu-arm64:cortex-a76")
FARTHER = ("adb", "ssh")
MORE_TARGETS = "FIELDPACK_TARGETS"
"""Environment variable with the names of more targets, apart by blanks: ``adb:SERIAL ssh:USER@HOST:PORT``."""
FEWEST_ROADS = 3
COLUMNS = (
    Column("part", "text", "host", "counts, gate, roads, pairs or files"),
    Column("case", "text", "host", "network, change, target, kind of comparison or file"),
    Column("evidence", "text", BY_ROW, "where the figures come from"),
    Column("runs", "count", BY_ROW, "processes counted, comparisons made, or files read"),
    Column("instructions", "count", BY_ROW, "of one inference, least of the runs"),
    Column("spread", "fraction", BY_ROW, "largest difference of two runs, of the least"),
    Column("change", "fraction", BY_ROW, "instructions over the baseline's"),
    Column("outside", "count", BY_ROW, "operators that the delegate did not take"),
    Column("outcome", "text", BY_ROW, "of the gate or the run; of files, faults found"),
    Column("answers", "text", BY_ROW, "first digits of the digest of the answers"),
    Column("slower", "count", BY_ROW, "comparisons that say slower"),
    Column("faster", "count", BY_ROW, "comparisons that say faster"),
    Column("ratio", "ratio", BY_ROW, "median ratio of new to old over the comparisons"),
    Column("note", "text", "host", "limits that did not pass, or why something was not run"),
)


@dataclass(frozen=True, slots=True)
class Repeated:
    """One network, counted several times.

    Attributes
    ----------
    name : str
        In words.
    quantised : bool
        int8, else float32.
    counts : tuple of InstructionCount
        Each of a process of its own.
    """

    name: str
    quantised: bool
    counts: tuple[InstructionCount, ...]

    @property
    def least(self) -> int:
        """The least count."""
        return min(item.instructions for item in self.counts)

    @property
    def spread(self) -> float:
        """Largest difference of two counts, of the least."""
        return (max(item.instructions for item in self.counts) - self.least) / self.least


@dataclass(frozen=True, slots=True)
class Disturbed:
    """Comparisons of a kind.

    Attributes
    ----------
    name : str
        In words.
    found : tuple of Compared
        In the order of running.
    """

    name: str
    found: tuple[Compared, ...]

    def count(self, finding: Finding) -> int:
        """Comparisons that say so."""
        return sum(item.comparison.finding is finding for item in self.found)

    @property
    def ratio(self) -> float:
        """Median ratio."""
        return median(item.comparison.ratio for item in self.found)


def study(quick: bool, progress: Progress) -> Study:
    """Count, gate, bench, compare.

    Parameters
    ----------
    quick : bool
        Four networks twice instead of twelve thrice, and ten comparisons of each kind instead of a hundred.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        qemu, a compiler or LiteRT for the emulated processor is missing.
    """
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        counts = list(counted(folder, quick, progress))
        gates = list(_gates(folder, progress))
        records = roads(folder, progress)
    plant, kinds = pairs(QUICK_COMPARISONS if quick else COMPARISONS, progress)
    idle = Disturbed("planted, before the disturbance", (plant.undisturbed,))
    rows = [*map(_count_row, counts), *map(_gate_row, gates), *_road_rows(records)]
    rows += [*map(_pair_row, (idle, *kinds)), *_file_rows(gates)]
    bars = [*_count_bars(counts, quick), *_gate_bars(gates), *_road_bars(records)]
    bars += [*_pair_bars(plant, kinds), *_file_bars(gates)]
    timings = tuple(_timings((idle, *kinds)))
    return Study("targets", COLUMNS, tuple(rows), tuple(bars), quick, timings, notes=_notes(plant))


def counted(folder: Path, quick: bool, progress: Progress) -> Iterator[Repeated]:
    """Each network in processes of their own, on one emulated processor."""
    networks = list(product((True, False), QUICK_WIDTHS if quick else WIDTHS, (False, True)))
    for number, (quantised, width, softmax) in enumerate(networks):
        name = f"{'int8' if quantised else 'float32'}, width {width}{', softmax' if softmax else ''}"
        progress(f"count {name}", 0.1 * number / len(networks))
        model = folder / f"network-{number}.tflite"
        model.write_bytes(small_network(quantised=quantised, width=width, softmax=softmax))
        given = [small_input(quantised=quantised)]
        cpu = TARGET.partition(":")[2]
        runs = range(QUICK_RUNS if quick else RUNS)
        yield Repeated(name, quantised, tuple(count_instructions(model, given, cpu) for _ in runs))


def roads(folder: Path, progress: Progress) -> list[Record]:
    """One bundle by one command over this machine, two emulated processors and all targets that are named."""
    named = os.environ.get(MORE_TARGETS, "").split()
    progress("roads", 0.16)
    bundle = bundle_of(small_network(quantised=True, softmax=True), folder / "roads")
    commands.run(
        bundle, [*ROADS, *named], [FLAVOUR], "quick", EXAMPLES, folder / "records", lambda stage, done: None
    )
    return list(read(folder / "records"))


def pairs(count: int, progress: Progress) -> tuple[Planted, tuple[Disturbed, Disturbed]]:
    """The true slowdown without disturbance, then both kinds of comparisons in turn, disturbed."""
    same: list[Compared] = []
    slower: list[Compared] = []
    with paired_machine() as machine:
        progress("the planted slowdown", 0.19)
        plant = machine.planted(count)
        with disturbed():
            for number in range(count):
                progress("comparisons", 0.2 + 0.8 * number / count)
                same.append(machine.compared(SAME, number))
                slower.append(machine.compared(plant.file, number))
    return plant, (Disturbed("with itself", tuple(same)), Disturbed("planted slowdown", tuple(slower)))


def _gates(folder: Path, progress: Progress) -> Iterator[Gated]:
    for number, change in enumerate(CHANGES):
        progress(f"gate: {change.name}", 0.1 + 0.06 * number / len(CHANGES))
        place = folder / f"gate-{number}"
        place.mkdir()
        yield gated(change, place)


def _notes(plant: Planted) -> tuple[str, ...]:
    found = plant.undisturbed.comparison
    ratio = f"{found.ratio:.3f} ({found.low:.3f} .. {found.high:.3f})"
    return (
        f"each comparison: {PAIRS} pairs of processes of 5 ms; `bench run --against` takes as many of 50 ms",
        f"planted: {LAYERS + plant.layers} equal layers instead of {LAYERS}, undisturbed a ratio of {ratio}",
        "disturbed by one process a core, in bursts of up to 0.2 s, beside whatever else the machine did",
        f"more targets stand in {MORE_TARGETS}; `python -m device_tests.loopback` starts an adbd and an sshd",
        "files: held against OASIS's schema of SARIF 2.1.0, pyEDAA.Reports' of JUnit, and the verdicts",
    )


def _count_row(item: Repeated) -> Row:
    first = item.counts[0]
    return {
        "part": "counts",
        "case": item.name,
        "evidence": first.evidence.value,
        "runs": len(item.counts),
        "instructions": item.least,
        "spread": item.spread,
        "outside": first.operators - first.delegated,
    }


def _gate_row(item: Gated) -> Row:
    before, after = item.before.instructions, item.after.instructions
    outside = None if item.after.delegation is None else item.after.delegation.outside
    return {
        "part": "gate",
        "case": item.change.name,
        "evidence": item.after.evidence.value,
        "runs": 1,
        "instructions": after,
        "change": None if before is None or after is None else after / before - 1,
        "outside": outside,
        "outcome": item.outcome.value,
        "note": ", ".join(item.broken) + (f": {item.after.reason}" if item.after.reason else ""),
    }


def _road_rows(records: Sequence[Record]) -> Iterator[Row]:
    for item in records:
        measured = item.outcome is RunOutcome.MEASURED
        yield {
            "part": "roads",
            "case": item.target,
            "evidence": item.evidence.value,
            "runs": len(item.rounds) or int(measured),
            "instructions": item.instructions,
            "outside": None if item.delegation is None else item.delegation.outside,
            "outcome": item.outcome.value,
            "answers": "".join(sorted(item.outputs.values()))[:8],
            "note": item.reason,
        }
    ran = {item.target.partition(":")[0] for item in records}
    for kind in FARTHER:
        if kind not in ran:
            yield {
                "part": "roads", "case": kind, "evidence": Evidence.NOT_RUN.value,
                "outcome": RunOutcome.NOT_RUN.value, "note": f"none is named in {MORE_TARGETS}",
            }  # fmt: skip


def _pair_row(item: Disturbed) -> Row:
    return {
        "part": "pairs",
        "case": item.name,
        "evidence": Evidence.HOST.value,
        "runs": len(item.found),
        "slower": item.count(Finding.SLOWER),
        "faster": item.count(Finding.FASTER),
        "ratio": item.ratio,
    }


def _file_rows(gates: Sequence[Gated]) -> Iterator[Row]:
    for name in ("junit", "sarif"):
        faults = _faults(gates, name)
        yield {
            "part": "files",
            "case": name,
            "evidence": Evidence.HOST.value,
            "runs": len(gates),
            "outcome": f"{len(faults)} faults",
            "note": "; ".join(faults),
        }


def _faults(gates: Sequence[Gated], name: str) -> list[str]:
    return [fault for item in gates for fault in getattr(item, name)]


def _count_bars(counts: Sequence[Repeated], quick: bool) -> list[Bar]:
    whole = [item.spread for item in counts if item.quantised]
    real = [item.spread for item in counts if not item.quantised]
    wanted = 4 * len(QUICK_WIDTHS if quick else WIDTHS)
    kind = Evidence.EMULATED
    return [
        Bar("networks counted", len(counts), wanted, AT_LEAST, kind, "4 in quick" if quick else ""),
        Bar("int8: largest spread of the counts", max(whole), 0, AT_MOST, kind),
        Bar("float32: largest spread of the counts", max(real), FLOAT_SPREAD, AT_MOST, kind),
    ]


def _gate_bars(gates: Sequence[Gated]) -> list[Bar]:
    harmful = [item for item in gates if item.change.expected is not Outcome.PASS]
    caught = sum(item.right for item in harmful)
    harmless = [item for item in gates if item.change.expected is Outcome.PASS]
    missed = ", ".join(item.change.name for item in harmful if not item.right)
    passed = sum(item.right for item in harmless)
    return [
        Bar("changes that the gate catches", caught, len(harmful), AT_LEAST, Evidence.EMULATED, missed),
        Bar("unchanged networks that pass", passed, len(harmless), AT_LEAST, Evidence.EMULATED),
    ]


def _road_bars(records: Sequence[Record]) -> list[Bar]:
    ran = [item for item in records if item.outcome is RunOutcome.MEASURED]
    kinds = {tuple(sorted(item.outputs.items())) for item in ran}
    failed = [f"{item.target}: {item.reason}" for item in records if item not in ran]
    return [
        Bar("roads that ran", len(ran), FEWEST_ROADS, AT_LEAST, Evidence.HOST, "; ".join(failed)),
        Bar("kinds of int8 answers on them", len(kinds) or None, 1, AT_MOST, Evidence.HOST),
    ]


def _pair_bars(plant: Planted, kinds: tuple[Disturbed, Disturbed]) -> list[Bar]:
    same, slower = kinds
    ratio = plant.undisturbed.comparison.ratio
    alarms = same.count(Finding.SLOWER) + same.count(Finding.FASTER)
    found = slower.count(Finding.SLOWER)
    return [
        Bar(
            "alarms of a model compared with itself", alarms / len(same.found), MOST_ALARMS, AT_MOST,
            Evidence.HOST, f"slower or faster, {alarms} of {len(same.found)}",
        ),
        Bar("slowdown that is planted", ratio - 1, MOST_PLANTED - 1, AT_MOST, Evidence.HOST, "undisturbed"),
        Bar(
            "planted slowdowns found", found / len(slower.found), LEAST_FOUND, AT_LEAST,
            Evidence.HOST, f"{found} of {len(slower.found)}",
        ),
    ]  # fmt: skip


def _file_bars(gates: Sequence[Gated]) -> list[Bar]:
    return [
        Bar(f"faults in {name} files", len(_faults(gates, name)), 0, AT_MOST, Evidence.HOST)
        for name in ("junit", "sarif")
    ]


def _timings(kinds: Sequence[Disturbed]) -> Iterator[Timing]:
    """Every process of every pair; a process keeps its three warm-ups to itself."""
    for kind in kinds:
        for number, item in enumerate(kind.found):
            yield Timing(f"{kind.name} {number}: {OLD}", "us", (), item.old_us)
            yield Timing(f"{kind.name} {number}: new", "us", (), item.new_us)
