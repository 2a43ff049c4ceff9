"""The gate: a budget held against what was measured, one verdict a limit and flavour.

Sizes come from the manifest, everything else from the parity figures in the bundle. A
Core ML flavour was run in two legal precisions; the worse of the two counts. A flavour
with several outputs is judged by its worst output; in a limit on scores, an output of plain values
beside one of scores (an embedding) has no say. A limit without a figure is ``not_run``.
A share of another figure is resolved here (:mod:`fieldpack.relative`).

All comparisons of a budget with figures that have bounds are one family of tests: a fail
stands only where Holm's correction over the family lets it (:mod:`fieldpack.family`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fieldpack.budget import COSTS, COUNTS, OF_BACKGROUND, OF_ESTIMATES, OF_SHIPPED, SIZES, App, Budget
from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.errors import BundleError, SpecError
from fieldpack.family import corrected
from fieldpack.parity.judgement import judge_parity
from fieldpack.parity.record import UNITS, Parity
from fieldpack.relative import REFERENCES, base_of, cost_figure, cost_ratio, count_figure, layer_rise
from fieldpack.share import BASELINE, HOST, Limit, Share
from fieldpack.verdict import (
    AT_LEAST,
    AT_MOST,
    SEVERITY,
    Evidence,
    Figure,
    Outcome,
    Verdict,
    combine,
    judge,
)

AT_LEAST_LIMITS = frozenset(
    {
        "top1_agreement",
        "centred_cosine",
        "worst_slice_agreement",
        "range_iou",
        "range_iou_p5",
        "range_iou_smallest",
    }
)
LIMITS_OF_VALUES = frozenset({"centred_cosine", "max_abs_error"})
"""What a comparison of plain values has a figure for."""

BESIDE = {"shipped": OF_SHIPPED, "background": OF_BACKGROUND, "estimates": OF_ESTIMATES}
"""Where the evidence of a flavour keeps the comparisons that these limits are held against."""


def hold(
    budget: Budget, flavours: Sequence[FlavourEntry], evidence: Mapping[str, Any]
) -> tuple[Verdict, ...]:
    """Hold every limit of a budget against every flavour.

    Parameters
    ----------
    budget : Budget
        The limits.
    flavours : sequence of FlavourEntry
        From the manifest, in its order.
    evidence : mapping
        The bundle's ``evidence/parity.json``, with what records and a baseline tell
        (:mod:`fieldpack.records.held`).

    Returns
    -------
    tuple of Verdict
        By flavour, then in the order of :class:`~fieldpack.budget.Limits`; then what the app brings along.

    Raises
    ------
    SpecError
        The budget names a flavour that the bundle does not have, or limits one by itself.
    """
    budget.check_flavours([flavour.name for flavour in flavours])
    claims = [
        _claims(flavour, name, limit, flavours, evidence, budget.certainty)
        for flavour in flavours
        for name, limit in budget.limits_of(flavour.name).items()
    ]
    held = tuple(max(group, key=_badness) for group in corrected(claims, budget.certainty))
    return held + tuple(
        _required(budget.app, flavour) for flavour in flavours if _concerns(budget.app, flavour)
    )


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a whole bundle."""
    return combine(verdict.outcome for verdict in verdicts)


def _claims(
    flavour: FlavourEntry,
    name: str,
    limit: Limit,
    flavours: Sequence[FlavourEntry],
    evidence: Mapping[str, Any],
    confidence: float,
) -> list[Verdict]:
    """A limit held against each comparison of a flavour: one for each arithmetic and output."""
    if name in SIZES:
        return [_size(flavour, name, limit, flavours, evidence)]
    if name.partition(".")[0] in COUNTS:
        return [_count(flavour, name, limit, flavours, evidence)]
    if name.partition(".")[0] in COSTS:
        return [_cost(flavour, name, limit, evidence, confidence)]
    if isinstance(limit, Share):
        raise SpecError(f"{name} cannot be a share", allowed=", ".join((*SIZES, *COSTS, *COUNTS)))
    if name == "layer_rise":
        figure, note = layer_rise(flavour.name, evidence)
        verdict = judge(figure, limit, AT_MOST, subject=flavour.name)
        return [replace(verdict, reason=_rise_words(verdict, limit, note))]
    relation = AT_LEAST if name in AT_LEAST_LIMITS else AT_MOST
    beside = next((key for key, names in BESIDE.items() if name in names), None)
    found = _beside(flavour.name, beside, evidence) if beside else _parities(flavour.name, evidence)
    if not found:
        figure = Figure(name, None, UNITS[name], Evidence.NOT_RUN)
        return [judge(figure, limit, relation, subject=flavour.name)]
    return [
        judge_parity(parity, name, limit, relation, subject=flavour.name, confidence=confidence)
        for parity in _concerned(name, found)
    ]


