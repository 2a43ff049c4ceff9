"""What is written down about one test, one JSON line each, so that a run can stop and go on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from fieldpack.errors import InputError


class Outcome(StrEnum):
    """How a test ended; ``xpassed`` counts as passed, overtime and crash as failed."""

    PASSED = "passed"
    FAILED = "failed"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    SKIPPED = "skipped"
    OVERTIME = "overtime"
    CRASHED = "crashed"

    @property
    def good(self) -> bool:
        """Whether it counts as passed."""
        return self in (Outcome.PASSED, Outcome.XPASSED)

    @property
    def bad(self) -> bool:
        """Whether it counts as failed."""
        return self in (Outcome.FAILED, Outcome.OVERTIME, Outcome.CRASHED)


@dataclass(frozen=True, slots=True)
class Record:
    """One test, run once.

    Attributes
    ----------
    id : str
        Node id, from the folder that holds ``coremltools``.
    outcome : Outcome
        How it ended.
    reached : bool
        Whether it asked the runtime for a prediction, or was refused its model.
    operators : tuple of str
        MIL operators, or ``layer:NAME``, of the programs that ran.
    engines : tuple of str
        Engines that ran them.
    precision : str
        ``fp16`` or ``fp32`` where the test says for which backend it is, else empty.
    seconds : float
        Wall time of the test's call.
    message : str
        First line of what went wrong, or the reason of a skip.
    """

    id: str
    outcome: Outcome
    reached: bool
    operators: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    precision: str = ""
    seconds: float = 0.0
    message: str = ""

    def as_line(self) -> str:
        """One JSON line."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"


def append(path: Path, record: Record) -> None:
    """Write one record behind the others, whole or not at all."""
    with path.open("a", encoding="utf-8") as file:
        file.write(record.as_line())


def read_records(path: Path) -> dict[str, Record]:
    """Records by id, the last one of each id; none where the file is not there.

    A last line that was cut off by a stop is left out; a broken line elsewhere is an error.

    Raises
    ------
    InputError
        A line is no record.
    """
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    return {record.id: record for record in _parsed(path, whole)}


def _parsed(path: Path, lines: Iterable[str]) -> Iterable[Record]:
    for number, line in enumerate(lines, start=1):
        try:
            fields: dict[str, Any] = json.loads(line)
            fields["outcome"] = Outcome(fields["outcome"])
            fields["operators"] = tuple(fields["operators"])
            fields["engines"] = tuple(fields["engines"])
            yield Record(**fields)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}, line {number} is no record of a test", came=error) from error
