"""Compiling the runner and the counting plugin where they are needed, kept by all that decides the result."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fieldpack.errors import MissingDependencyError, StorageError, TargetError
from fieldpack_benchmarks.targets.transport import install

HERE = Path(__file__).parent
RUNNER, PLUGIN = HERE / "runner.c", HERE / "icount.c"
FLAGS = ("-std=gnu11", "-O2")
COMPILERS = {"x86_64": "x86_64-linux-gnu-gcc", "aarch64": "aarch64-linux-gnu-gcc"}
NATIVE = ("cc", "gcc", "clang")


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/fieldpack``, or the same under ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fieldpack"


def compiler_for(architecture: str) -> str | None:
    """A C compiler that makes Linux programs of an architecture; None where none is installed.

    Parameters
    ----------
    architecture : str
        As ``uname -m`` says it.
    """
    own = NATIVE if architecture == platform.machine() and platform.system() == "Linux" else ()
    names = [*own, *([COMPILERS[architecture]] if architecture in COMPILERS else [])]
    return next((name for name in names if shutil.which(name)), None)


def built_runner(architecture: str, library: Path) -> Path:
    """The runner for an architecture, compiled if it was not yet.

    Parameters
    ----------
    architecture : str
        ``x86_64`` or ``aarch64``.
    library : Path
        LiteRT's library that it will open; part of the key, so that a new one is tested anew.

    Raises
    ------
    MissingDependencyError
        No compiler is installed.
    TargetError
        It does not compile.
    """
    if architecture not in COMPILERS:
        raise TargetError(
            "No runner can be built for this processor", came=architecture, allowed=", ".join(COMPILERS)
        )
    compiler = compiler_for(architecture)
    if compiler is None:
        raise MissingDependencyError(
            f"A C compiler for {architecture} is needed",
            came=f"no {COMPILERS[architecture]}",
            hint=install(COMPILERS[architecture]),
        )
    return compiled(compiler, RUNNER, f"runner-{architecture}", ("-ldl",), library.read_bytes())


def built_plugin() -> Path:
    """The plugin that counts, for the qemu of this machine.

    Raises
    ------
    MissingDependencyError
        No compiler is installed.
    TargetError
        It does not compile.
    """
    compiler = compiler_for(platform.machine())
    if compiler is None:
        raise MissingDependencyError("A C compiler is needed to count", came="none", hint=install("gcc"))
    return compiled(compiler, PLUGIN, "icount.so", ("-fPIC", "-shared"))


def compiled(compiler: str, source: Path, name: str, flags: Sequence[str], more: bytes = b"") -> Path:
    """What a compiler makes of a source, from the cache if it is there.

    Parameters
    ----------
    compiler : str
        The program.
    source : Path
        A C file.
    name : str
        Of the result.
    flags : sequence of str
        Beside ``FLAGS``.
    more : bytes
        What else is part of the key.

    Raises
    ------
    TargetError
        It does not compile.
    StorageError
        The cache cannot be written.
    """
    version = subprocess.run([compiler, "--version"], capture_output=True, check=False).stdout
    key = hashlib.sha256()
    for part in (source.read_bytes(), compiler.encode(), version, repr((FLAGS, tuple(flags))).encode(), more):
        key.update(hashlib.sha256(part).digest())
    target = cache_folder() / "runners" / key.hexdigest()[:32] / name
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / name
            command = [compiler, *FLAGS, str(source), "-o", str(made), *flags]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise TargetError(f"{source.name} does not compile", came=done.stderr.strip()[:1000])
            made.replace(target)
    except OSError as error:
        raise StorageError(
            "a runner cannot be kept", came=f"{target.parent}: {error.strerror}", hint="set XDG_CACHE_HOME"
        ) from error
    return target
