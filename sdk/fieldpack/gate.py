"""The gate: a budget held against what was measured, one verdict a limit and flavour.

Sizes come from the manifest, everything else from the parity figures in the bundle. A
Core ML flavour was run in two legal precisions; the worse of the two counts. A flavour
with several outputs is judged by its worst output. A limit without a figure is ``not_run``.

All comparisons of a budget with figures that have bounds are one family of tests: a fail
stands only where Holm's correction over the family lets it (see :mod:`fieldpack.verdict`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fieldpack.budget import Budget
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.errors import BundleError, SpecError
from fieldpack.parity.judgement import judge_parity
from fieldpack.parity.record import Parity
from fieldpack.statistics.holm import holm
from fieldpack.verdict import (
    AT_LEAST,
    AT_MOST,
    SEVERITY,
    Evidence,
    Figure,
    Outcome,
    Verdict,
    chance_if_kept,
    combine,
    judge,
    withdraw,
)

AT_LEAST_LIMITS = frozenset({"top1_agreement", "centred_cosine", "worst_slice_agreement"})


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
        The bundle's ``evidence/parity.json``.

    Returns
    -------
    tuple of Verdict
        By flavour, then in the order of :class:`~fieldpack.budget.Limits`.

    Raises
    ------
    SpecError
        The budget names a flavour that the bundle does not have.
    """
    names = [flavour.name for flavour in flavours]
    strangers = sorted(set(budget.flavours) - set(names))
    if strangers:
        raise SpecError(
            "the budget limits a flavour that the bundle does not have",
            came=", ".join(strangers),
            allowed=", ".join(names),
        )
    claims = [
        _claims(flavour, name, limit, evidence, budget.certainty)
        for flavour in flavours
        for name, limit in budget.limits_of(flavour.name).items()
    ]
    return tuple(max(group, key=_badness) for group in corrected(claims, budget.certainty))


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a whole bundle."""
    return combine(verdict.outcome for verdict in verdicts)


def corrected(claims: Sequence[Sequence[Verdict]], confidence: float) -> list[list[Verdict]]:
    """The same verdicts, without the fails that several tests would bring about by chance.

    Parameters
    ----------
    claims : sequence of sequence of Verdict
        By limit; all of them together are the family of Holm's correction.
    confidence : float
        Of the bounds, and of a fail among all.
    """
    chances = [[chance_if_kept(verdict, confidence) for verdict in group] for group in claims]
    tests = [chance for group in chances for chance in group if chance is not None]
    adjusted = iter(holm(tests))
    return [
        [
            verdict if chance is None else withdraw(verdict, chance, next(adjusted), len(tests), confidence)
            for verdict, chance in zip(group, row, strict=True)
        ]
        for group, row in zip(claims, chances, strict=True)
    ]


def _claims(
    flavour: FlavourEntry, name: str, limit: float, evidence: Mapping[str, Any], confidence: float
) -> list[Verdict]:
    """A limit held against each comparison of a flavour: one for each arithmetic and output."""
    relation = AT_LEAST if name in AT_LEAST_LIMITS else AT_MOST
    if name == "installed_bytes":
        figure = Figure(name, flavour.installed_bytes, "bytes", Evidence.HOST)
        return [judge(figure, limit, relation, subject=flavour.name)]
    if name == "download_bytes":
        figure = Figure(name, flavour.download_bytes, "bytes", Evidence.ESTIMATED)
        return [judge(figure, limit, relation, subject=flavour.name)]
    return [
        judge_parity(parity, name, limit, relation, subject=flavour.name, confidence=confidence)
        for parity in _parities(flavour.name, evidence)
    ]


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


def _parity(stored: Mapping[str, Any]) -> Parity:
    """What a verdict needs of a stored comparison."""
    return Parity(
        items=stored["items"],
        outputs=stored["outputs"],
        finite=stored["finite"],
        figures=tuple(Figure.from_dict(figure) for figure in stored["figures"]),
        counts=stored["counts"],
    )