def _concerned(limit: str, found: list[Parity]) -> list[Parity]:
    """Plain values have no top-1 and say nothing of it where others do; broken ones always count."""
    if limit in LIMITS_OF_VALUES:
        return found
    return [item for item in found if not (item.finite and item.of_values)] or found


def _rise_words(verdict: Verdict, limit: float, note: str) -> str:
    """The reason of a layer's rise, in per cent, with the layer."""
    if verdict.figure.value is None:
        return f"{verdict.reason}; {note}"
    return f"layer_rise is {100 * verdict.figure.value:.3g} % {note}; at most {100 * limit:g} % is allowed"


def _size(
    flavour: FlavourEntry,
    name: str,
    limit: Limit,
    flavours: Sequence[FlavourEntry],
    evidence: Mapping[str, Any],
) -> Verdict:
    kind = Evidence.HOST if name == "installed_bytes" else Evidence.ESTIMATED
    return _exact(flavour, Figure(name, getattr(flavour, name), "bytes", kind), limit, flavours, evidence)


def _count(
    flavour: FlavourEntry,
    name: str,
    limit: Limit,
    flavours: Sequence[FlavourEntry],
    evidence: Mapping[str, Any],
) -> Verdict:
    """Instructions and operators outside the delegate; a run that was marked is not settled by its figure."""
    figure, target = count_figure(name, flavour.name, evidence), name.partition(".")[2]
    verdict = _exact(flavour, figure, limit, flavours, evidence)
    told = _told(flavour, target, evidence)
    if figure.value is None and not told:
        told = f"no record of this file on {target}; fieldpack bench run BUNDLE --on {target} makes one"
    return replace(verdict, reason=f"{verdict.reason}; {told}") if told else verdict


def _told(flavour: FlavourEntry, target: str, evidence: Mapping[str, Any]) -> str:
    """What a record, or its distance from the baseline, has to say beside its figures."""
    costs = (evidence["flavours"].get(flavour.name) or {}).get("costs") or {}
    before = ((evidence.get(REFERENCES) or {}).get(BASELINE) or {}).get(flavour.name) or {}
    parts = [(costs.get(target) or {}).get("reason", ""), before.get(f"apart.{target}", "")]
    return "; ".join(part for part in parts if part)


def _exact(
    flavour: FlavourEntry,
    figure: Figure,
    limit: Limit,
    flavours: Sequence[FlavourEntry],
    evidence: Mapping[str, Any],
) -> Verdict:
    """An exact figure held against a number, or a share of another exact figure."""
    name = figure.name
    if not isinstance(limit, Share):
        return judge(figure, limit, AT_MOST, subject=flavour.name)
    base = base_of(limit, name, flavour.name, flavours, evidence)
    if base is None:
        remedy = "give the gate one" if limit.of == BASELINE else "a build with this limit measures it"
        lacking = f"{name} of {limit.of} was not measured; {remedy}"
        unknown = replace(figure, value=None, evidence=Evidence.NOT_RUN)
        return Verdict(name, flavour.name, Outcome.NOT_RUN, unknown, None, AT_MOST, None, lacking)
    most = round(limit.share * base, 6)  # 1.001 of 1000 is 1001
    verdict = judge(figure, most, AT_MOST, subject=flavour.name)
    return replace(verdict, reason=f"{verdict.reason}: {limit.share:g} of {limit.of} with {base:.0f}")


