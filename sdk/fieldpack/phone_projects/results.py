"""The file that a phone wrote, as records; the bundle is at hand, and says what the phone should have run.

A file is taken whole or not at all: half a line, another bundle, a clock that ran backwards or figures that
do not follow from their samples are refused, since nobody can tell which part of such a file is true. A wrong
answer to a golden vector, or a process that died, is no fault of the file; it becomes a record of a run that
failed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.model import validated
from fieldpack.phone_projects.facts import RESULT_SCHEMA, UNTHROTTLED
from fieldpack.phone_projects.line import PhoneLine
from fieldpack.records.record import SCHEMA, Flag, Record, Round, Runner, RunOutcome
from fieldpack.records.store import append, read, remember_machine
from fieldpack.records.validity import FULL, percentiles, validity
from fieldpack.verdict import Evidence

PARTS = {
    "adb": ("Android", "instrumentation", FlavourKind.TFLITE),
    "ios": ("iOS", "xctest", FlavourKind.COREML),
}
"""Kind of target -> system, runner and flavours that its lines have."""
ROUNDING = 1e-6
"""Relative; a figure of the phone and ours of the same samples differ by less."""
SLACK_MS = 50.0
SLACK = 0.01
"""By so much, and such a share, the wall clock may fall behind the times that were taken by a steady one."""


def read_results(path: Path, bundle: Bundle, target: str) -> list[Record]:
    """The runs of a result file: one record for each flavour and session, its rounds together.

    Parameters
    ----------
    path : Path
        ``fieldpack-phone.jsonl``, fetched from the phone.
    bundle : Bundle
        The bundle that the project was written from.
    target : str
        ``adb:SERIAL`` or ``ios:UDID``: which phone it was; the file does not know.

    Returns
    -------
    list of Record
        Evidence ``device``; latencies in milliseconds of wall clock.

    Raises
    ------
    InputError
        The file cannot be read, is cut off, is of another schema, bundle, flavour or kind of device, has a
        value that is no number, a round out of turn, or a clock that ran backwards.
    """
    return [_record(lines, bundle, target) for lines in _sessions(path, bundle, target)]


def import_results(path: Path, bundle: Bundle, target: str, folder: Path) -> list[Record]:
    """Read a result file and add its records, and what is known of the phone, to a folder of records.

    Raises
    ------
    InputError
        As of :func:`read_results`, or a record is there already; nothing was written.
    StorageError
        The folder cannot be written.
    """
    sessions = _sessions(path, bundle, target)
    records = [_record(lines, bundle, target) for lines in sessions]
    there = {_identity(record) for record in read(folder)} if folder.is_dir() else set()
    again = next((record for record in records if _identity(record) in there), None)
    if again is not None:
        raise InputError(
            "the result was imported before",
            came=f"{path}: {again.flavour.name} of {again.taken}",
            hint="run the project again for new figures",
        )
    kept = []
    for lines, record in zip(sessions, records, strict=True):
        key = remember_machine(folder, lines[0].device.model_dump())
        kept.append(record.model_copy(update={"machine": key}))
        append(folder, kept[-1])
    return kept


def _identity(record: Record) -> tuple[str, str, str]:
    return record.flavour.digest, record.target, record.taken


def _sessions(path: Path, bundle: Bundle, target: str) -> list[list[PhoneLine]]:
    """Lines of one flavour whose rounds count up, in the order in which they began."""
    part = PARTS.get(target.partition(":")[0])
    if part is None or not target.partition(":")[2]:
        raise InputError("results come from a phone", came=target, allowed="adb:SERIAL or ios:UDID")
    found: list[list[PhoneLine]] = []
    before = 0
    for number, text in enumerate(_lines(path), 1):
        where = f"{path.name} line {number}"
        line = _line(text, where)
        _check_bundle(line, bundle, where)
        _check_device(line, part, where)
        _check_clock(line, before, where)
        _check_figures(line, where)
        before = line.ended_ms
        _put(found, line, where)
    return found


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("the result file cannot be read", came=f"{path}: {error}") from error
    if not text.endswith("\n"):
        raise InputError(
            "the result file is cut off",
            came=f"{path}: {'half a line' if text else 'nothing'}",
            hint="fetch it again, or run the project again",
        )
    return text.removesuffix("\n").split("\n")


def _line(text: str, where: str) -> PhoneLine:
    try:
        values = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError("a result is no JSON", came=f"{where}: {error}") from error
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != RESULT_SCHEMA:
        raise InputError("a result has another schema", came=f"{where}: {schema}", allowed=RESULT_SCHEMA)
    return validated(PhoneLine, values, where, InputError)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _check_bundle(line: PhoneLine, bundle: Bundle, where: str) -> None:
    if line.bundle.digest != bundle.digest:
        raise InputError(
            "the phone ran another bundle",
            came=f"{where}: {line.bundle.name} {line.bundle.version}, {line.bundle.digest}",
            allowed=f"{bundle.manifest.name} {bundle.manifest.version}, {bundle.digest}",
        )
    flavour = bundle.manifest.flavour(line.flavour.name)
    if flavour is None or (flavour.kind, flavour.digest) != (line.flavour.kind, line.flavour.digest):
        raise InputError(
            "the phone ran another flavour",
            came=f"{where}: {line.flavour.name}, {line.flavour.digest}",
            allowed=", ".join(f"{item.name} {item.digest}" for item in bundle.manifest.flavours),
        )


def _check_device(line: PhoneLine, part: tuple[str, str, FlavourKind], where: str) -> None:
    came = (line.device.system, line.runner.kind, line.flavour.kind)
    if came != part:
        words = [", ".join(str(word) for word in words) for words in (came, part)]
        raise InputError("the target is no such device", came=f"{where}: {words[0]}", allowed=words[1])
    if line.device.emulated:
        raise InputError(
            "an emulator or simulator is no phone: its times are no times",
            came=f"{where}: {line.device.model}",
            hint="run the project on a device",
        )


def _check_clock(line: PhoneLine, before: int, where: str) -> None:
    steady = sum((*line.warm_ups_ms, *line.samples_ms, line.load_ms or 0.0, line.first_run_ms or 0.0))
    wall = line.ended_ms - line.started_ms
    if line.started_ms < before or wall < 0 or wall < steady * (1 - SLACK) - SLACK_MS:
        raise InputError(
            "the phone's clock ran backwards",
            came=f"{where}: from {line.started_ms} to {line.ended_ms} ms, after {before} ms, "
            f"with {steady:.0f} ms of work",
            hint="run the project again",
        )


def _check_figures(line: PhoneLine, where: str) -> None:
    if line.outcome is not RunOutcome.MEASURED:
        return
    ours = percentiles(line.samples_ms)
    theirs = (line.p50_ms, line.p90_ms, line.p99_ms)
    for our, their in zip(ours, theirs, strict=True):
        if their is None or not math.isclose(our, their, rel_tol=ROUNDING):
            raise InputError(
                "the figures do not follow from the samples", came=f"{where}: {theirs}", allowed=f"{ours}"
            )


def _put(found: list[list[PhoneLine]], line: PhoneLine, where: str) -> None:
    own = next((lines for lines in reversed(found) if lines[0].flavour == line.flavour), None)
    if line.round == 1 or own is None:
        found.append([line])
        return
    if line.round <= own[-1].round:
        raise InputError(
            "a round is out of turn",
            came=f"{where}: round {line.round} of {line.flavour.name} after {own[-1].round}",
            allowed="rounds that count up from 1",
        )
    if (own[0].device, own[0].runner) != (line.device, line.runner):
        raise InputError(
            "rounds of one run come from two phones or runtimes",
            came=f"{where}: {line.device.model}, {line.runner.runtime}",
            allowed=f"{own[0].device.model}, {own[0].runner.runtime}",
        )
    own.append(line)


def _record(lines: Sequence[PhoneLine], bundle: Bundle, target: str) -> Record:
    first = lines[0]
    flavour = bundle.manifest.flavour(first.flavour.name)
    if flavour is None:
        raise InputError("the bundle has no such flavour", came=first.flavour.name)
    fault = _gone(lines) or next((fault for line in lines if (fault := _fault(line, flavour))), "")
    taken = datetime.fromtimestamp(first.started_ms / 1000, UTC)
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "taken": taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "bundle": first.bundle.model_dump(),
        "flavour": first.flavour.model_dump(mode="json"),
        "target": target,
        "evidence": Evidence.DEVICE.value,
        "outcome": (RunOutcome.FAILED if fault else RunOutcome.MEASURED).value,
        "reason": fault,
        "runner": Runner(**first.runner.model_dump(), processor=first.device.processor).model_dump(),
        "mode": "full",
        "examples": len(bundle.manifest.golden.ids),
        "golden_gap": _gap(lines),
        "outputs": {
            name: digest
            for name, digest in first.outputs.items()
            if all(line.outputs.get(name) == digest for line in lines)
        },
    }
    if not fault:
        values["rounds"] = [_round(line).model_dump() for line in lines]
        values["flags"] = [flag.value for flag in _flags(lines)]
    return validated(Record, values, f"{first.flavour.name} on {target}", InputError)


def _gone(lines: Sequence[PhoneLine]) -> str:
    """Which process died before it wrote its line, as far as a later one shows it; empty when none did."""
    there = {line.round for line in lines}
    gone = [number for number in range(1, lines[-1].round) if number not in there]
    return f"round {gone[0]} left no line: its process crashed or was killed" if gone else ""


def _fault(line: PhoneLine, flavour: FlavourEntry) -> str:
    """Why a round failed, by what the manifest admits; empty when it did not."""
    if line.outcome is RunOutcome.FAILED:
        return f"round {line.round}: {line.reason}"
    rows = {row.output: row.difference for row in line.golden}
    for output, admitted in flavour.golden.tolerance.items():
        if output not in rows:
            return f"round {line.round}: the phone did not check output {output}"
        found = rows[output]
        if found is None or found > admitted:
            return f"round {line.round}: output {output} is off by {found}, admitted {admitted}"
    return ""


def _gap(lines: Sequence[PhoneLine]) -> float | None:
    """Largest difference of any round; None where one is not finite, or nothing was run."""
    found = [row.difference for line in lines for row in line.golden]
    return None if not found or None in found else max(item for item in found if item is not None)


def _round(line: PhoneLine) -> Round:
    middle, ninety, most = percentiles(line.samples_ms)
    return Round(
        latency_ms=middle,
        p90_ms=ninety,
        p99_ms=most,
        samples=len(line.samples_ms),
        load_ms=line.load_ms or 0.0,
        first_run_ms=line.first_run_ms or 0.0,
        peak_memory_bytes=line.peak_memory_bytes,
    )


def _flags(lines: Sequence[PhoneLine]) -> list[Flag]:
    flags = list(validity(FULL, [line.samples_ms for line in lines]))
    if any(len(line.warm_ups_ms) < FULL.warm_ups for line in lines) and Flag.TOO_FEW_SAMPLES not in flags:
        flags.insert(0, Flag.TOO_FEW_SAMPLES)
    words = {word for line in lines for word in (line.thermal_before, line.thermal_after) if word}
    if words - set(UNTHROTTLED):
        flags.append(Flag.THROTTLED)
    return flags
