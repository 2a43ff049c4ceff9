"""One flavour on one target as a record: measured, failed with the reason, or not run with the reason."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import (
    FieldpackError,
    InputError,
    MissingDependencyError,
    TargetError,
    UnsupportedError,
)
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Flag, Record
from fieldpack.records.store import remember_machine
from fieldpack.records.validity import Plan, percentiles, validity
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.bench.curves import fields_of, whole_steps
from fieldpack_benchmarks.bench.examples import Examples, examples_of
from fieldpack_benchmarks.latency.heat import throttled
from fieldpack_benchmarks.targets import Target, TargetKind, parse_target
from fieldpack_benchmarks.targets.counting import (
    InstructionCount,
    count_instructions,
    count_with_callgrind,
)
from fieldpack_benchmarks.targets.model_run import ModelRun, open_target, run_model, runs_of
from fieldpack_benchmarks.targets.protocol import RunRequest

APPLE = {TargetKind.IOS, TargetKind.MAC}
CHECKED = RunRequest(warm_ups=1, samples=1)
"""A run that is made for its answers."""

COUNTED = {TargetKind.QEMU_ARM64, TargetKind.CALLGRIND}
"""Targets that have a count, and no time."""

NO_HEAT = "an emulated processor has no times and no heat; sustain runs on host, adb or ssh"
NO_SUSTAINED_PAGE = "a page is timed in short runs alone; sustain runs on host, adb or ssh"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of every target.

    Attributes
    ----------
    mode : str
        ``quick``, ``full`` or ``sustained``.
    plan : Plan
        How long to sample.
    examples : int
        Golden vectors whose answers are compared.
    records : Path
        Folder that the machine's facts go to.
    tell : callable, optional
        Called behind each round with (how many are done, of how many).
    """

    mode: str
    plan: Plan
    examples: int
    records: Path
    tell: Callable[[int, int], None] = lambda done, of: None


def bench_flavour(bundle: Bundle, flavour: FlavourEntry, name: str, wish: Wish) -> Record:
    """Run a flavour on a target.

    Raises
    ------
    InputError
        No target has this name; everything else that goes wrong is a record.
    """
    target = parse_target(name)
    fields = _named(bundle, flavour, target)
    reason = lacking(flavour, name)
    if reason:
        return _record(fields, evidence=Evidence.NOT_RUN, outcome="not_run", reason=reason)
    try:
        if target.kind is TargetKind.WEB:
            return _on_page(bundle, flavour, fields, wish)
        examples = examples_of(bundle, flavour, wish.examples)
        if target.kind in COUNTED:
            if wish.mode == "sustained":
                return _record(fields, evidence=Evidence.NOT_RUN, outcome="not_run", reason=NO_HEAT)
            return _record(fields, **_counted(examples, target, wish))
        return _record(fields, **_timed(examples, target, wish))
    except (MissingDependencyError, UnsupportedError) as error:
        return _record(fields, evidence=Evidence.NOT_RUN, outcome="not_run", reason=_words(error))
    except TargetError as error:
        return _record(fields, evidence=Evidence.NOT_RUN, outcome="failed", reason=_words(error))


def _on_page(bundle: Bundle, flavour: FlavourEntry, fields: dict[str, Any], wish: Wish) -> Record:
    """A page in a browser of this machine; what a page cannot take is not run."""
    from fieldpack_benchmarks.bench.in_browser import timed_in_browser

    if wish.mode == "sustained":
        return _record(fields, evidence=Evidence.NOT_RUN, outcome="not_run", reason=NO_SUSTAINED_PAGE)
    try:
        found = timed_in_browser(bundle, flavour, wish.mode, wish.plan, wish.examples, wish.records)
    except (InputError, UnsupportedError) as error:
        return _record(fields, evidence=Evidence.NOT_RUN, outcome="not_run", reason=_words(error))
    return _record(fields, **found)


def _named(bundle: Bundle, flavour: FlavourEntry, target: Target) -> dict[str, Any]:
    manifest = bundle.manifest
    return {
        "schema": SCHEMA,
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "bundle": {"name": manifest.name, "version": manifest.version, "digest": bundle.digest},
        "flavour": {"name": flavour.name, "kind": flavour.kind.value, "digest": flavour.digest},
        "target": str(target),
    }


def _record(fields: dict[str, Any], **more: Any) -> Record:
    return validated(Record, fields | more, "the record of a run", InputError)


def _words(error: FieldpackError) -> str:
    parts = [error.what, f"got {error.came}" if error.came else ""]
    parts += [f"allowed {error.allowed}" if error.allowed else "", error.hint or ""]
    return "; ".join(part for part in parts if part)


def lacking(flavour: FlavourEntry, name: str) -> str:
    """Why a flavour cannot run on a kind of target at all; empty where it can."""
    target = parse_target(name)
    if target.kind in APPLE:
        if flavour.kind is not FlavourKind.COREML:
            return f"{target} runs Core ML flavours, not {flavour.kind.value}"
        return (
            f"Core ML runs on Apple's machines, not on {platform.system()}; run the project of "
            "`fieldpack bench project --for ios` there, then `fieldpack bench import` its result"
        )
    if flavour.kind is not FlavourKind.TFLITE:
        return f"{target} runs TFLite files, not {flavour.kind.value}"
    return ""


