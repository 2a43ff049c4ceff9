"""The values that a front-end can make, from its contract alone.

An integer classifier takes its input's scale from here: front-end and classifier can then be made apart, and
no calibration recording decides how loud a phone may hear.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.sound import Int16Scale, MinMaxScale, PeakScale
from fieldpack.contract.spectrogram import Decibel, MelSpec, NaturalLog, Root
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import window_of
from fieldpack.preprocess.value_scale import INT16

Range = tuple[float, float]


def value_range(contract: SpectrogramInput) -> Range | None:
    """Bounds of a spectrogram input, for every sound whose samples lie in -1..1.

    The lower one is that of silence. In every preset some sound comes within 3.5 dB of the upper one.

    Parameters
    ----------
    contract : SpectrogramInput
        Its front-ends.

    Returns
    -------
    (float, float) or None
        Lowest and highest value over all channels. None where steps between such bounds would be too coarse
        for common sounds (energies that no logarithm compresses, the root of samples that are not scaled by
        their own peak, energy normalisation, patches of mean 0 and deviation 1), and where the floor of the
        logarithm lies above every sound.
    """
    known = [found for spec in contract.channels if (found := _of(spec)) is not None]
    if len(known) < len(contract.channels):
        return None
    low, high = min(low for low, _ in known), max(high for _, high in known)
    return (low, high) if low < high else None


def largest_energy(spec: MelSpec) -> float:
    """A bound of what any band holds before the compression, for samples of full scale and less.

    With a window ``w`` and a filter ``f`` the band's power is ``|M (sqrt(w) x)|^2`` for a matrix M of cosines
    and sines; ``sqrt(w) x`` is no longer than the root of ``sum(w)``, so the largest eigenvalue of ``M M^T``
    times ``sum(w)`` bounds it (Rayleigh). Magnitudes follow by the inequality of Cauchy and Schwarz.

    Parameters
    ----------
    spec : MelSpec
        All fields from ``value_scale`` to ``mel``.

    Returns
    -------
    float
        In the unit of ``power`` (1 magnitude, 2 power). Met by a sound where the spectrum is a real part or
        there is no mel.
    """
    window, scale = window_of(spec), _full_scale(spec)
    if isinstance(spec.mel, str):
        return float((scale * window.sum()) ** spec.power)
    filters = mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft)
    if spec.spectrum == "real_part":
        responses = np.fft.fft(filters, spec.n_fft, axis=1).real * window
        return float((scale * np.abs(responses).sum(axis=1).max()) ** spec.power)
    powers = np.array([_largest_power(row, window) for row in filters])
    found = powers if spec.power == 2 else np.sqrt(filters.sum(axis=1) * powers)
    return float(scale**spec.power * found.max())


def _largest_power(filter_row: NDArray[np.float64], window: NDArray[np.float64]) -> float:
    bins = np.flatnonzero(filter_row)
    if not bins.size:
        return 0.0
    angles = 2 * np.pi / len(window) * np.outer(bins, np.arange(len(window)))
    parts = np.concatenate([np.cos(angles), np.sin(angles)]) * np.sqrt(window)
    parts *= np.sqrt(np.tile(filter_row[bins], 2))[:, None]
    return float(np.linalg.eigvalsh(parts @ parts.T)[-1] * window.sum())


def _of(spec: MelSpec) -> Range | None:
    if spec.normalization == "patch_min_max":
        return 0.0, 1.0
    if spec.normalization == "patch_mean_std":
        return None
    found = _compressed(spec)
    return found if spec.normalization == "none" else _divided(spec, found)


def _divided(spec: MelSpec, found: Range | None) -> Range:
    """Only the signs are left after a division by the clip's largest absolute value."""
    if found is None or not isinstance(spec.log, NaturalLog | Decibel):
        return 0.0, 1.0
    return -float(found[0] < 0), float(found[1] > 0)


def _compressed(spec: MelSpec) -> Range | None:
    log = spec.log
    if isinstance(log, NaturalLog):
        largest = largest_energy(spec)
        loudest = largest + log.floor if log.floor_kind == "added" else max(largest, log.floor)
        return log.factor * math.log(log.floor), log.factor * math.log(loudest)
    if isinstance(log, Decibel):
        largest = largest_energy(spec)
        return _decibels(log, largest if spec.power == 2 else largest**2)
    if isinstance(log, Root) and isinstance(spec.value_scale, MinMaxScale | PeakScale):
        return 0.0, largest_energy(spec) ** log.exponent
    return None


def _decibels(log: Decibel, largest: float) -> Range:
    span = 10 * math.log10(max(largest, log.floor) / log.floor)
    if isinstance(log.reference, str):
        return -(span if isinstance(log.top_db, str) else min(log.top_db, span)), 0.0
    lowest = 10 * math.log10(log.floor / max(log.reference, log.floor))
    return lowest, lowest + span


def _full_scale(spec: MelSpec) -> float:
    scale = spec.value_scale
    if isinstance(scale, Int16Scale):
        return INT16
    return scale.peak if isinstance(scale, PeakScale) else 1.0
