"""The gate: a budget held against what was measured, one verdict a limit and flavour.

Sizes come from the manifest, everything else from the parity figures in the bundle. A
Core ML flavour was run in two legal precisions; the worse of the two counts. A flavour
with several outputs is judged by its worst output. A limit without a figure is ``not_run``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fieldpack.budget import Budget
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.errors import BundleError, SpecError
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

AT_LEAST_LIMITS = frozenset({"top1_agreement", "centred_cosine", "worst_slice_agreement"})
UNITS = {"mean_kl": "nats", "centred_cosine": "ratio", "max_abs_error": "output"}


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
    return tuple(
        _worst(
            [
                judge(figure, limit, _relation(name), subject=flavour.name)
                for figure in _figures(flavour, name, evidence)
            ]
        )
        for flavour in flavours
        for name, limit in budget.limits_of(flavour.name).items()
    )


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a whole bundle."""
    return combine(verdict.outcome for verdict in verdicts)


def _relation(name: str) -> str:
    return AT_LEAST if name in AT_LEAST_LIMITS else AT_MOST


def _worst(verdicts: list[Verdict]) -> Verdict:
    return max(verdicts, key=lambda verdict: SEVERITY.index(verdict.outcome))


def _figures(flavour: FlavourEntry, name: str, evidence: Mapping[str, Any]) -> list[Figure]:
    if name == "installed_bytes":
        return [Figure(name, flavour.installed_bytes, "bytes", Evidence.HOST)]
    if name == "download_bytes":
        return [Figure(name, flavour.download_bytes, "bytes", Evidence.ESTIMATED)]
    try:
        runs = evidence["flavours"][flavour.name]["runs"]
        stored = [
            figure
            for run in runs.values()
            for parity in run.values()
            for figure in parity["figures"]
            if figure["name"] == name
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError("the evidence of the bundle does not cover a flavour", came=flavour.name) from error
    found = [Figure.from_dict(item) for item in stored]
    return found or [Figure(name, None, UNITS.get(name, "fraction"), Evidence.NOT_RUN)]
