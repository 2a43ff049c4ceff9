"""The scale of a sound's samples, as the contract states it.

Some models were trained on samples in -1..1, others on 16-bit numbers, others on windows that were stretched
to one range; the same sound is another input to each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.sound import Int16Scale, MinMaxScale, PeakScale, ValueScale

INT16 = 32768.0
SILENT = 1e-10
"""Peaks below this are taken as this, so that silence stays silence."""


def scaled(samples: NDArray[np.floating[Any]], scale: ValueScale) -> NDArray[np.float64]:
    """The samples of one clip or window in the scale that the model was trained on.

    Parameters
    ----------
    samples : ndarray
        [n] in -1..1, n > 0.
    scale : ValueScale
        The rule.

    Returns
    -------
    ndarray
        float64 [n].
    """
    values = samples.astype(np.float64)
    if isinstance(scale, Int16Scale):
        return values * INT16
    if isinstance(scale, MinMaxScale):
        risen: NDArray[np.float64] = values - values.min()
        stretched: NDArray[np.float64] = 2.0 * risen / (risen.max() + scale.epsilon) - 1.0
        return stretched
    if isinstance(scale, PeakScale):
        centred: NDArray[np.float64] = values - values.mean() if scale.remove_mean else values
        loudest = max(float(np.abs(centred).max()), SILENT)
        return centred * (scale.peak / loudest)
    return values
