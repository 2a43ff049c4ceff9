"""From power or magnitude to what a model sees: logarithms, a root, or energy normalisation.

One function a kind of ``log``; the graphs of a front-end are compared with these.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.spectrogram import Decibel, MelSpec, NaturalLog, Pcen, Root

Spectrogram = NDArray[np.float64]


def compressed(values: Spectrogram, spec: MelSpec) -> Spectrogram:
    """The compression of ``spec.log``.

    Parameters
    ----------
    values : ndarray
        float64 [bands, frames], power or magnitude by ``spec.power``.
    spec : MelSpec
        ``log`` and ``power``.

    Returns
    -------
    ndarray
        float64 [bands, frames].
    """
    log = spec.log
    if isinstance(log, NaturalLog):
        held = values + log.floor if log.floor_kind == "added" else np.maximum(values, log.floor)
        return log.factor * np.log(held)
    if isinstance(log, Root):
        return np.power(values, log.exponent)
    if not values.size:
        return values
    if isinstance(log, Pcen):
        return _normalised_energy(values, log)
    return _decibels(values, log, spec.power) if isinstance(log, Decibel) else values


def _decibels(values: Spectrogram, log: Decibel, power: int) -> Spectrogram:
    squares = np.square(values) if power == 1 else values
    reference = float(squares.max()) if isinstance(log.reference, str) else log.reference
    level: Spectrogram = 10 * np.log10(np.maximum(squares, log.floor)) - 10 * math.log10(
        max(reference, log.floor)
    )
    return level if isinstance(log.top_db, str) else np.maximum(level, level.max() - log.top_db)


def _normalised_energy(values: Spectrogram, log: Pcen) -> Spectrogram:
    ratio = values * np.exp(-log.gain * np.log(log.epsilon + smoothed(values, log))) / log.bias
    # expm1 and log1p keep the digits of quiet frames, whose ratio is far below 1.
    risen: Spectrogram = log.bias**log.exponent * np.expm1(log.exponent * np.log1p(ratio))
    return risen


def smoothed(values: Spectrogram, log: Pcen) -> Spectrogram:
    """``m[t] = (1 - smoothing) m[t - 1] + smoothing values[t]`` of each band; float64 [bands, frames]."""
    state = np.ones(values.shape[0]) if log.initial == "one" else values[:, 0]
    result = np.empty_like(values)
    for frame in range(values.shape[1]):
        state = (1.0 - log.smoothing) * state + log.smoothing * values[:, frame]
        result[:, frame] = state
    return result
