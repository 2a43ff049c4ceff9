"""What a gate says of a network after something befell it, and whether its files are what readers expect.

One baseline, one budget and one command: ``fieldpack gate`` in a process of its own, as a build system runs
it, with records that a bench made on an emulated processor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from fieldpack.records.record import Record
from fieldpack.records.store import read
from fieldpack.verdict import Outcome
from fieldpack_benchmarks.bench import commands
from fieldpack_benchmarks.processes import FIELDPACK, run_process
from fieldpack_benchmarks.studies import target_bundles as networks

TARGET = "qemu-arm64:cortex-a76"
SHARE = 1.001
BUDGET = (
    f'[every.instructions]\n"{TARGET}" = {{ share = {SHARE}, of = "baseline" }}\n'
    f'[every.outside_delegate]\n"{TARGET}" = 0\n'
)
CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3, Outcome.NOT_RUN: 4}
COUNT, OUTSIDE = "instructions", "outside_delegate"
NO_COUNT = "XNNPACK ran no operator"
LEVELS = ("none", "note", "warning", "error")
JUNIT_CHILDREN = {"failure": "failures", "error": "errors", "skipped": "skipped"}

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


def junit_faults(text: str, verdicts: list[dict[str, Any]]) -> Iterator[str]:
    """What readers of JUnit XML would miss or stumble over.

    Held: a root ``testsuites`` of ``testsuite`` of ``testcase``, each with the attributes that common readers
    require; one case a verdict; at most one outcome element a case; and numbers that are those of the cases.
    The XSD itself is no part of this.

    Parameters
    ----------
    text : str
        The file.
    verdicts : list of dict
        As the gate prints them.
    """
    root = ET.fromstring(text)
    if root.tag != "testsuites":
        yield f"the root is {root.tag}, not testsuites"
    cases = 0
    for suite in root:
        if suite.tag != "testsuite" or not suite.get("name"):
            yield f"{suite.tag} is no test suite with a name"
        own = suite.findall("testcase")
        cases += len(own)
        yield from _junit_numbers(suite, own)
        for case in own:
            yield from _junit_case(case)
    if root.get("tests") != str(cases) or cases != len(verdicts):
        yield f"tests is {root.get('tests')}, with {cases} cases of {len(verdicts)} verdicts"


def _junit_numbers(suite: ET.Element, cases: list[ET.Element]) -> Iterator[str]:
    counts = {"tests": len(cases)}
    counts |= {
        word: sum(case.find(tag) is not None for case in cases) for tag, word in JUNIT_CHILDREN.items()
    }
    for word, count in counts.items():
        if suite.get(word) != str(count):
            yield f"{word} is {suite.get(word)}, with {count} cases"


def _junit_case(case: ET.Element) -> Iterator[str]:
    lacking = [name for name in ("name", "classname", "time") if not case.get(name)]
    if lacking:
        yield f"a case has no {', '.join(lacking)}"
    outcomes = [child for child in case if child.tag in JUNIT_CHILDREN]
    strangers = [child.tag for child in case if child.tag not in (*JUNIT_CHILDREN, "system-out")]
    if len(outcomes) > 1 or strangers:
        yield f"{case.get('name')} has {', '.join(child.tag for child in case)}"
    if any(not child.get("message") for child in outcomes):
        yield f"{case.get('name')} does not say why"


def sarif_faults(log: dict[str, Any], verdicts: list[dict[str, Any]]) -> Iterator[str]:
    """What SARIF 2.1.0 requires of the objects that a gate writes, and does not find.

    Parameters
    ----------
    log : dict
        The file.
    verdicts : list of dict
        As the gate prints them; each that is no pass is a result.
    """
    if log.get("version") != "2.1.0" or not str(log.get("$schema", "")).endswith("sarif-2.1.0.json"):
        yield f"version {log.get('version')}, schema {log.get('$schema')}"
    runs = log.get("runs") or []
    if len(runs) != 1:
        yield f"{len(runs)} runs"
    for run in runs:
        driver = (run.get("tool") or {}).get("driver") or {}
        rules = [rule.get("id") for rule in driver.get("rules", ())]
        if not driver.get("name") or not all(rules) or len(set(rules)) != len(rules):
            yield f"the tool {driver.get('name')!r} has rules {rules}"
        if any(type(item.get("executionSuccessful")) is not bool for item in run.get("invocations", ())):
            yield "an invocation does not say whether it ended well"
        results = run.get("results")
        wanted = sorted(item["name"] for item in verdicts if item["outcome"] != Outcome.PASS.value)
        if not isinstance(results, list) or sorted(str(item.get("ruleId")) for item in results) != wanted:
            yield f"results are not those of {', '.join(wanted) or 'no limit'}"
        for result in results or ():
            yield from _sarif_result(result, rules)


def _sarif_result(result: dict[str, Any], rules: list[Any]) -> Iterator[str]:
    name, index = result.get("ruleId"), result.get("ruleIndex")
    if not (result.get("message") or {}).get("text"):
        yield f"{name} has no message"
    if result.get("level") not in LEVELS:
        yield f"{name} has the level {result.get('level')}"
    if type(index) is not int or not 0 <= index < len(rules) or rules[index] != name:
        yield f"{name} points at the rule {index}"
    for location in result.get("locations", ()):
        if not location.get("physicalLocation", {}).get("artifactLocation", {}).get("uri"):
            yield f"{name} lies nowhere"


def _recorded(bundle: Path, records: Path) -> Record:
    """The record of a bench on the emulated target, also where it failed."""
    commands.run(bundle, [TARGET], [networks.FLAVOUR], "quick", 1, records, nothing)
    return read(records)[-1]


def _gate(bundle: Path, budget: Path, records: Path, said: Path, *more: str) -> int:
    given = ["gate", str(bundle), "--budget", str(budget), "--records", str(records), "--json", *more]
    return run_process([*FIELDPACK, *given], tuple(CODES.values()), output=said).exit_code
