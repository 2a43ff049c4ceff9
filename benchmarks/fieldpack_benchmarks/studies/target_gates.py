"""What a gate says of a network after something befell it, and whether its files are what readers expect.

One baseline, one budget and one command: ``fieldpack gate`` in a process of its own, as a build system runs
it, with records that a bench made on an emulated processor.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldpack.records.record import Record
from fieldpack.records.store import read
from fieldpack.verdict import Outcome
from fieldpack_benchmarks.bench import commands
from fieldpack_benchmarks.processes import FIELDPACK, run_process
from fieldpack_benchmarks.studies import target_bundles as networks
from fieldpack_benchmarks.studies.target_files import junit_faults, sarif_faults

TARGET = "qemu-arm64:cortex-a76"
SHARE = 1.001
BUDGET = (
    f'[every.instructions]\n"{TARGET}" = {{ share = {SHARE}, of = "baseline" }}\n'
    f'[every.outside_delegate]\n"{TARGET}" = 0\n'
)
CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3, Outcome.NOT_RUN: 4}
COUNT, OUTSIDE = "instructions", "outside_delegate"
NO_COUNT = "XNNPACK ran no operator"

Network = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that befalls a network.

    Attributes
    ----------
    name : str
        In words.
    before, after : callable
        Make the file.
    breaks : tuple of str
        Measures whose limits it must break, of ``instructions`` and ``outside_delegate``.
    expected : Outcome
        Of the gate: a network that the delegate does not take at all is no count, so ``not_run``.
    """

    name: str
    before: Network
    after: Network
    breaks: tuple[str, ...]
    expected: Outcome = Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Gated:
    """What one gate said.

    Attributes
    ----------
    change : Change
        What befell the network.
    before, after : Record
        Of both bundles.
    code : int
        Exit code of the gate.
    outcome : Outcome
        Its verdict on the whole.
    broken : tuple of str
        Limits that did not pass.
    junit, sarif : tuple of str
        Faults of the files; none are none.
    """

    change: Change
    before: Record
    after: Record
    code: int
    outcome: Outcome
    broken: tuple[str, ...]
    junit: tuple[str, ...]
    sarif: tuple[str, ...]

    @property
    def right(self) -> bool:
        """The verdict, the limits that broke, the exit code and the reason are those of the change."""
        if self.change.expected is Outcome.NOT_RUN and NO_COUNT not in self.after.reason:
            return False
        measures = tuple(name.partition(".")[0] for name in self.broken)
        found = (self.outcome, self.code, measures)
        return found == (self.change.expected, CODES[self.change.expected], self.change.breaks)


CHANGES = (
    Change("nothing", networks.base, networks.base, (), Outcome.PASS),
    Change("one layer a tenth wider", networks.base, networks.wider_layer, (COUNT,)),
    Change("a softmax that falls back", networks.base, networks.fallen_back, (COUNT, OUTSIDE)),
    Change("float32 between two layers", networks.base, networks.float_in_the_middle, (COUNT,)),
    Change("the delegate loses one layer", networks.base, networks.layer_lost, (COUNT, OUTSIDE)),
    Change(
        "the delegate loses the network",
        networks.dense_base,
        networks.delegate_lost,
        (COUNT, OUTSIDE),
        Outcome.NOT_RUN,
    ),
)


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def gated(change: Change, folder: Path) -> Gated:
    """Bench the network before and after, commit a baseline of the first and hold the second against it.

    Parameters
    ----------
    change : Change
        What befalls the network.
    folder : Path
        An empty folder.

    Raises
    ------
    MissingDependencyError
        The emulated target cannot count.
    WorkerError
        A gate ended with a code that is no verdict.
    """
    old = networks.bundle_of(change.before(), folder / "old")
    new = networks.bundle_of(change.after(), folder / "new", "1.0.1")
    then, now = _recorded(old, folder / "then"), _recorded(new, folder / "now")
    budget, baseline = folder / "budget.toml", folder / "baseline.json"
    budget.write_text(BUDGET, encoding="utf-8")
    plain = folder / "plain.toml"
    plain.write_text("[every]\ninstalled_bytes = 10000000\n", encoding="utf-8")
    _gate(old, plain, folder / "then", folder / "then.json", "--write-baseline", str(baseline))
    junit, sarif, said = folder / "junit.xml", folder / "gate.sarif", folder / "gate.json"
    more = ("--baseline", str(baseline), "--junit", str(junit), "--sarif", str(sarif))
    code = _gate(new, budget, folder / "now", said, *more)
    document = json.loads(said.read_text(encoding="utf-8"))
    verdicts = document["verdicts"]
    broken = tuple(item["name"] for item in verdicts if item["outcome"] != Outcome.PASS.value)
    return Gated(
        change, then, now, code, Outcome(document["outcome"]), broken,
        tuple(junit_faults(junit.read_text(encoding="utf-8"), verdicts)),
        tuple(sarif_faults(json.loads(sarif.read_text(encoding="utf-8")), verdicts)),
    )  # fmt: skip


def _recorded(bundle: Path, records: Path) -> Record:
    """The record of a bench on the emulated target, also where it failed."""
    commands.run(bundle, [TARGET], [networks.FLAVOUR], "quick", 1, records, nothing)
    return read(records)[-1]


def _gate(bundle: Path, budget: Path, records: Path, said: Path, *more: str) -> int:
    given = ["gate", str(bundle), "--budget", str(budget), "--records", str(records), "--json", *more]
    return run_process([*FIELDPACK, *given], tuple(CODES.values()), output=said).exit_code
