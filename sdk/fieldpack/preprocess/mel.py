"""The mel filter banks of librosa and of TensorFlow, with numpy alone.

Triangles whose corners are equally spaced on a mel scale, and whose sides are straight over Hz or over mel.
Slaney's scale (Auditory Toolbox, 1998) is linear below 1 kHz and logarithmic above; HTK's is
``2595 log10(1 + f / 700)`` (The HTK Book, 5.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.spectrogram import Mel

_LINEAR_STEP_HZ = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_STEP_HZ
_LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(hz: float, scale: str) -> float:
    """Frequency in Hz on the mel scale ``"slaney"`` or ``"htk"``."""
    if scale == "htk":
        return 2595.0 * math.log10(1.0 + hz / 700.0)
    return hz / _LINEAR_STEP_HZ if hz < _BREAK_HZ else _BREAK_MEL + math.log(hz / _BREAK_HZ) / _LOG_STEP


def mel_to_hz(mel: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Inverse of :func:`hz_to_mel`, for arrays."""
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    hz: NDArray[np.float64] = np.where(mel < _BREAK_MEL, mel * _LINEAR_STEP_HZ, above)
    return hz


@lru_cache(maxsize=16)
def mel_filters(mel: Mel, sample_rate_hz: int, n_fft: int) -> NDArray[np.float64]:
    """Weights of the filter bank.

    Parameters
    ----------
    mel : Mel
        Bands, edges, scale, norm and triangles.
    sample_rate_hz : int
        Rate of the sound.
    n_fft : int
        Samples of one transform.

    Returns
    -------
    ndarray
        float64 [bands, n_fft // 2 + 1], read-only. The ``slaney`` norm gives each filter the area of
        1 over its width in Hz.
    """
    edges = np.linspace(hz_to_mel(mel.fmin_hz, mel.scale), hz_to_mel(mel.fmax_hz, mel.scale), mel.bands + 2)
    corners = mel_to_hz(edges, mel.scale)
    bins = np.asarray(np.fft.rfftfreq(n_fft, 1.0 / sample_rate_hz), np.float64)
    if mel.triangles == "hz":
        weights = _triangles(bins, corners)
    else:
        weights = _triangles(np.array([hz_to_mel(float(one), mel.scale) for one in bins]), edges)
    if mel.norm == "slaney":
        weights *= 2.0 / (corners[2:] - corners[:-2])[:, None]
    weights.flags.writeable = False
    return weights


def _triangles(places: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height at `places` of the triangles over each three neighbouring corners, [bands, places]."""
    rising = (places - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - places) / np.diff(corners)[1:, None]
    weights: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return weights
