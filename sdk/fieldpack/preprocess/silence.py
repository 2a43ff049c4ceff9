"""Removal of silence by the rule of ``librosa.effects.split``."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.sound import Silence

_FLOOR = 1e-10


def without_silence(samples: NDArray[np.float32], rule: Silence) -> NDArray[np.float32]:
    """The frames louder than ``top_db`` below the loudest, joined.

    The level of frame ``i`` is the mean square of ``frame_length`` samples around sample ``i * hop_length``
    (zeros beyond the ends); the frame stands for samples ``i * hop_length`` up to ``(i + 1) * hop_length``.

    Parameters
    ----------
    samples : ndarray
        float32 [n].
    rule : Silence
        Threshold and frames.

    Returns
    -------
    ndarray
        float32 [m], 0 < m <= n.
    """
    half = rule.frame_length // 2
    padded = np.pad(samples, half)
    count = 1 + max(0, padded.shape[0] - rule.frame_length) // rule.hop_length
    starts = np.arange(count) * rule.hop_length
    frames = np.lib.stride_tricks.sliding_window_view(padded, min(rule.frame_length, padded.shape[0]))[starts]
    level = np.maximum(np.mean(np.square(frames), axis=1, dtype=np.float64), _FLOOR)
    loud = 10 * np.log10(level / level.max()) > -rule.top_db
    whole = math.ceil(samples.shape[0] / rule.hop_length)
    kept = np.zeros(max(whole, count), np.bool_)
    kept[:count] = loud
    audible: NDArray[np.float32] = samples[np.repeat(kept, rule.hop_length)[: samples.shape[0]]]
    return audible
