"""Counts of a run: what reached the runtime, how it ended, and which operators were executed.

A test is out of scope only when it never reaches a model: it checks the builder, a shape or a
pass, or it stops before there is a model to load. All others count, whatever they fail of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldpack_benchmarks.conformance import deviations
from fieldpack_benchmarks.conformance.record import Outcome, Record
from fieldpack_benchmarks.conformance.sample import Draw
from fieldpack_benchmarks.table import Cell

#: Part of a program, never computed by itself.
NOT_EXECUTED = frozenset({"const"})


@dataclass(frozen=True, slots=True)
class Tally:
    """One sample of one suite in one configuration.

    Attributes
    ----------
    draw : Draw
        What ran.
    tests : int
        Tests in the sample.
    passed, failed : int
        Of those that reached the runtime; ``failed`` holds overtime and crashes.
    expected : int
        Reached it and failed as coremltools expects (xfail).
    unreached : int
        Passed, skipped or expected to fail without any prediction.
    broken : tuple of Record
        Failed before there was a model.
    known, new : tuple of Record
        The failed ones, listed in ``deviations.toml`` and not.
    causes : mapping of str to int
        How many of the known ones of each cause.
    stale : tuple of Deviation
        Entries whose tests ran and passed.
    operators : frozenset of str
        MIL operators of the programs that ran.
    """

    draw: Draw
    tests: int
    passed: int
    failed: int
    expected: int
    unreached: int
    broken: tuple[Record, ...]
    known: tuple[Record, ...]
    new: tuple[Record, ...]
    causes: Mapping[str, int]
    stale: tuple[deviations.Deviation, ...]
    operators: frozenset[str]

    @property
    def reached(self) -> int:
        """Tests that reached the runtime."""
        return self.passed + self.failed + self.expected

    @property
    def share(self) -> float | None:
        """Passed of passed and failed; None where nothing reached the runtime."""
        counted = self.passed + self.failed
        return self.passed / counted if counted else None

    @property
    def share_without_tolerance(self) -> float | None:
        """The same without the known failures that hold rounded numbers to a finer tolerance."""
        counted = self.passed + self.failed - self.causes.get(deviations.Cause.TOLERANCE, 0)
        return self.passed / counted if counted else None

    def as_row(self) -> dict[str, Cell]:
        """One row of the study's table."""
        return {
            "suite": self.draw.suite,
            "configuration": self.draw.configuration,
            "per_function": self.draw.per_function,
            "tests": self.tests,
            "reached": self.reached,
            "passed": self.passed,
            "failed": self.failed,
            "known": len(self.known),
            "xfailed": self.expected,
            "unreached": self.unreached,
            "broken": len(self.broken),
            "operators": len(self.operators),
            "share": self.share,
            "share_without_tolerance": self.share_without_tolerance,
        }


def tally(draw: Draw, records: Mapping[str, Record]) -> Tally:
    """Count the records of one sample."""
    configuration = draw.configuration
    reached = [record for record in records.values() if record.reached]
    others = [record for record in records.values() if not record.reached]
    failed = [record for record in reached if record.outcome.bad]
    entries = [deviations.find(record, configuration) for record in failed]
    known = [record for record, entry in zip(failed, entries, strict=True) if entry is not None]
    return Tally(
        draw=draw,
        tests=len(records),
        passed=sum(record.outcome.good for record in reached),
        failed=len(failed),
        expected=sum(record.outcome in (Outcome.XFAILED, Outcome.SKIPPED) for record in reached),
        unreached=sum(not record.outcome.bad for record in others),
        broken=tuple(record for record in others if record.outcome.bad),
        known=tuple(known),
        new=tuple(record for record in failed if record not in known),
        causes=Counter(entry.cause.value for entry in entries if entry is not None),
        stale=tuple(deviations.stale(records.values(), configuration)),
        operators=executed(reached),
    )


def executed(records: Iterable[Record]) -> frozenset[str]:
    """Operators of all programs that ran in tests that passed; what merely ran proves nothing."""
    found = {name for record in records if record.outcome.good for name in record.operators}
    return frozenset(found - NOT_EXECUTED)


def never_executed(tallies: Iterable[Tally], operators: Iterable[str]) -> list[str]:
    """Operators that no passing test of any tally executed, in the order given."""
    found = frozenset().union(*(item.operators for item in tallies))
    return [name for name in operators if name not in found | NOT_EXECUTED]
