"""What is wrong with a taxonomy file: every fault at once, with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fieldpack.errors import ContractError
from fieldpack.taxonomy.taxon import Taxon

SHOWN = 50


class FaultCode(StrEnum):
    """Kinds of faults; the words are stable, since CI scripts name them."""

    UNREADABLE = "unreadable"
    HEADER = "header"
    ROW = "row"
    ID = "id"
    NUMBER = "number"
    NAME = "name"
    TWICE = "twice"
    TWO_PARENTS = "two_parents"
    NO_PARENT = "no_parent"
    CIRCLE = "circle"
    LEAF = "leaf"
    COUNT = "count"
    RANK = "rank"
    THRESHOLD = "threshold"
    BYTE_ORDER_MARK = "byte_order_mark"
    CARRIAGE_RETURN = "carriage_return"
    QUOTES = "quotes"
    SPACES = "spaces"
    LIFE = "life"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file.

    Parameters
    ----------
    line : int or None
        Line of the file from 1 (of JSON the number of the object, from 1), None for the file as a whole.
    code : FaultCode
        Kind of fault.
    message : str
        One sentence: what came, what is wrong with it.
    hazard : bool
        Whether this file can be read all the same; another reader of the same form reads it otherwise.
    """

    line: int | None
    code: FaultCode
    message: str
    hazard: bool = False

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "line": self.line,
            "code": self.code.value,
            "message": self.message,
            "hazard": self.hazard,
        }


@dataclass(slots=True)
class Draft:
    """What a reader made of a file before the tree is checked.

    Attributes
    ----------
    taxa, lines : list
        The taxa that could be read, and the line of each.
    faults : list of Fault
        What was wrong with single rows.
    strict_leaves : bool
        Whether the form knows outputs of childless taxa only, and of all of them.
    """

    taxa: list[Taxon] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    strict_leaves: bool = False

    def add(self, line: int, taxon: Taxon) -> None:
        """Keep a taxon."""
        self.taxa.append(taxon)
        self.lines.append(line)

    def fault(self, line: int | None, code: FaultCode, message: str) -> None:
        """Keep a fault that makes the file unreadable."""
        self.faults.append(Fault(line, code, message))

    def hazard(self, line: int | None, code: FaultCode, message: str) -> None:
        """Keep a fault that another reader stumbles over."""
        self.faults.append(Fault(line, code, message, hazard=True))


def ordered(faults: Sequence[Fault]) -> list[Fault]:
    """By line, those of the whole file first."""
    return sorted(faults, key=lambda item: -1 if item.line is None else item.line)


def refuse(where: str, faults: Sequence[Fault]) -> None:
    """Raise ContractError that lists every fault that is no mere hazard; return when there is none."""
    grave = ordered([fault for fault in faults if not fault.hazard])
    if not grave:
        return
    listed = [str(fault) for fault in grave[:SHOWN]]
    more = [f"... and {len(grave) - SHOWN} more"] if len(grave) > SHOWN else []
    raise ContractError(
        f"the taxonomy {where} has {len(grave)} fault(s):\n  " + "\n  ".join(listed + more),
        hint=f"mend these lines; `fieldpack taxonomy check {where}` lists them as JSON too",
    )
