"""What a Linux program or library needs, read from its head: the processor, and versions of other libraries.

Read before anything is pushed: a program for another processor, or one that wants a newer C library than the
target has, fails there with words that help nobody. Facts from the specifications of the format: System V
gABI, and the Linux Standard Base for the versions.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import StorageError, TargetError

MAGIC = b"\x7fELF"
MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
NEEDED_VERSIONS = 0x6FFFFFFE
"""Type of the section that lists versions of other libraries' symbols."""
SECTION = struct.Struct("<IIQQQQIIQQ")
NEED, ENTRY = struct.Struct("<HHIII"), struct.Struct("<IHHII")
SIXTY_FOUR, LITTLE = 2, 1


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """What a file needs.

    Attributes
    ----------
    architecture : str
        As ``uname -m`` says it.
    glibc : tuple of int or None
        Newest version of the C library among the symbols it takes, as (2, 34); None without any.
    glibcxx : tuple of int or None
        The same for the C++ library, as (3, 4, 30).
    """

    architecture: str
    glibc: tuple[int, ...] | None
    glibcxx: tuple[int, ...] | None


def elf_facts(path: Path) -> ElfFacts:
    """Read a file's needs.

    Parameters
    ----------
    path : Path
        A program or shared library.

    Raises
    ------
    TargetError
        The file is no 64-bit program for Linux, or is cut off.
    StorageError
        It cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError("a program cannot be read", came=f"{path}: {error.strerror}") from error
    if content[:4] != MAGIC or content[4:6] != bytes((SIXTY_FOUR, LITTLE)):
        raise TargetError(
            f"{path.name} is no program for Linux on 64 bits", came=content[:6], allowed="7f 45 4c 46 02 01"
        )
    try:
        (machine,) = struct.unpack_from("<H", content, 18)
        names = _version_names(content)
    except (struct.error, IndexError, ValueError) as error:
        raise TargetError(f"{path.name} is cut off", came=error, hint="build or download it again") from error
    return ElfFacts(
        MACHINES.get(machine, f"machine {machine}"), _newest(names, "GLIBC_"), _newest(names, "GLIBCXX_")
    )


def _version_names(content: bytes) -> list[str]:
    (offset,) = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    sections = [SECTION.unpack_from(content, offset + size * index) for index in range(count)]
    names = []
    for _, kind, _, _, start, _, link, entries, _, _ in sections:
        if kind == NEEDED_VERSIONS:
            strings = sections[link][4]
            names += [_string(content, strings + at) for at in _needs(content, start, entries)]
    return names


def _needs(content: bytes, at: int, libraries: int) -> list[int]:
    """Offsets of the names in the string table."""
    found = []
    for _ in range(libraries):
        _, count, _, first, following = NEED.unpack_from(content, at)
        entry = at + first
        for _ in range(count):
            _, _, _, name, after = ENTRY.unpack_from(content, entry)
            found.append(name)
            entry += after
        at += following
    return found


def _string(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode("ascii")


def _newest(names: list[str], prefix: str) -> tuple[int, ...] | None:
    found = [re.fullmatch(rf"{prefix}(\d+(?:\.\d+)*)", name) for name in names]
    return max((version_of(match[1]) for match in found if match), default=None)


def version_of(text: str) -> tuple[int, ...]:
    """``2.34`` as (2, 34)."""
    return tuple(int(part) for part in text.split("."))
