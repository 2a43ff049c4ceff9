"""Exact one-sided McNemar test: did the flavour lose more items than it gained?"""

from __future__ import annotations

from fieldpack.statistics.incomplete_beta import incomplete_beta
from fieldpack.statistics.interval import check_counts


def mcnemar_exact(losses: int, gains: int) -> float:
    """Probability of at least this many losses if losses and gains were equally likely.

    Parameters
    ----------
    losses : int
        Items that the source has right and the flavour wrong.
    gains : int
        Items that the source has wrong and the flavour right.

    Returns
    -------
    float
        One-sided p-value; 1 when nothing was lost. Five losses without a gain are the fewest
        that reach 5 %.

    Notes
    -----
    McNemar 1947, Psychometrika 12:153-157, with the exact binomial tail.
    """
    check_counts(losses + gains, losses=losses, gains=gains)
    return 1.0 if losses == 0 else incomplete_beta(losses, gains + 1, 0.5)