def _cost(
    flavour: FlavourEntry, name: str, limit: Limit, evidence: Mapping[str, Any], confidence: float
) -> Verdict:
    """Latency and memory; a share is held against the ratio of both, taken in turn."""
    if isinstance(limit, Share):
        figure, value = cost_ratio(limit, name, flavour.name, evidence), limit.share
        note = f"ratio to {limit.of}, measured in turn"
    else:
        figure, value = cost_figure(name, flavour.name, evidence), limit
        note = f"wall clock of {_whose(name)}, other work included"
    if figure.value is None:
        target = name.partition(".")[2]
        note = _told(flavour, target, evidence) or _why_not_measured(flavour, target)
    elif name.startswith("peak_memory_bytes") and not isinstance(limit, Share):
        note = f"on {_whose(name)}"
    verdict = judge(figure, value, AT_MOST, subject=flavour.name, confidence=confidence)
    return replace(verdict, reason=f"{verdict.reason}; {note}")


def _concerns(app: App | None, flavour: FlavourEntry) -> bool:
    return app is not None and None not in _versions(app, flavour)[:1]


def _versions(app: App, flavour: FlavourEntry) -> tuple[str | None, str | None, str]:
    """What the app brings along for a flavour, what the flavour needs, and of what."""
    if flavour.kind is FlavourKind.TFLITE:
        return app.tflite_runtime, flavour.requires.tflite_runtime, "tflite_runtime"
    return app.ios, flavour.requires.ios, "ios"


def _required(app: App | None, flavour: FlavourEntry) -> Verdict:
    """Whether the app is new enough; operators that no known runtime has are never."""
    brought, needed, what = _versions(app or App(), flavour)
    unknown = flavour.requires.unknown_operators
    figure = Figure(what, None if needed is None else _as_number(needed), "version", Evidence.HOST)
    verdict = judge(figure, _as_number(brought or ""), AT_MOST, subject=flavour.name)
    if unknown:
        return replace(verdict, outcome=Outcome.FAIL, reason=f"no known runtime has {', '.join(unknown)}")
    return replace(verdict, reason=f"needs {what} {needed}; the app brings {brought}")


def _as_number(version: str) -> int:
    """2.14.0 as 2014000, so that versions compare as they should."""
    parts = [int(part) for part in version.split(".")] + [0, 0]
    return (parts[0] * 1000 + parts[1]) * 1000 + parts[2]


def _whose(name: str) -> str:
    target = name.partition(".")[2]
    return "the machine that built it" if target == HOST else target


def _why_not_measured(flavour: FlavourEntry, target: str) -> str:
    if target != HOST:
        return f"no record of this file on {target}; fieldpack bench run BUNDLE --on {target} makes one"
    if flavour.kind is not FlavourKind.TFLITE:
        return f"{HOST} runs TFLite files, not {flavour.kind.value}"
    return "the bundle was built without this limit, or the system does not tell"


def _badness(verdict: Verdict) -> tuple[int, float]:
    """Worse outcomes first, then worse figures; a broken figure is the worst of its outcome."""
    value = verdict.figure.value
    distance = math.inf if value is None or not math.isfinite(value) else value
    sign = -1.0 if verdict.relation == AT_LEAST and math.isfinite(distance) else 1.0
    return SEVERITY.index(verdict.outcome), sign * distance


def _parities(flavour: str, evidence: Mapping[str, Any]) -> list[Parity]:
    """Every comparison of a flavour: one for each arithmetic and output."""
    try:
        runs = evidence["flavours"][flavour]["runs"]
        found = [_parity(stored) for run in runs.values() for stored in run.values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError("the evidence of the bundle does not cover a flavour", came=flavour) from error
    if not found:
        raise BundleError("the evidence of the bundle does not cover a flavour", came=flavour)
    return found


def _beside(flavour: str, name: str, evidence: Mapping[str, Any]) -> list[Parity]:
    """Comparisons with the shipped flavour or on the background; none where the bundle was built without."""
    runs = ((evidence.get("flavours") or {}).get(flavour) or {}).get(name) or {}
    return [_parity(stored) for run in runs.values() for stored in run.values()]


def _parity(stored: Mapping[str, Any]) -> Parity:
    """What a verdict needs of a stored comparison."""
    return Parity(
        items=stored["items"],
        outputs=stored["outputs"],
        finite=stored["finite"],
        figures=tuple(Figure.from_dict(figure) for figure in stored["figures"]),
        counts=stored["counts"],
    )