def _counted(examples: Examples, target: Target, wish: Wish) -> dict[str, Any]:
    """An emulated target: exact counts, answers, and no times."""
    if target.kind is TargetKind.CALLGRIND:
        count = count_with_callgrind(examples.model, examples.fed[0])
    else:
        count = count_instructions(examples.model, examples.fed[0], target.place)
    answers = [count.outputs]
    if len(examples.fed) > 1:
        with open_target(target) as transport:
            answers += [
                run_model(transport, examples.model, fed, CHECKED).outputs for fed in examples.fed[1:]
            ]
    return {
        "evidence": count.evidence,
        "outcome": "measured",
        "mode": "count",
        "machine": remember_machine(wish.records, _counter(count)),
        "runner": {
            "kind": "c",
            "runtime": count.runtime,
            "processor": count.cpu,
            "emulator": count.counter,
            "threads": 1,
        },
        "instructions": count.instructions,
        "delegation": {"operators": count.operators, "outside": count.operators - count.delegated},
        **_answers(examples, answers),
    }


def _counter(count: InstructionCount) -> dict[str, Any]:
    """What a count hangs on, beside the model."""
    return {
        "processor": count.cpu,
        "counter": count.counter,
        "runtime": count.runtime,
        "library_sha256": count.library_sha256,
        "runner_sha256": count.runner_sha256,
        "glibc": ".".join(map(str, count.glibc)),
    }


def _timed(examples: Examples, target: Target, wish: Wish) -> dict[str, Any]:
    """A real target: rounds of a process each, the profile of the last, and the answers."""
    request = RunRequest(
        warm_ups=wish.plan.warm_ups,
        samples=wish.plan.samples,
        min_seconds=wish.plan.shortest_s,
        max_seconds=wish.plan.seconds,
    )
    with open_target(target) as transport:
        place = transport.place
        requests = [*[request] * (wish.plan.rounds - 1), replace(request, profile=True)]
        taking = runs_of(transport, examples.model, examples.fed[0], requests)
        steps = whole_steps(real(taking), wish.plan.seconds) if wish.mode == "sustained" else real(taking)
        runs = list(_told(steps, wish))
        rest = [run_model(transport, examples.model, fed, CHECKED) for fed in examples.fed[1:]]
    rows = runs[-1].report.profile or ()
    delegated = sum(row.delegated for row in rows)
    taken = [[value / 1e6 for value in run.report.wall_ns] for run in runs]
    return {
        "target": place,
        "evidence": runs[0].evidence,
        "outcome": "measured",
        "mode": wish.mode,
        "machine": remember_machine(wish.records, _machine(runs[0])),
        "runner": {
            "kind": runs[0].report.runner,
            "runtime": runs[0].runtime,
            "processor": runs[0].facts.cpu or runs[0].facts.architecture,
            "threads": request.threads,
        },
        "rounds": [_round(run, values) for run, values in zip(runs, taken, strict=True)],
        "curve": fields_of(runs, wish.plan.seconds) if wish.mode == "sustained" else None,
        "delegation": {"operators": len(rows), "outside": len(rows) - delegated},
        "flags": (*validity(wish.plan, taken), *_heated(runs)),
        "profile": [
            {"name": row.name, "average_ms": row.average_ms or 0.0, "delegated": row.delegated}
            for row in rows
        ],
        **_answers(examples, [run.outputs for run in (runs[0], *rest)]),
    }


def real(runs: Iterable[ModelRun]) -> Iterator[ModelRun]:
    """The runs as they come, unless their processor is emulated.

    Raises
    ------
    TargetError
        It is.
    """
    for run in runs:
        if run.evidence is Evidence.EMULATED:
            raise TargetError(
                "times of an emulated processor are no times", came=f"{run.target}, {run.facts.architecture}",
                allowed="a processor of its own", hint="bench qemu-arm64:<cpu> for its counts",
            )  # fmt: skip
        yield run


def _told(runs: Iterable[ModelRun], wish: Wish) -> Iterator[ModelRun]:
    """The runs as they come, and how far it is."""
    for done, run in enumerate(runs, 1):
        wish.tell(done, wish.plan.rounds)
        yield run


def _heated(runs: Sequence[ModelRun]) -> tuple[Flag, ...]:
    """The flag of runs that heat held back, by what the target said before the first and behind each."""
    hot = throttled(runs[0].facts.readings, [run.facts_after.readings for run in runs])
    return (Flag.THROTTLED,) if hot else ()


def _machine(run: ModelRun) -> dict[str, Any]:
    """What a machine says of itself that does not change from run to run."""
    facts = asdict(run.facts)
    return {name: value for name, value in facts.items() if name not in ("free_bytes", "readings") and value}


def _round(run: ModelRun, taken: Sequence[float]) -> dict[str, Any]:
    middle, ninety, most = percentiles(taken)
    return {
        "latency_ms": middle,
        "p90_ms": ninety,
        "p99_ms": most,
        "samples": len(taken),
        "load_ms": (run.report.init_ns or 0) / 1e6,
        "first_run_ms": (run.report.first_run_ns or 0) / 1e6,
        "peak_memory_bytes": run.report.peak_bytes,
    }


def _answers(examples: Examples, answers: Sequence[Sequence[bytes]]) -> dict[str, Any]:
    return {
        "examples": len(answers),
        "outputs": examples.digests(answers),
        "golden_gap": examples.gap(answers),
    }
