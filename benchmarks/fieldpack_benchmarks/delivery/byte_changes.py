"""Random changes of single bytes, over all that is delivered: both forms, signature, bill of materials."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import FieldpackError
from fieldpack.trust.checks import Demand, check_signed
from fieldpack_benchmarks.delivery.attack import ARCHIVE, FOLDER
from fieldpack_benchmarks.delivery.victim import Victim, World, victim

SHARES = {"archive": 4, "folder": 4, "signature": 1, "bill of materials": 1}
"""Of the changes, by where they are made; within a place each byte is as likely as any other."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What came of the changes in one place.

    Attributes
    ----------
    place : str
        Of :data:`SHARES`.
    tried, detected : int
    missed : tuple of (str, int)
        File and offset of every change that went through.
    codes : tuple of str
        Codes of findings that were given.
    """

    place: str
    tried: int
    detected: int
    missed: tuple[tuple[str, int], ...]
    codes: tuple[str, ...]


def byte_changes(
    world: World, folder: Path, count: int, seed: int, progress: Callable[[float], None] = lambda done: None
) -> list[Changes]:
    """Change one byte at a time to another value, check, and change it back.

    Parameters
    ----------
    world : World
        Of the signed bundle.
    folder : Path
        Where copies may lie; new.
    count : int
        How many changes in all, at least 10.
    seed : int
        Of the choice.
    progress : callable
        Called with the fraction that is done.
    """
    whole = sum(SHARES.values())
    source = random.Random(seed)
    copies = {form: victim(world, form, folder / form) for form in (FOLDER, ARCHIVE)}
    found: list[Changes] = []
    for place, share in SHARES.items():
        at = copies[ARCHIVE if place == "archive" else FOLDER]
        found.append(_changes(place, _files(place, at), at, count * share // whole, source))
        progress(sum(item.tried for item in found) / count)
    return found


def _files(place: str, at: Victim) -> list[Path]:
    if place == "folder":
        return sorted(path for path in at.bundle.rglob("*") if path.is_file())
    return [{"archive": at.bundle, "signature": at.signature, "bill of materials": at.bill}[place]]


def _changes(place: str, files: list[Path], at: Victim, count: int, source: random.Random) -> Changes:
    demand = at.world.demand()
    sizes = [path.stat().st_size for path in files]
    missed: list[tuple[str, int]] = []
    codes: set[str] = set()
    for path in source.choices(files, sizes, k=count):
        offset = source.randrange(path.stat().st_size)
        seen = _changed(path, offset, source.randrange(1, 256), at.bundle, demand)
        codes |= seen
        if not seen:
            missed.append((path.name, offset))
    return Changes(place, count, count - len(missed), tuple(missed), tuple(sorted(codes)))


def _changed(path: Path, offset: int, mask: int, bundle: Path, demand: Demand) -> set[str]:
    """The codes that are found while one byte is another."""
    with path.open("r+b", buffering=0) as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ mask]))
        try:
            return {finding.code.value for finding in check_signed(bundle, demand)}
        except FieldpackError as error:
            return {type(error).__name__}
        finally:
            file.seek(offset)
            file.write(byte)
