"""One damaged model, opened and run as an app would, under a clock and a limit of memory.

Allowed are an error of Fieldpack, or a result. Opening a model must be cheap whatever its file
says. A run may be heavy: a loop without end, or results up to the bound that the runtime sets for
each; such a legal program is stopped and counted apart. Everything else is a finding.
"""

from __future__ import annotations

import contextlib
import math
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.ops._size import MOST_ELEMENTS
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
    HEAVY = "heavy"
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
    """What one case may take.

    Attributes
    ----------
    seconds : float
        Wall time of opening and running.
    memory_bytes : int
        Memory of opening, beyond what the process holds; a run that takes more is heavy.
    run_bytes : int
        Memory that a run may not exceed: a few results at the runtime's own bound.
    """

    seconds: float
    memory_bytes: int
    run_bytes: int = 16 * MOST_ELEMENTS


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
    opened: list[Any] = []
    outcome, text = _attempt(lambda: _open(path, engine, opened), limits.seconds, limits.memory_bytes)
    grown = max(0, _peak() - before)
    if not outcome.is_finding and grown > limits.memory_bytes:
        outcome, text = Outcome.MEMORY, f"{grown} bytes to open; {text}"
    if outcome is Outcome.RAN:
        outcome, text = _attempt(lambda: _run(opened[0]), limits.seconds, limits.run_bytes)
        grown = max(0, _peak() - before)
        late = outcome is Outcome.SLOW
        large = grown > limits.memory_bytes and (late or not outcome.is_finding)
        if large or (late and _loops(opened[0].package)):
            outcome = Outcome.HEAVY
    return Verdict(outcome, time.perf_counter() - start, grown, text[:300])


def _attempt(action: Callable[[], None], seconds: float, memory_bytes: int) -> tuple[Outcome, str]:
    try:
        with _clock(seconds), _memory(memory_bytes):
            action()
    except Late:
        return Outcome.SLOW, f"after {seconds} s"
    except FieldpackError as error:
        return (Outcome.MEMORY if _was_memory(error) else Outcome.REFUSED), _line(error)
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        return (Outcome.MEMORY if _was_memory(error) else Outcome.CRASH), _line(error)
    return Outcome.RAN, ""


def _open(path: Path, kind: EngineKind, opened: list[Any]) -> None:
    package = open_package(path)
    with contextlib.suppress(FieldpackError):  # an unknown version; the model may run all the same
        _ = package.minimum_ios
    _ = (package.labels, package.weight_storage, package.operations())
    opened.append(open_engine(package, threads=1, kind=kind))


def _run(engine: Any) -> None:
    package: Package = engine.package
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
    if math.prod(max(size, 1) for size in feature.shape) > LARGEST_INPUT or min(feature.shape, default=1) < 0:
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
