"""How often both models fire on examples without anything that they know: silence, wind, empty scenes.

Evaluation data hold what a model was made for, so they cannot show that a flavour began to hear things.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.errors import InputError
from fieldpack.parity.accuracy import drop, share
from fieldpack.parity.pairing import Flags, paired_arrays
from fieldpack.parity.record import Parity, bounded_figure
from fieldpack.verdict import Evidence


def compare_background(
    source: ArrayLike,
    flavour: ArrayLike,
    threshold: float,
    *,
    blocks: ArrayLike | None = None,
    evidence: Evidence = Evidence.HOST,
) -> Parity:
    """Compare how often two classifiers fire.

    Parameters
    ----------
    source, flavour : array_like [N, C], real
        Scores; an example fires when any of them reaches the threshold. A broken flavour score fires, since
        nobody knows what a phone makes of it.
    threshold : float
        Of the contract.
    blocks : array_like [N], optional
        Group of examples that are not independent; bounds then widen.
    evidence : Evidence
        How the flavour was run.

    Returns
    -------
    Parity
        ``source_background_fires`` and ``background_fires``, shares of the examples, and
        ``background_fires_rise``, paired.

    Raises
    ------
    InputError
        The shapes differ, or are not one row an example.
    """
    first, second = paired_arrays(source, flavour)
    if first.ndim != 2:
        raise InputError("scores must be one row an item", came=first.shape, allowed="[N, C]")
    finite = np.isfinite(second).all(axis=1)
    before, after = _fires(first, threshold), _fires(second, threshold) | ~finite
    return Parity(
        items=len(first),
        outputs=first.shape[1],
        finite=bool(finite.all()),
        figures=(
            bounded_figure("source_background_fires", share(before, blocks), evidence),
            bounded_figure("background_fires", share(after, blocks), evidence),
            bounded_figure("background_fires_rise", drop(~before, ~after, blocks), evidence),
        ),
        counts={"fires": int(after.sum()), "source_fires": int(before.sum())},
    )


def _fires(scores: np.ndarray, threshold: float) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray((scores >= threshold).any(axis=1))
