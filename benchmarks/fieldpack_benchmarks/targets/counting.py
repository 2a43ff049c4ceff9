"""The figure that repeats: instructions of one inference, on an emulated processor, one thread.

It depends on the model, the version of LiteRT, the emulated processor, the emulator, the C library and, by
some ten instructions, the compiled runner; so it is compared with a figure of the same only, and never read
as time. The first inference behind the warm-ups can take a few instructions more, so the least of several is
the figure; all are kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.errors import InputError, TargetError
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.targets.callgrind import CallgrindTransport, shown_processor
from fieldpack_benchmarks.targets.model_run import ModelRun, run_model
from fieldpack_benchmarks.targets.protocol import RunRequest
from fieldpack_benchmarks.targets.qemu import COUNTS, QemuTransport
from fieldpack_benchmarks.targets.runner.build import built_plugin

if TYPE_CHECKING:
    from numpy.typing import NDArray

WARM_UPS, FEWEST = 2, 3
ENOUGH_S = 3600.0
"""Emulated runs end by their number, not by time."""


@dataclass(frozen=True, slots=True)
class InstructionCount:
    """Instructions of one inference.

    Attributes
    ----------
    instructions : int
        The least of ``values``.
    values : tuple of int
        Each counted inference.
    cpu : str
        The processor whose instructions they are.
    counter : str
        What counted, with its version.
    runtime : str
        LiteRT with its version.
    library_sha256, runner_sha256 : str
        Of its library, and of the program that called it.
    glibc : tuple of int
        Version of the C library.
    delegated, operators : int
        Rows of the profile that XNNPACK ran, and all.
    outputs : tuple of bytes
        The answer of the counted model.
    evidence : Evidence
        Always ``emulated``.
    """

    instructions: int
    values: tuple[int, ...]
    cpu: str
    counter: str
    runtime: str
    library_sha256: str
    runner_sha256: str
    glibc: tuple[int, ...]
    delegated: int
    operators: int
    outputs: tuple[bytes, ...]
    evidence: Evidence = Evidence.EMULATED

    @property
    def repeats(self) -> bool:
        """Every counted inference took the same number."""
        return len(set(self.values)) == 1


def count_instructions(
    model: Path, inputs: Sequence[NDArray[Any]], cpu: str, samples: int = FEWEST
) -> InstructionCount:
    """Count on an emulated 64-bit ARM processor.

    Parameters
    ----------
    model : Path
        A ``.tflite`` file, as for ``run_model``.
    inputs : sequence of ndarray
        One example, as for ``run_model``.
    cpu : str
        One of ``sysroot.CPUS``.
    samples : int
        Counted inferences, at least 3.

    Raises
    ------
    TargetError
        XNNPACK ran nothing, so that the figure is that of other kernels than a phone's; or the run failed.
    InputError, MissingDependencyError
        Too few samples or an unknown processor; a tool is missing.
    """
    with QemuTransport(cpu, built_plugin()) as transport:
        run = run_model(transport, model, inputs, _request(samples))
        with tempfile.TemporaryDirectory(prefix="fieldpack-counts-") as folder:
            transport.pull(COUNTS, Path(folder) / COUNTS)
            lines = (Path(folder) / COUNTS).read_text(encoding="ascii").splitlines()
        return _counted(run, [int(line) for line in lines], samples, cpu, f"qemu-user {transport.version}")


def count_with_callgrind(
    model: Path, inputs: Sequence[NDArray[Any]], samples: int = FEWEST
) -> InstructionCount:
    """Count this machine's instructions with valgrind, where qemu is missing.

    Parameters
    ----------
    model, inputs, samples
        As for :func:`count_instructions`.

    Raises
    ------
    TargetError, InputError, MissingDependencyError
        As for :func:`count_instructions`.
    """
    with CallgrindTransport() as transport:
        run = run_model(transport, model, inputs, _request(samples))
        first = 1 + 1 + WARM_UPS  # parts count from 1; the self-test and the warm-ups come before
        values = [transport.part(number) for number in range(first, first + samples)]
        return _counted(run, values, samples, shown_processor(), transport.version)


def _request(samples: int) -> RunRequest:
    if samples < FEWEST:
        raise InputError("A count takes more inferences", came=samples, allowed=f"{FEWEST} or more")
    return RunRequest(warm_ups=WARM_UPS, samples=samples, max_seconds=ENOUGH_S, profile=True, counting=True)


def _counted(run: ModelRun, values: list[int], samples: int, cpu: str, counter: str) -> InstructionCount:
    rows = run.report.profile or ()
    if len(values) != samples or min(values) < 1:
        raise TargetError("The counts are not those of the samples", came=values, allowed=f"{samples} counts")
    delegated = sum(row.delegated for row in rows)
    if not delegated:
        raise TargetError(
            f"XNNPACK ran no operator on {run.target}",
            came=", ".join(row.name for row in rows),
            allowed="at least one row of the profile by the delegate",
            hint="the model may hold nothing that XNNPACK takes",
        )
    return InstructionCount(
        min(values),
        tuple(values),
        cpu,
        counter,
        run.runtime,
        run.library_sha256,
        run.runner_sha256,
        run.facts.glibc or (),
        delegated,
        len(rows),
        run.outputs,
    )
