"""One planted fault, and the list of them."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from fieldpack.errors import InputError

FAULTS = Path(__file__).parent / "faults"
"""One file a family of operators."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong text in place of a right one.

    Attributes
    ----------
    name : str
        Unique.
    family : str
        Kind of operator: the name of the file that lists it.
    operator : str
        MIL operator whose result becomes wrong.
    file : str
        Below ``fieldpack/coreml``.
    old, new : str
        Text that stands exactly once in the file, and what replaces it.
    breaks : str
        What is wrong then, for a reader.
    peer : str
        Words in the names of coremltools' tests of the operator.
    """

    name: str
    family: str
    operator: str
    file: str
    old: str
    new: str
    breaks: str
    peer: str = ""

    def plant(self, source: str) -> str:
        """The file's text with the fault.

        Raises
        ------
        InputError
            The right text does not stand there exactly once, or the result is no Python.
        """
        count = source.count(self.old)
        if count != 1 or self.old == self.new:
            raise InputError(
                f"fault {self.name} cannot be planted into {self.file}",
                came=f"{self.old!r} stands there {count} times",
                allowed="once",
                hint="adapt the list of faults to the file",
            )
        planted = source.replace(self.old, self.new)
        try:
            ast.parse(planted)
        except SyntaxError as error:
            raise InputError(f"fault {self.name} gives no Python", came=error) from error
        return planted

    @property
    def peer_words(self) -> str:
        """Expression for pytest's ``-k`` over coremltools' test names."""
        return self.peer or f"{self.operator} or {self.operator.replace('_', '')}"


def load_faults(folder: Path = FAULTS) -> tuple[Fault, ...]:
    """The lists of a folder, checked.

    Raises
    ------
    InputError
        A field is missing or unknown, or a name stands for two faults.
    """
    known = {item.name for item in fields(Fault)} - {"family"}
    faults = []
    for path in sorted(folder.glob("*.toml")):
        for number, entry in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["faults"]):
            strange = sorted(set(entry) ^ known - ({"peer"} - set(entry)))
            if strange:
                raise InputError(f"fault {number} of {path.name} is malformed", came=", ".join(strange))
            faults.append(Fault(family=path.stem.replace("_", " "), **entry))
    names = [fault.name for fault in faults]
    if len(set(names)) != len(names):
        raise InputError("two faults have one name", came=sorted({n for n in names if names.count(n) > 1}))
    return tuple(faults)
