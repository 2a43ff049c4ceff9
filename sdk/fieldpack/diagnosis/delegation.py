"""Which operators of a file XNNPACK takes, and which LiteRT's plain kernels run.

Phones run the same delegate, so what it leaves here it leaves there. LiteRT does not say it of single
operators; it follows from the tensors that enter and leave each delegated part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.file import open_model
from fieldpack.tflite.interpreter import load_interpreter

DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Delegation:
    """What became of the operators.

    Attributes
    ----------
    parts : int
        Delegated parts; each border between two costs time.
    outside : tuple of int
        Positions of the operators that the plain kernels run.
    """

    parts: int
    outside: tuple[int, ...]


def delegation(path: Path) -> Delegation:
    """Load a file with XNNPACK and see what it took.

    Raises
    ------
    ModelFileError
        If LiteRT refuses the file.
    """
    model = open_model(path)
    interpreter = load_interpreter(path, threads=1, xnnpack=True)
    parts = [item for item in interpreter._get_ops_details() if item["op_name"] == DELEGATE]
    entering = {int(index) for part in parts for index in part["inputs"]}
    leaving = {int(index) for part in parts for index in part["outputs"]}
    return Delegation(len(parts), _outside(model, entering, leaving))


def _outside(model: TfliteModel, entering: set[int], leaving: set[int]) -> tuple[int, ...]:
    """An operator is inside when what it writes leaves a part, or is read inside only."""
    readers: dict[int, list[int]] = {}
    for position, node in enumerate(model.main.operators):
        for index in node.inputs:
            readers.setdefault(index, []).append(position)
    outside: set[int] = set()
    for position in reversed(range(len(model.main.operators))):
        written: Any = model.main.operators[position].outputs
        if any(index in leaving for index in written):
            continue
        shown = any(index in entering for index in written)
        read_outside = any(reader in outside for index in written for reader in readers.get(index, ()))
        if shown or read_outside or not any(readers.get(index) for index in written):
            outside.add(position)
    return tuple(sorted(outside))
