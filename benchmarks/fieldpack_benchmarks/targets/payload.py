"""What is put on a target to run models, and whether it can run there, asked before anything is pushed."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from fieldpack.errors import MissingDependencyError, TargetError, UnsupportedError
from fieldpack_benchmarks.targets.elf import elf_facts
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.runner.build import built_runner, compiler_for
from fieldpack_benchmarks.targets.sysroot import CROSS, LIBRARIES, arm64_library

RUNNER, LIBRARY, SELF_TEST = "runner", "libLiteRt.so", "self_test.tflite"
PYTHON_RUNNER = "fieldpack_benchmarks.targets.runner.in_python"
SPARE_BYTES = 4 * 2**20
ON_THIS_DISK = ("host", "callgrind")


@dataclass(frozen=True, slots=True)
class Payload:
    """A runner with its library.

    Attributes
    ----------
    runner : Path or None
        The program; None for Python's, which runs on this machine alone.
    library : Path
        LiteRT's library.
    libc : tuple of Path
        C and C++ library and loader that are pushed too, for targets that have none that fit.
    """

    runner: Path | None
    library: Path
    libc: tuple[Path, ...] = ()

    def command(self) -> list[str]:
        """How the runner is started in its folder, before its other arguments."""
        start = [sys.executable, "-m", PYTHON_RUNNER] if self.runner is None else [f"./{RUNNER}"]
        if self.libc:
            start = [f"./{self.libc[0].name}", "--library-path", ".", *start]
        return [*start, "--library", f"./{LIBRARY}", "--self-test", SELF_TEST]


def payload_for(architecture: str, *, here: bool = False) -> Payload:
    """Runner and library for a processor.

    Parameters
    ----------
    architecture : str
        As ``uname -m`` says it.
    here : bool
        It is for this machine, where Python can stand in for a compiler.

    Raises
    ------
    TargetError
        There is no LiteRT for this processor.
    MissingDependencyError
        A compiler or the library is missing.
    """
    library = library_for(architecture)
    if here and compiler_for(architecture) is None:
        return Payload(None, library)
    return Payload(built_runner(architecture, library), library)


def library_for(architecture: str) -> Path:
    """LiteRT's library for Linux on a processor: of the installed wheel, or of the one for ARM.

    Raises
    ------
    TargetError
        There is none for this processor.
    MissingDependencyError
        It is not installed, or was not downloaded.
    """
    if architecture == platform.machine() and platform.system() == "Linux":
        found = find_spec("ai_edge_litert")
        for folder in (found and found.submodule_search_locations) or ():
            if (Path(folder) / LIBRARY).is_file():
                return Path(folder) / LIBRARY
        raise MissingDependencyError("LiteRT's library is needed", hint="pip install ai-edge-litert")
    if architecture == "aarch64":
        return arm64_library()
    raise TargetError(
        "There is no LiteRT for the processor of this target",
        came=architecture,
        allowed=f"aarch64, {platform.machine()}",
    )


def fitting_payload(facts: TargetFacts, place: str, size: int, *, here: bool = False) -> Payload:
    """A payload that can run on a target.

    A target for 64-bit ARM whose C library is too old, or not glibc (Android), gets ours beside the runner.

    Parameters
    ----------
    facts : TargetFacts
        Of the target.
    place : str
        Its name.
    size : int
        Bytes of model and inputs.
    here : bool
        It is this machine.

    Raises
    ------
    TargetError
        Another processor, a C or C++ library that is too old, or no space.
    UnsupportedError
        The target runs another system than Linux or Android.
    MissingDependencyError
        A compiler or the library is missing.
    """
    if not facts.system.startswith("Linux"):
        raise UnsupportedError(
            f"{place} does not run Linux, for which the runner is",
            came=facts.system,
            allowed="Linux, Android",
        )
    payload = payload_for(facts.architecture, here=here)
    carried = tuple(CROSS / name for name in LIBRARIES)
    if facts.architecture == "aarch64" and _lacking(payload, facts, place) and carried[0].exists():
        payload = replace(payload, libc=carried)
    check_fits(payload, facts, place, size)
    return payload


def check_fits(payload: Payload, facts: TargetFacts, place: str, size: int) -> None:
    """Refuse what could only fail on the target.

    Parameters
    ----------
    payload : Payload
        What would be pushed.
    facts : TargetFacts
        Of the target.
    place : str
        Its name.
    size : int
        Bytes of model and inputs.

    Raises
    ------
    TargetError
        Another processor, a C or C++ library that is too old, or no space.
    """
    files = [path for path in (payload.runner, payload.library, *payload.libc) if path is not None]
    for path in files:
        architecture = elf_facts(path).architecture
        if architecture != facts.architecture:
            raise TargetError(
                f"{path.name} is for another processor than that of {place}",
                came=architecture,
                allowed=facts.architecture,
            )
    lacking = None if payload.libc else _lacking(payload, facts, place)
    if lacking is not None:
        raise lacking
    wanted = size + sum(path.stat().st_size for path in files) + SPARE_BYTES
    if facts.free_bytes is not None and facts.free_bytes < wanted:
        raise TargetError(
            f"{place} has no space",
            came=f"{facts.free_bytes / 2**20:.1f} MiB",
            allowed=f"{wanted / 2**20:.1f} MiB or more",
            hint="free some, or set TMPDIR to a disk with space" if place in ON_THIS_DISK else "free some",
        )


def _lacking(payload: Payload, facts: TargetFacts, place: str) -> TargetError | None:
    """Why the target's own C and C++ library do not do; None where they do."""
    own = None if facts.libstdcxx is None else (3, 4, facts.libstdcxx[-1])
    for path in (payload.library, *([] if payload.runner is None else [payload.runner])):
        needs = elf_facts(path)
        for library, wanted, there in (("C", needs.glibc, facts.glibc), ("C++", needs.glibcxx, own)):
            if wanted is not None and there is not None and there < wanted:
                return TargetError(
                    f"The {library} library of {place} is too old for {path.name}",
                    came=_said(there),
                    allowed=f"{_said(wanted)} or newer",
                    hint="a newer system; wheels may claim less than the library needs",
                )
        if needs.glibc is not None and facts.glibc is None:
            return TargetError(
                f"{place} has not the C library that {path.name} needs",
                came=f"{facts.system}, no glibc" + (f", Android {facts.android}" if facts.android else ""),
                allowed=f"glibc {_said(needs.glibc)} or newer",
            )
    return None


def _said(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
