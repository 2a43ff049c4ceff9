"""One model on one target: checked, pushed, run, fetched back, and labelled with where figures come from."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.errors import InputError, TargetError
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.targets import Target, TargetKind
from fieldpack_benchmarks.targets.adb import AdbTransport
from fieldpack_benchmarks.targets.callgrind import CallgrindTransport
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.payload import LIBRARY, RUNNER, SELF_TEST, Payload, fitting_payload
from fieldpack_benchmarks.targets.protocol import RunReport, RunRequest, fnv64, parse_run
from fieldpack_benchmarks.targets.qemu import QemuTransport
from fieldpack_benchmarks.targets.small_models import self_test_model
from fieldpack_benchmarks.targets.ssh import SshTransport
from fieldpack_benchmarks.targets.transport import Transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL = "model.tflite"
START_S, EMULATED_SLOWDOWN = 60.0, 20.0
LOOPBACK = ("127.", "localhost", "[::1]", "::1")
NEEDS_APPLE = "Core ML runs on Apple's machines only"


@dataclass(frozen=True, slots=True)
class ModelRun:
    """What came of one model on one target.

    Attributes
    ----------
    target : str
        Its name.
    evidence : Evidence
        Class of the figures.
    facts : TargetFacts
        Before the run.
    facts_after : TargetFacts
        Behind it, for heat and clock.
    report : RunReport
        The runner's answer; without times and memory where the target is emulated.
    outputs : tuple of bytes
        Fetched from the target, equal to what the runner says of them.
    runtime : str
        LiteRT with its version.
    library_sha256, runner_sha256 : str
        Of the library that ran, and of the program; the latter is empty for Python's.
    carries_libc : bool
        The C library was pushed too, since the target has none that fits.
    """

    target: str
    evidence: Evidence
    facts: TargetFacts
    facts_after: TargetFacts
    report: RunReport
    outputs: tuple[bytes, ...]
    runtime: str
    library_sha256: str
    runner_sha256: str
    carries_libc: bool


def open_target(target: Target) -> Transport:
    """The transport of a target, with the clients' own settings.

    Raises
    ------
    TargetError
        It needs one of Apple's machines.
    InputError, MissingDependencyError
        An unknown emulated processor, or no emulator.
    """
    if target.kind is TargetKind.HOST:
        return HostTransport()
    if target.kind is TargetKind.ADB:
        return AdbTransport(target.place)
    if target.kind is TargetKind.SSH:
        return SshTransport(target.place)
    if target.kind is TargetKind.QEMU_ARM64:
        return QemuTransport(target.place)
    if target.kind is TargetKind.CALLGRIND:
        return CallgrindTransport()
    if target.kind is TargetKind.WEB:
        raise TargetError(
            "pages are not compared in pairs", hint="bench each bundle --on web, then bench compare"
        )
    raise TargetError(
        f"{target} was not run", came=f"{platform.system()} {platform.machine()}", allowed=NEEDS_APPLE,
        hint="run the generated Xcode project on a Mac and bring its result",
    )  # fmt: skip


def run_model(
    transport: Transport, model: Path, inputs: Sequence[NDArray[Any]], request: RunRequest
) -> ModelRun:
    """Run a model on an opened target.

    Parameters
    ----------
    transport : Transport
        Inside its context.
    model : Path
        A ``.tflite`` file; an axis of any size has size 1, other sizes must be fixed.
    inputs : sequence of ndarray
        One example, in the order and types of the main graph's inputs, as ``TfliteRunner.inputs`` has them.
    request : RunRequest
        How often.

    Returns
    -------
    ModelRun

    Raises
    ------
    TargetError
        The target is lost, has no space, is too old or of another processor, or gave no whole answer.
    MissingDependencyError
        A compiler or the library for the target is missing.
    InputError
        The model cannot be read.
    """
    (run,) = runs_of(transport, model, inputs, [request])
    return run


def runs_of(
    transport: Transport, model: Path, inputs: Sequence[NDArray[Any]], requests: Sequence[RunRequest]
) -> Iterator[ModelRun]:
    """Run a model once a request, a process each, one right after the other: everything is pushed once.

    Parameters and errors are those of :func:`run_model`. What the target says behind one process is what it
    says before the next.
    """
    if not model.is_file():
        raise InputError("The model is no file", came=model)
    facts = transport.facts()
    size = model.stat().st_size + sum(array.nbytes for array in inputs)
    here = type(transport) is HostTransport and facts.architecture == platform.machine()
    payload = fitting_payload(facts, transport.place, size, here=here)
    names = _pushed(transport, payload, model, inputs)
    for request in requests:
        run = _run_once(transport, payload, names, request, facts)
        facts = run.facts_after
        yield run


def _run_once(
    transport: Transport, payload: Payload, names: Sequence[str], request: RunRequest, facts: TargetFacts
) -> ModelRun:
    """One process with what was pushed."""
    command = [*payload.command(), *request.arguments(MODEL, names), "--output-dir", "."]
    evidence = evidence_of(transport.place, facts)
    slower = EMULATED_SLOWDOWN if evidence is Evidence.EMULATED else 1.0
    done = transport.run(command, START_S + slower * request.max_seconds)
    report = parse_run(done.stdout, done.stderr, done.code, request, transport.place)
    return ModelRun(
        transport.place,
        evidence,
        facts,
        transport.facts(),
        without_costs(report) if evidence is Evidence.EMULATED else report,
        _fetched(transport, report),
        f"ai-edge-litert {version('ai-edge-litert')}",
        _sha256(payload.library),
        "" if payload.runner is None else _sha256(payload.runner),
        bool(payload.libc),
    )


def evidence_of(place: str, facts: TargetFacts) -> Evidence:
    """Class of figures from a target.

    An address of this machine is this machine, whatever the road; with another processor than this machine's
    it is emulated, and so is what Android calls an emulator.

    Parameters
    ----------
    place : str
        Its name.
    facts : TargetFacts
        What it says of itself.
    """
    kind, _, address = place.partition(":")
    local = kind in ("host", "callgrind") or address.rpartition("@")[2].startswith((*LOOPBACK, "emulator-"))
    if (
        kind in ("qemu-arm64", "callgrind")
        or facts.emulator
        or (local and facts.architecture != platform.machine())
    ):
        return Evidence.EMULATED
    return Evidence.HOST if local else Evidence.DEVICE


def without_costs(report: RunReport) -> RunReport:
    """A report without times and memory, which say nothing where they were emulated."""
    rows = None if report.profile is None else tuple(replace(row, average_ms=None) for row in report.profile)
    return replace(
        report, started_ns=None, init_ns=None, first_run_ns=None, warm_up_ns=(), wall_ns=(), cpu_ns=(),
        peak_bytes=None, max_rss_bytes=None, profile=rows,
    )  # fmt: skip


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pushed(transport: Transport, payload: Payload, model: Path, inputs: Sequence[NDArray[Any]]) -> list[str]:
    """Put everything there; the names of the inputs."""
    import numpy as np

    names = [f"input-{index}.bin" for index in range(len(inputs))]
    with tempfile.TemporaryDirectory(prefix="fieldpack-inputs-") as folder:
        test = Path(folder) / SELF_TEST
        test.write_bytes(self_test_model())
        transport.push(test, SELF_TEST)
        for name, array in zip(names, inputs, strict=True):
            (Path(folder) / name).write_bytes(np.ascontiguousarray(array).tobytes())
            transport.push(Path(folder) / name, name)
    transport.push(model, MODEL)
    transport.push(payload.library, LIBRARY)
    for path in payload.libc:
        transport.push(path, path.name, executable=True)
    if payload.runner is not None:
        transport.push(payload.runner, RUNNER, executable=True)
    return names


def _fetched(transport: Transport, report: RunReport) -> tuple[bytes, ...]:
    fetched = []
    with tempfile.TemporaryDirectory(prefix="fieldpack-outputs-") as folder:
        for index, facts in enumerate(report.outputs):
            target = Path(folder) / f"output-{index}.bin"
            transport.pull(target.name, target)
            content = target.read_bytes()
            if fnv64(content) != facts.fnv64:
                raise TargetError(
                    f"Output {index} did not come whole from {transport.place}",
                    came=f"{fnv64(content)}, {len(content)} bytes",
                    allowed=facts.fnv64,
                )
            fetched.append(content)
    return tuple(fetched)
