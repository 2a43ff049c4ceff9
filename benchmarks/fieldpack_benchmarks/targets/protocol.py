"""What a runner is asked, and what its answer must look like before any of it is believed.

A runner prints one line of JSON and behind it ``#fieldpack-run-end <length of the line>``. Return codes prove
nothing: a client of a device that died may end with 0, and one whose command was killed with 255. So an
answer counts only when both lines came whole, say what was asked for, and do not contradict themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from fieldpack.errors import InputError, TargetError
from fieldpack_benchmarks.targets.profile import ProfileRow, parse_profile

SCHEMA = "fieldpack-run/1"
SENTINEL = "#fieldpack-run-end"
STAGE = "#fieldpack-stage "
MOST_RUNS = 1 << 20
TAIL = 400
"""Characters of a runner's log that a message carries."""
TOO_OLD = (
    "LiteRT is too old for the model: `fieldpack explain FILE` says what it needs; "
    "update ai-edge-litert, or convert the model for an older runtime"
)
FIELDS = {
    "schema", "runner", "threads", "init_ns", "started_ns", "ended_ns", "warm_up_ns", "wall_ns", "cpu_ns",
    "peak_kib", "max_rss_kib", "fully_accelerated", "outputs", "repeats",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunRequest:
    """How often a model runs, and what is looked at.

    Attributes
    ----------
    threads : int
        LiteRT threads, 1 to 64.
    warm_ups : int
        Inferences before the samples, at least 1; they are kept.
    samples : int
        Inferences at least.
    min_seconds, max_seconds : float
        Sampling goes on for the first, and ends after the second also when samples are missing.
    profile : bool
        Look at each operator, with a second copy of the model after all figures are taken.
    counting : bool
        Mark each sample for a plugin that counts instructions.
    """

    threads: int = 1
    warm_ups: int = 2
    samples: int = 10
    min_seconds: float = 0.0
    max_seconds: float = 60.0
    profile: bool = False
    counting: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "threads": (self.threads, 1, 64),
            "warm_ups": (self.warm_ups, 1, 10_000),
            "samples": (self.samples, 1, MOST_RUNS),
            "min_seconds": (self.min_seconds, 0, 86_400),
            "max_seconds": (self.max_seconds, 0, 86_400),
        }
        for name, (value, least, most) in bounds.items():
            if not least <= value <= most:
                raise InputError(
                    f"A run cannot have {name} = {value}", came=value, allowed=f"{least} to {most}"
                )
        if self.counting and self.threads != 1:
            raise InputError("Instructions are counted on one thread", came=self.threads, allowed="1")

    def arguments(self, model: str, inputs: Sequence[str]) -> list[str]:
        """The runner's arguments, without its library and its self-test."""
        given = ["--model", model]
        for path in inputs:
            given += ["--input", path]
        given += ["--threads", str(self.threads), "--warmup", str(self.warm_ups)]
        given += ["--samples", str(self.samples), "--min-seconds", f"{self.min_seconds:g}"]
        given += ["--max-seconds", f"{self.max_seconds:g}"]
        return given + ["--profile"] * self.profile + ["--counting"] * self.counting


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """One output after the last inference.

    Attributes
    ----------
    element : int
        LiteRT's number of the element type.
    dims : tuple of int
        Shape.
    fnv64 : str
        FNV-1a of the bytes, 16 hexadecimal digits.
    """

    element: int
    dims: tuple[int, ...]
    fnv64: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """A believed answer.

    Attributes
    ----------
    runner : str
        ``c``, or ``python`` where no compiler is.
    threads : int
        As asked.
    started_ns : int or None
        Clock of the target, which goes on from run to run, before the file is opened.
    init_ns : int or None
        From opening the file to a model that can run, after the library was opened and tested.
    first_run_ns : int or None
        The first inference.
    warm_up_ns, wall_ns, cpu_ns : tuple of int
        Each inference; processor time of all threads for the samples.
    peak_bytes, max_rss_bytes : int or None
        ``VmHWM`` and what ``getrusage`` says, of the process with LiteRT in it; None where unknown.
    fully_accelerated : bool
        Every operator was handed to XNNPACK.
    outputs : tuple of OutputFacts
        In the order of the main graph.
    repeats : bool
        The outputs after the warm-ups and after the samples have the same bytes.
    profile : tuple of ProfileRow or None
        Operators in the order of running; None where not asked for.

    Of emulated runs, times and memory are None or empty.
    """

    runner: str
    threads: int
    started_ns: int | None
    init_ns: int | None
    first_run_ns: int | None
    warm_up_ns: tuple[int, ...]
    wall_ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    peak_bytes: int | None
    max_rss_bytes: int | None
    fully_accelerated: bool
    outputs: tuple[OutputFacts, ...]
    repeats: bool
    profile: tuple[ProfileRow, ...] | None


def parse_run(stdout: str, stderr: str, code: int | None, request: RunRequest, place: str) -> RunReport:
    """The answer of a runner, checked.

    Parameters
    ----------
    stdout, stderr : str
        What it printed.
    code : int or None
        How it ended; used for words only.
    request : RunRequest
        What it was asked.
    place : str
        The target, for messages.

    Returns
    -------
    RunReport

    Raises
    ------
    TargetError
        Nothing whole came, it is of another schema, it contradicts itself or the request, a clock ran
        backwards, or the runner says why it could not run.
    """
    line = _whole_line(stdout, stderr, code, place)
    try:
        answer = json.loads(line, parse_constant=_no_number)
    except ValueError as error:
        raise TargetError(
            f"The runner on {place} answered no JSON", came=f"{error}; it ends with {line[-40:]!r}",
            allowed="one whole object", hint="run it again",
        ) from error  # fmt: skip
    if not isinstance(answer, dict) or answer.get("schema") != SCHEMA:
        came = answer.get("schema") if isinstance(answer, dict) else line[:TAIL]
        raise TargetError(f"The runner on {place} speaks another protocol", came=came, allowed=SCHEMA)
    if "error" in answer:
        _refused(answer["error"], stderr, place)
    try:
        return _report(answer, request)
    except (KeyError, TypeError, ValueError) as error:
        raise TargetError(
            f"The answer of the runner on {place} contradicts itself", came=error, hint="run it again"
        ) from error


