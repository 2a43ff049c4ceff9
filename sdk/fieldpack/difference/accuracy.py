"""What was measured of the flavours of two bundles, figure by figure and slice by slice, with intervals.

Each bundle states its figures against its own source model. Two of them are compared only where the same data
and the same class of evidence are behind them, and differ clearly only where their intervals do not meet:
both bounds hold one by one with 95 %, so a difference that is none is told in at most a few of a thousand
figures. A paired comparison (``fieldpack diff --data``) sees smaller differences.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fieldpack.bundle.read import Bundle
from fieldpack.errors import BundleError
from fieldpack.parity.record import UNITS
from fieldpack.report.evidence import read_evidence
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.verdict import Evidence, Figure

EVALUATION = "evaluation"
LOWER_IS_BETTER = (
    "_drop", "_rise", "_error", "_flips", "_kl", "_nll", "_mae", "rmse", "bias", "_fires", "_false_positives",
    "_change", "_gap", "_width", "drop_p95",
)  # fmt: skip
"""Ends of the names of figures of which less is better; of all others more is."""


class Direction(StrEnum):
    """What became of a figure."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "no clear change"
    SAME = "same"
    OTHER_DATA = "not comparable"


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure of one output of one flavour in both bundles.

    Attributes
    ----------
    flavour, precision, output : str
        What was measured, and in which arithmetic.
    slice : (str, str) or None
        Name and value of the part of the data that it is about; None for all of it.
    old, new : Figure
        With intervals; `name` and `unit` are the same.
    comparable : bool
        Whether data and class of evidence are the same.
    """

    flavour: str
    precision: str
    output: str
    slice: tuple[str, str] | None
    old: Figure
    new: Figure
    comparable: bool

    @property
    def direction(self) -> Direction:
        """Better or worse where the intervals do not meet."""
        if not self.comparable or self.old.value is None or self.new.value is None:
            return Direction.OTHER_DATA
        if self.old.value == self.new.value:
            return Direction.SAME
        higher = _above(self.new, self.old)
        lower = _above(self.old, self.new)
        if not higher and not lower:
            return Direction.UNCLEAR
        less_is_better = self.old.name.endswith(LOWER_IS_BETTER)
        return Direction.BETTER if higher != less_is_better else Direction.WORSE

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "flavour": self.flavour,
            "precision": self.precision,
            "output": self.output,
            "slice": None if self.slice is None else list(self.slice),
            "old": self.old.as_dict(),
            "new": self.new.as_dict(),
            "direction": self.direction.value,
        }


def _above(one: Figure, other: Figure) -> bool:
    """Whether a figure is clearly above another; an exact one is of its data alone, and proves nothing."""
    return one.low is not None and other.high is not None and one.low > other.high


def figure_changes(old: Bundle, new: Bundle) -> tuple[FigureChange, ...]:
    """Every figure and the accuracy of every slice that both bundles hold.

    Raises
    ------
    BundleError
        The evidence is malformed.
    """
    same_data = _digest(old) is not None and _digest(old) == _digest(new)
    first, second = (_runs(bundle) for bundle in (old, new))
    found: list[FigureChange] = []
    for key, before in first.items():
        if key in second:
            found += _figures(key, before, second[key], same_data)
            found += _slices(key, before, second[key], same_data)
    return tuple(found)


def _digest(bundle: Bundle) -> str | None:
    data = bundle.manifest.lineage.data.get(EVALUATION)
    return None if data is None else data.digest


Run = Mapping[str, Any]
Key = tuple[str, str, str]


def _runs(bundle: Bundle) -> dict[Key, Run]:
    """(flavour, arithmetic, output) -> comparison with the source, as the evidence states it."""
    where = bundle.manifest.evidence
    data = bundle.read(where)
    read_evidence(data, where)
    try:
        flavours = json.loads(data).get("flavours") or {}
        return {
            (flavour, precision, output): dict(comparison)
            for flavour, measured in flavours.items()
            for precision, outputs in measured["runs"].items()
            for output, comparison in outputs.items()
        }
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(
            f"{where} is malformed", came=error, hint=f"fieldpack verify {bundle.location}"
        ) from error


def _figures(key: Key, old: Run, new: Run, same_data: bool) -> Iterator[FigureChange]:
    first, second = (_by_name(run) for run in (old, new))
    for name, before in first.items():
        if name in second:
            yield _change(key, None, before, second[name], same_data)


def _by_name(run: Run) -> dict[str, Figure]:
    figures = [Figure.from_dict(item) for item in run.get("figures", ())]
    return {item.name: item for item in figures if item.value is not None and item.name in UNITS}


def _slices(key: Key, old: Run, new: Run, same_data: bool) -> Iterator[FigureChange]:
    first, second = old.get("slices", {}), new.get("slices", {})
    for name in first:
        for value, before in first[name].items():
            after = second.get(name, {}).get(value)
            if after is not None:
                yield from _slice(key, (name, value), before, after, same_data)


def _slice(key: Key, part: tuple[str, str], old: Run, new: Run, same_data: bool) -> Iterator[FigureChange]:
    evidence = Evidence.HOST if key[1] == "native" else Evidence.REFERENCE
    if all(_is_number(row.get("flavour_top1")) and row["n"] for row in (old, new)):
        first, second = (_top1(row, evidence) for row in (old, new))
        yield _change(key, part, first, second, same_data)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _top1(row: Run, evidence: Evidence) -> Figure:
    """Top-1 accuracy within a slice, with exact bounds."""
    bounds = clopper_pearson(round(row["flavour_top1"] * row["n"]), row["n"])
    value = float(row["flavour_top1"])
    return Figure("flavour_top1", value, "fraction", evidence, int(row["n"]), bounds.low, bounds.high)


def _change(
    key: Key, part: tuple[str, str] | None, old: Figure, new: Figure, same_data: bool
) -> FigureChange:
    return FigureChange(*key, part, old, new, same_data and old.evidence is new.evidence)
