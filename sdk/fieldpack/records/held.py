"""What records and a baseline add to the evidence of a bundle, where the gate finds it.

A record counts only for the very file that it ran. Counts of two runners, runtimes or emulators differ with
no change of the model, so a baseline that was counted by another one is left out, and the gate says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fieldpack.budget import Budget
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.records.baseline import Baseline, BaselineFlavour, counts_of, latest, layer_bytes
from fieldpack.records.record import Flag, Record, RunOutcome
from fieldpack.relative import REFERENCES
from fieldpack.share import BASELINE

VOID = {Flag.TOO_FEW_SAMPLES, Flag.THROTTLED}
"""A time with one of these is no time to hold a limit against."""


def with_records(
    evidence: Mapping[str, Any], flavours: Sequence[FlavourEntry], records: Sequence[Record]
) -> dict[str, Any]:
    """The evidence with the costs of every target that has a record of a flavour's file."""
    parts = {name: dict(part) for name, part in (evidence.get("flavours") or {}).items()}
    for item in flavours:
        found = {target: costs_of(record) for target, record in latest(records, item).items()}
        if found:
            part = parts.setdefault(item.name, {})
            part["costs"] = {**(part.get("costs") or {}), **found}
    return {**evidence, "flavours": parts}


def with_baseline(
    evidence: Mapping[str, Any], budget: Budget, bundle: Bundle, baseline: Baseline
) -> dict[str, Any]:
    """The evidence with the baseline's figures, and the layers of flavours that are held by them."""
    parts = {name: dict(part) for name, part in (evidence.get("flavours") or {}).items()}
    then: dict[str, Any] = {}
    for item in bundle.manifest.flavours:
        part = parts.setdefault(item.name, {})
        if "layer_rise" in budget.limits_of(item.name):
            part["layers"] = layer_bytes(bundle, item)
        before = baseline.flavours.get(item.name)
        if before is not None:
            then[item.name] = _figures(before, part.get("costs") or {})
    references = {**(evidence.get(REFERENCES) or {}), BASELINE: then}
    return {**evidence, "flavours": parts, REFERENCES: references}


def costs_of(record: Record) -> dict[str, Any]:
    """A record as the evidence keeps costs; without figures, and with a reason, where it proves nothing."""
    if record.outcome is not RunOutcome.MEASURED:
        return {"reason": f"{record.outcome.value}: {record.reason}"}
    counts = counts_of(record)
    found: dict[str, Any] = {"evidence": record.evidence.value}
    found |= {name: counts[name] for name in ("instructions", "outside_delegate") if counts[name] is not None}
    if record.runner is not None:
        found["runner"] = record.runner.model_dump(mode="json")
    void = sorted(flag.value for flag in set(record.flags) & VOID)
    if void:
        found["reason"] = f"the run is marked {', '.join(void)}"
    else:
        found["rounds"] = [
            {"latency_ms": item.latency_ms, "peak_memory_bytes": item.peak_memory_bytes}
            for item in record.rounds
        ]
    return found


def _figures(before: BaselineFlavour, costs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "installed_bytes": before.installed_bytes,
        "download_bytes": before.download_bytes,
        "layers": before.layers,
    }
    for target, counted in before.counts.items():
        own = (costs.get(target) or {}).get("runner")
        if own == counted.runner.model_dump(mode="json"):
            for name in ("instructions", "outside_delegate"):
                found[f"{name}.{target}"] = getattr(counted, name)
        elif own is not None:
            found[f"apart.{target}"] = f"the baseline was counted by {_words(counted.runner.model_dump())}"
    return found


def _words(runner: Mapping[str, Any]) -> str:
    return ", ".join(
        str(runner[name]) for name in ("kind", "runtime", "processor", "emulator") if runner[name]
    )
