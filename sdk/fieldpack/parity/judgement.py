"""Hold one figure of a comparison against a limit, with the best answer to "how much more data?"."""

from __future__ import annotations

from fieldpack.parity.record import Parity
from fieldpack.statistics.sample_size import rate_settles_at, settles_at
from fieldpack.verdict import AT_MOST, CONFIDENCE, Outcome, Verdict, judge


def judge_parity(
    parity: Parity,
    name: str,
    limit: float,
    relation: str,
    *,
    subject: str,
    title: str | None = None,
    confidence: float = CONFIDENCE,
) -> Verdict:
    """Verdict on one figure.

    Parameters
    ----------
    parity : Parity
    name : str
        A figure of :data:`fieldpack.parity.record.UNITS`; one that this comparison could not
        measure gives ``not_run``.
    limit : float
        In the unit of the figure.
    relation : str
        ``at_most`` or ``at_least``.
    subject : str
        The flavour.
    title : str, optional
        Name of the verdict; default the name of the figure.
    confidence : float
        Of each bound alone.

    Raises
    ------
    InputError
        When parity knows no such figure.
    SpecError
        When the limit or the relation is malformed.
    """
    figure = parity.figure(name)
    verdict = judge(figure, limit, relation, name=title, subject=subject, confidence=confidence)
    if verdict.outcome is not Outcome.INCONCLUSIVE:
        return verdict
    settling = _settling(parity, name, limit, relation, confidence)
    return judge(figure, limit, relation, settling, name=title, subject=subject, confidence=confidence)


def _settling(parity: Parity, name: str, limit: float, relation: str, confidence: float) -> int | None:
    """Number from the counts where they are known; else the square-root rule of ``judge``."""
    counts = parity.counts
    if "blocks" in counts:  # the counts are of items, and groups decide
        return None
    if name in ("top1_drop", "shipped_top1_drop") and relation == AT_MOST and "losses" in counts:
        return settles_at(counts["losses"], counts["gains"], counts["labelled"], limit, confidence=confidence)
    if name == "top1_agreement" and "flips" in counts:
        return rate_settles_at(
            parity.items - counts["flips"], parity.items, limit, relation, confidence=confidence
        )
    if name == "shipped_flips" and "flips" in counts:
        return rate_settles_at(counts["flips"], parity.items, limit, relation, confidence=confidence)
    if name == "margin_flips" and "margin_flips" in counts:
        return rate_settles_at(counts["margin_flips"], parity.items, limit, relation, confidence=confidence)
    return None