def _whole_line(stdout: str, stderr: str, code: int | None, place: str) -> str:
    lines = stdout.replace("\r\n", "\n").split("\n")
    ends = [index for index, line in enumerate(lines) if line.startswith(SENTINEL)]
    if len(ends) != 1:
        raise TargetError(
            f"The runner on {place} ended without its last line"
            if not ends
            else f"The runner on {place} answered more than once",
            came=f"exit code {code}, {_last_stage(stderr)}{_tail(stderr)}",
            allowed="one line of JSON and one that says it is whole; a return code alone proves nothing",
            hint=_next_step(code),
        )
    line = lines[ends[0] - 1] if ends[0] else ""
    if lines[ends[0]] != f"{SENTINEL} {len(line)}":
        raise TargetError(
            f"The answer of the runner on {place} is truncated",
            came=f"{len(line)} characters before {lines[ends[0]]!r}",
            hint="run it again; the connection dropped part of it",
        )
    return line


def _last_stage(stderr: str) -> str:
    stages = re.findall(rf"^{STAGE}(\w+)", stderr, re.MULTILINE)
    return f"in stage {stages[-1]}" if stages else "before it began"


def _tail(stderr: str) -> str:
    lines = [
        line for line in stderr.splitlines() if line and not line.startswith((STAGE, "INFO:", "WARNING:"))
    ]
    text = "; ".join(lines)[-TAIL:]
    return f": {text}" if text else ""


def _next_step(code: int | None) -> str:
    if code == 137:
        return "something killed it: look for the memory that the target has left"
    if code in (126, 127):
        return "the target cannot start the runner: another processor, or no leave to run files there"
    if code in (132, 134, 135, 136, 139):
        return "it crashed: the library may be of another version than the runner knows"
    return "see whether the target is still there, and run it again"


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no figure")


def _refused(error: Any, stderr: str, place: str) -> NoReturn:
    stage = error.get("stage") if isinstance(error, dict) else "unknown"
    message = error.get("message") if isinstance(error, dict) else error
    old = "Didn't find op" in f"{message}{stderr}"
    hints = {
        "load": TOO_OLD if old else "`fieldpack explain FILE` says whether LiteRT loads it here",
        "library": "push the library that belongs to the runner; the target's C library may be too old",
        "self_test": "use the version of LiteRT that is pinned, on a processor that it knows",
        "outputs": "free some space on the target",
    }
    raise TargetError(
        f"The runner on {place} stopped in stage {stage}",
        came=f"{message}{_tail(stderr)}",
        hint=hints.get(str(stage)),
    )


def _report(answer: dict[str, Any], request: RunRequest) -> RunReport:
    wanted = FIELDS | {"profile"} if request.profile else FIELDS
    if set(answer) != wanted:
        raise ValueError(f"fields {sorted(set(answer) ^ wanted)} are missing or unknown")
    started, ended = _whole(answer["started_ns"]), _whole(answer["ended_ns"])
    init, warm_ups = _whole(answer["init_ns"]), _times(answer["warm_up_ns"])
    wall, cpu = _times(answer["wall_ns"]), _times(answer["cpu_ns"])
    if started > ended or init + sum(warm_ups) + sum(wall) > ended - started:
        raise ValueError("a clock ran backwards: the inferences took longer than the run")
    if len(warm_ups) != request.warm_ups or len(wall) != len(cpu) or not wall:
        raise ValueError(f"{len(warm_ups)} warm-ups, {len(wall)} samples, {len(cpu)} processor times")
    if len(wall) < request.samples and (ended - started) / 1e9 < request.max_seconds:
        raise ValueError(f"{len(wall)} samples, and the time for {request.samples} was not over")
    if answer["threads"] != request.threads or answer["runner"] not in ("c", "python"):
        raise ValueError(f"threads {answer['threads']}, runner {answer['runner']!r}")
    return RunReport(
        answer["runner"], request.threads, started, init, warm_ups[0], warm_ups, wall, cpu,
        _memory(answer["peak_kib"]), _memory(answer["max_rss_kib"]), _truth(answer["fully_accelerated"]),
        tuple(_output(item) for item in answer["outputs"]), _truth(answer["repeats"]),
        parse_profile(answer["profile"]) if request.profile else None,
    )  # fmt: skip


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no time: a clock ran backwards, or it is no whole number")
    return value


def _times(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} are no times")
    return tuple(_whole(value) for value in values)


def _memory(kib: Any) -> int | None:
    if type(kib) is not int or kib < -1:
        raise ValueError(f"{kib!r} is no memory")
    return None if kib <= 0 else kib * 1024


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _output(item: Any) -> OutputFacts:
    if set(item) != {"element", "fnv64", "dims"} or not re.fullmatch("[0-9a-f]{16}", item["fnv64"]):
        raise ValueError(f"{item} is no output")
    return OutputFacts(_whole(item["element"]), tuple(_whole(size) for size in item["dims"]), item["fnv64"])


def fnv64(content: bytes) -> str:
    """FNV-1a of some bytes, 64 bits, as the runner writes it (16 hexadecimal digits)."""
    state = 14695981039346656037
    for byte in content:
        state = (state ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"
