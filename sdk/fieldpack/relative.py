"""What a relative limit comes to: the figure that it is a share of.

Sizes of flavours stand in the manifest, those of the source model and of a shipped bundle in the evidence,
written down when they were at hand. Costs are compared round by round: the ratio of two times that were taken
one right after the other depends less on what else the machine was doing than the times themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.share import SHIPPED, SOURCE, Share
from fieldpack.verdict import Evidence, Figure

REFERENCES = "references"
"""The part of the evidence that tells of the source model and of the shipped bundle."""


def base_of(
    share: Share, name: str, flavour: str, flavours: Sequence[FlavourEntry], evidence: Mapping[str, Any]
) -> float | None:
    """The size that a limit is a share of, bytes; None where nobody wrote it down.

    Parameters
    ----------
    share : Share
        The limit.
    name : str
        ``installed_bytes`` or ``download_bytes``.
    flavour : str
        The flavour that is limited.
    flavours : sequence of FlavourEntry
        All of the bundle.
    evidence : mapping
        The bundle's.
    """
    if share.base is not None:
        return share.base
    if share.of == SOURCE:
        return _size(_part(evidence, REFERENCES, SOURCE), name)
    if share.of == SHIPPED:
        return _size(_part(evidence, REFERENCES, SHIPPED, "flavours", flavour), name)
    entry = next((item for item in flavours if item.name == share.of), None)
    return None if entry is None else float(getattr(entry, name))


def cost_figure(name: str, flavour: str, evidence: Mapping[str, Any]) -> Figure:
    """Latency or memory of a flavour on a target; without a value where it was not measured.

    Parameters
    ----------
    name : str
        Such as ``latency_ms.host``.
    """
    measure, _, target = name.partition(".")
    record = _part(evidence, "flavours", flavour, "costs", target)
    values = _rounds(record, measure)
    return _median(name, "ms" if measure == "latency_ms" else "bytes", values)


def cost_ratio(share: Share, name: str, flavour: str, evidence: Mapping[str, Any]) -> Figure:
    """The same as a share of another flavour's, or of the shipped one's, round by round; unit ``of NAME``."""
    measure, _, target = name.partition(".")
    own = _rounds(_part(evidence, "flavours", flavour, "costs", target), measure)
    where = (REFERENCES, SHIPPED, "flavours", flavour) if share.of == SHIPPED else ("flavours", share.of)
    other = _rounds(_part(evidence, *where, "costs", target), measure)
    paired = len(own) == len(other) and all(value > 0 for value in other)
    ratios = [first / second for first, second in zip(own, other, strict=True)] if paired else []
    return _median(name, f"of {share.of}", ratios)


def _median(name: str, unit: str, values: Sequence[float]) -> Figure:
    """The middle of the rounds, between the least and the most.

    Of five values or more the least lies above the true median one time in 32 or less, and so does the most
    below it: both are one-sided 95 % bounds.
    """
    if len(values) < FEWEST_ROUNDS:
        return Figure(name, None, unit, Evidence.NOT_RUN)
    middle = median(values)
    value = round(middle) if unit == "bytes" else middle
    return Figure(name, value, unit, Evidence.HOST, None, min(values), max(values))


FEWEST_ROUNDS = 5


def _rounds(record: Any, measure: str) -> list[float]:
    rounds = record.get("rounds", []) if isinstance(record, Mapping) else []
    values = [item.get(measure) for item in rounds if isinstance(item, Mapping)]
    known = [float(value) for value in values if isinstance(value, int | float)]
    return known if len(known) == len(rounds) else []


def _size(record: Any, name: str) -> float | None:
    value = record.get(name) if isinstance(record, Mapping) else None
    return float(value) if isinstance(value, int) and value > 0 else None


def _part(evidence: Any, *path: str) -> Any:
    for step in path:
        evidence = evidence.get(step) if isinstance(evidence, Mapping) else None
    return evidence
