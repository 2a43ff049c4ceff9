"""The known deviations: which of coremltools' tests fail here, and why.

A failure that is not listed is a new one and fails the run; an entry whose tests all pass is stale
and is reported, so that the list never grows out of date.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from fieldpack.errors import InputError
from fieldpack_benchmarks.conformance.record import Record
from fieldpack_benchmarks.conformance.sample import CONFIGURATIONS

FILE = "deviations.toml"
DIFFERENCE = r"Max absolute difference among violations: ([0-9.e+-]+)"
"""How numpy says it."""


class Cause(StrEnum):
    """Where a deviation comes from."""

    TOLERANCE = "tolerance"
    """Half-float values are held to a tolerance below the spacing of half floats."""
    TEST = "test"
    """The test asserts something about Apple's software or an edge that no specification fixes."""
    CONVERTER = "converter"
    """coremltools writes a program that contradicts itself."""
    OURS = "ours"
    """Our runtime lacks or does something else."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One entry.

    Attributes
    ----------
    tests : str
        Regular expression, searched for in the id.
    configurations : tuple of str
        Where it holds; all where none are named.
    cause : Cause
        Its kind.
    reason : str
        Why, in one or two sentences.
    largest_difference : float or None
        The failure is this one only up to this absolute difference; wanted for ``tolerance``.
    """

    tests: str
    configurations: tuple[str, ...]
    cause: Cause
    reason: str
    largest_difference: float | None = None

    def names(self, record: Record, configuration: str) -> bool:
        """Whether the entry speaks of a test."""
        return configuration in self.configurations and re.search(self.tests, record.id) is not None

    def covers(self, record: Record, configuration: str) -> bool:
        """Whether the failure of a test is this deviation."""
        if not self.names(record, configuration):
            return False
        if self.largest_difference is None:
            return True
        found = re.search(DIFFERENCE, record.message)
        return found is not None and float(found[1]) <= self.largest_difference


@cache
def deviations() -> tuple[Deviation, ...]:
    """The entries of ``deviations.toml``.

    Raises
    ------
    InputError
        An entry lacks a reason, has an unknown field, cause or configuration, or no valid expression.
    """
    text = files("fieldpack_benchmarks.conformance").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(_read(entry) for entry in tomllib.loads(text).get("deviation", []))


def _read(entry: dict[str, object]) -> Deviation:
    try:
        known = {"tests", "configurations", "cause", "reason", "largest_difference"}
        if set(entry) - known or not str(entry["reason"]).strip():
            raise ValueError(f"fields {', '.join(entry)}")
        named = entry.get("configurations", list(CONFIGURATIONS))
        if not isinstance(named, list) or set(named) - set(CONFIGURATIONS):
            raise ValueError(f"configurations {named}")
        re.compile(str(entry["tests"]))
        cause, largest = Cause(str(entry["cause"])), entry.get("largest_difference")
        if (cause is Cause.TOLERANCE) != isinstance(largest, float):
            raise ValueError(f"largest_difference {largest}")
        return Deviation(str(entry["tests"]), tuple(named), cause, str(entry["reason"]), largest)  # type: ignore[arg-type]
    except (KeyError, ValueError, re.error) as error:
        raise InputError(
            f"{FILE} has an entry that is not valid",
            came=f"{entry.get('tests')}: {error}",
            allowed="tests, cause, reason, configurations, and largest_difference for tolerance",
        ) from error


def find(record: Record, configuration: str) -> Deviation | None:
    """The entry that covers a failing test; None where the failure is new."""
    return next((entry for entry in deviations() if entry.covers(record, configuration)), None)


def stale(records: Iterable[Record], configuration: str) -> list[Deviation]:
    """Entries of which at least one test ran and none failed."""
    ran = list(records)
    return [
        entry
        for entry in deviations()
        if (own := [record for record in ran if entry.names(record, configuration)])
        and all(record.outcome.good for record in own)
    ]
