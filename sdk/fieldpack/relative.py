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
from fieldpack.share import BASELINE, SHIPPED, SOURCE, Share
from fieldpack.verdict import Evidence, Figure

REFERENCES = "references"
"""The part of the evidence that tells of the source model, of the shipped bundle and of the baseline."""


def base_of(
    share: Share, name: str, flavour: str, flavours: Sequence[FlavourEntry], evidence: Mapping[str, Any]
) -> float | None:
    """The size that a limit is a share of, bytes; None where nobody wrote it down.

    Parameters
    ----------
    share : Share
        The limit.
    name : str
        ``installed_bytes``, ``download_bytes``, or a count on a target such as ``instructions.TARGET``.
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
    if share.of == BASELINE:
        return _size(_part(evidence, REFERENCES, BASELINE, flavour), name)
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
    return _median(name, "ms" if measure == "latency_ms" else "bytes", values, _evidence(record))


def count_figure(name: str, flavour: str, evidence: Mapping[str, Any]) -> Figure:
    """Instructions, or operators outside the delegate, of a flavour on a target; exact.

    Parameters
    ----------
    name : str
        Such as ``instructions.qemu-arm64:cortex-a76``.
    """
    measure, _, target = name.partition(".")
    record = _part(evidence, "flavours", flavour, "costs", target)
    value = record.get(measure) if isinstance(record, Mapping) else None
    if value is None:
        return Figure(name, None, "count", Evidence.NOT_RUN)
    return Figure(name, value, "count", Evidence(record["evidence"]))


def layer_rise(flavour: str, evidence: Mapping[str, Any]) -> tuple[Figure, str]:
    """The largest rise of a layer's stored bytes over the baseline's, as a share, and that layer's name.

    A layer that the baseline does not have rises from nothing: its share is of all that the baseline stores.
    """
    own = _part(evidence, "flavours", flavour, "layers")
    before = _part(evidence, REFERENCES, BASELINE, flavour, "layers")
    nothing = Figure("layer_rise", None, "fraction", Evidence.NOT_RUN)
    if BASELINE not in (evidence.get(REFERENCES) or {}):
        return nothing, "no baseline was given: fieldpack gate BUNDLE --baseline OLD"
    if not own or not before:
        return nothing, "the baseline does not tell of its layers"
    if not set(own) & set(before):
        return nothing, "no layer has a name that the baseline knows"
    whole = sum(before.values())
    rises = {
        name: (size - before.get(name, 0)) / (before.get(name) or whole or 1) for name, size in own.items()
    }
    worst = max(rises, key=lambda name: rises[name])
    return Figure("layer_rise", rises[worst], "fraction", Evidence.HOST), f"in {worst}"


def cost_ratio(share: Share, name: str, flavour: str, evidence: Mapping[str, Any]) -> Figure:
    """The same as a share of another flavour's, or of the shipped one's, round by round; unit ``of NAME``."""
    measure, _, target = name.partition(".")
    own = _rounds(_part(evidence, "flavours", flavour, "costs", target), measure)
    where = (REFERENCES, SHIPPED, "flavours", flavour) if share.of == SHIPPED else ("flavours", share.of)
    other = _rounds(_part(evidence, *where, "costs", target), measure)
    paired = len(own) == len(other) and all(value > 0 for value in other)
    ratios = [first / second for first, second in zip(own, other, strict=True)] if paired else []
    return _median(name, f"of {share.of}", ratios)


def _evidence(record: Any) -> Evidence:
    """Of what a record says; a build writes none, since it measures on the host alone."""
    return Evidence(record.get("evidence", Evidence.HOST)) if isinstance(record, Mapping) else Evidence.HOST


def _median(name: str, unit: str, values: Sequence[float], evidence: Evidence = Evidence.HOST) -> Figure:
    """The middle of the rounds, between the least and the most.

    Of five values or more the least lies above the true median one time in 32 or less, and so does the most
    below it: both are one-sided 95 % bounds.
    """
    if len(values) < FEWEST_ROUNDS:
        return Figure(name, None, unit, Evidence.NOT_RUN)
    middle = median(values)
    value = round(middle) if unit == "bytes" else middle
    return Figure(name, value, unit, evidence, None, min(values), max(values))


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
