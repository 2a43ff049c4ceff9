"""One damaged model, opened and run as an app would, under a clock and a limit of memory.

Allowed are an error of Fieldpack, or a result. A loop that a mutation made endless is stopped and
counted apart: it is a legal program. Everything else is a finding.
"""

from __future__ import annotations

import contextlib
import math
import resource
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.package import Package, open_package
from fieldpack.errors import FieldpackError

LARGEST_INPUT = 1_000_000
"""Elements from which on a declared input is not made: the memory would be ours, not the reader's."""
RUNS = 2
"""Every model is run twice with one engine: a loop or a state may differ."""


class Outcome(StrEnum):
    """What became of a case; the last four are findings."""

    REFUSED = "refused"
    RAN = "ran"
    ENDLESS = "endless"
    SLOW = "slow"
    MEMORY = "memory"
    CRASH = "crash"
    DIED = "died"

    @property
    def is_finding(self) -> bool:
        """Whether the reader did wrong."""
        return self in (Outcome.SLOW, Outcome.MEMORY, Outcome.CRASH, Outcome.DIED)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one case may take: seconds of wall time, and bytes of memory beyond what the process holds."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a case, its time, the growth of its resident memory, and the error in one line."""

    outcome: Outcome
    seconds: float
    memory_bytes: int
    text: str


class Late(BaseException):
    """The clock ran out; no ``Exception``, so that nothing on the way takes it for an error of its own."""


def judge(path: Path, limits: Limits, engine: EngineKind) -> Verdict:
    """Open and run the model at `path`."""
    before = _resident()
    start = time.perf_counter()
    outcome, text = _attempt(path, limits, engine)
    seconds = time.perf_counter() - start
    grown = max(0, _peak() - before)
    if outcome in (Outcome.REFUSED, Outcome.RAN) and grown > limits.memory_bytes:
        outcome, text = Outcome.MEMORY, f"{grown} bytes; {text}"
    return Verdict(outcome, seconds, grown, text[:300])


def _attempt(path: Path, limits: Limits, engine: EngineKind) -> tuple[Outcome, str]:
    opened: list[Package] = []
    try:
        with _clock(limits.seconds), _memory(limits.memory_bytes):
            _use(path, engine, opened)
    except Late:
        endless = bool(opened) and _loops(opened[0])
        return (Outcome.ENDLESS if endless else Outcome.SLOW), f"after {limits.seconds} s"
    except FieldpackError as error:
        if _was_memory(error):
            return Outcome.MEMORY, _line(error)
        return Outcome.REFUSED, _line(error)
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        return (Outcome.MEMORY if _was_memory(error) else Outcome.CRASH), _line(error)
    return Outcome.RAN, ""


def _use(path: Path, kind: EngineKind, opened: list[Package]) -> None:
    package = open_package(path)
    with contextlib.suppress(FieldpackError):  # an unknown version; the model may run all the same
        _ = package.minimum_ios
    _ = (package.labels, package.weight_storage, package.operations())
    engine: Any = open_engine(package, threads=1, kind=kind)
    opened.append(package)
    inputs = {feature.name: _array(feature) for feature in package.inputs}
    if any(array is None for array in inputs.values()):
        return
    for _ in range(RUNS):
        if package.states:
            engine.run(inputs, engine.make_state())
        else:
            engine.run(inputs)


def _array(feature: Feature) -> Any:
    """Zeros as the feature wants them; None where they would be large."""
    if math.prod(max(size, 0) for size in feature.shape) > LARGEST_INPUT or min(feature.shape, default=1) < 0:
        return None
    return np.zeros(feature.shape, "uint8" if feature.kind == "image" else feature.dtype or "float32")


def _loops(package: Package) -> bool:
    """Whether the program holds a loop, at any depth."""
    return any(row.type == "while_loop" for row in package.operations())


def _was_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _line(error: BaseException) -> str:
    came = f": {error.came}" if isinstance(error, FieldpackError) and error.came else ""
    first = str(error.what if isinstance(error, FieldpackError) else error).splitlines()
    return f"{type(error).__name__}: {first[0] if first else ''}{came}"


@contextlib.contextmanager
def _clock(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _memory(more: int) -> Iterator[None]:
    """Let the address space grow by so many bytes and no further."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _resident() -> int:
    """Resident bytes now; the peak of the process starts anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status()["VmRSS"]


def _peak() -> int:
    return _status()["VmHWM"]


def _status() -> Mapping[str, int]:
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.startswith(("VmRSS:", "VmHWM:")))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}
