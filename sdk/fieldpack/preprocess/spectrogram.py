"""The front-end of spectrogram models in numpy, by librosa's definitions.

This is the reference that in-graph front-ends and phones are compared with, so it computes in float64 and
rounds once, at the end. Order of the steps: resample, cut to ``max_seconds``, remove silence,
repeat to ``min_seconds``, cut the sound if windows say so, STFT, mel, logarithm, cut the spectrogram,
normalise.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.sound import SoundSpec
from fieldpack.contract.spectrogram import Decibel, MelSpec, NaturalLog
from fieldpack.errors import InputError
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.resampler import resample
from fieldpack.preprocess.silence import without_silence
from fieldpack.preprocess.sound import rate_finding

Spectrogram = NDArray[np.float64]
TINY = 1e-10
"""Added to, or the least of, what a normalisation divides by."""


def patches(
    samples: NDArray[np.float32], sample_rate_hz: int, contract: SpectrogramInput
) -> NDArray[np.float32]:
    """All patches of one recording.

    Parameters
    ----------
    samples : ndarray
        float32 [n], mono.
    sample_rate_hz : int
        Rate of `samples`.
    contract : SpectrogramInput
        Front-end and patch size.

    Returns
    -------
    ndarray
        float32 [K, *contract.shape], K >= 1.

    Raises
    ------
    InputError
        There are no samples, fewer than one patch and ``last = "drop"``, or the rate is too low.
    MissingDependencyError
        The rate must change and ``soxr`` is not installed.
    """
    if samples.ndim != 1 or samples.shape[0] == 0:
        raise InputError("a sound without samples", came=list(samples.shape), allowed="float32 [n], n > 0")
    front_end, frames = contract.front_end, contract.frames
    finding = rate_finding(sample_rate_hz, front_end.sample_rate_hz, front_end.low_rate)
    if finding is not None:
        warnings.warn(finding, UserWarning, stacklevel=2)
    clip = trimmed(samples, sample_rate_hz, front_end)
    if isinstance(front_end.windows.samples, int):
        windows = _cut(clip[None], front_end.windows.samples, front_end, 0.0)
        cut = [_first(spectrogram(window[0], front_end), frames) for window in windows]
    else:
        cut = _cut(spectrogram(clip, front_end), frames, front_end, None)
    if not cut:
        raise InputError(
            "a sound is too short for one patch",
            came=f"{clip.shape[0] / front_end.sample_rate_hz:.2f} s after preparation",
            allowed=f"{frames} frames of {front_end.hop_length} samples",
            hint='raise min_seconds, or set windows.last = "pad"',
        )
    items = [_normalized(patch, front_end) for patch in cut]
    return np.stack([_arranged(item, contract) for item in items]).astype(np.float32)


def trimmed(samples: NDArray[np.float32], sample_rate_hz: int, sound: SoundSpec) -> NDArray[np.float32]:
    """Resampled, cut to ``max_seconds``, without silence, repeated to ``min_seconds``; float32 [m]."""
    longest = int(sound.max_seconds * sample_rate_hz)
    clip = resample(samples[:longest], sample_rate_hz, sound.sample_rate_hz, sound.resampler)
    if not isinstance(sound.remove_silence, str):
        clip = without_silence(clip, sound.remove_silence)
    shortest = int(sound.min_seconds * sound.sample_rate_hz)
    return np.resize(clip, shortest) if clip.shape[0] < shortest else clip


def spectrogram(samples: NDArray[np.float32], front_end: MelSpec) -> Spectrogram:
    """STFT, mel and logarithm of one clip, before normalisation.

    Parameters
    ----------
    samples : ndarray
        float32 [n] at the front-end's rate.
    front_end : MelSpec
        All fields from ``n_fft`` to ``log``, and ``clip_max``.

    Returns
    -------
    ndarray
        float64 [bands, frames]; no frame where `samples` is shorter than one transform.
    """
    values = stft_magnitude(samples, front_end)
    if front_end.power == 2:
        values = np.square(values)
    if not isinstance(front_end.mel, str):
        values = mel_filters(front_end.mel, front_end.sample_rate_hz, front_end.n_fft) @ values
    values = _compressed(values, front_end)
    if front_end.normalization == "clip_max" and values.size:
        values = values / max(float(np.abs(values).max()), TINY)
    return values


def stft_magnitude(samples: NDArray[np.float32], front_end: MelSpec) -> Spectrogram:
    """Magnitude of the short-time Fourier transform, float64 [n_fft // 2 + 1, frames].

    The window is a periodic Hann of ``win_length``, centred in ``n_fft``.
    """
    n_fft = front_end.n_fft
    signal = samples.astype(np.float64)
    if front_end.center:
        signal = np.pad(signal, n_fft // 2, mode=front_end.pad_mode)
    if signal.shape[0] < n_fft:
        return np.zeros((n_fft // 2 + 1, 0))
    frames = np.lib.stride_tricks.sliding_window_view(signal, n_fft)[:: front_end.hop_length]
    magnitude: Spectrogram = np.abs(np.fft.rfft(frames * window_of(front_end), axis=1)).T
    return magnitude


def window_of(front_end: MelSpec) -> NDArray[np.float64]:
    """Periodic Hann window of ``win_length``, centred in ``n_fft``; float64 [n_fft]."""
    length = front_end.win_length
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    left = (front_end.n_fft - length) // 2
    return np.pad(hann, (left, front_end.n_fft - length - left))


def _compressed(values: Spectrogram, front_end: MelSpec) -> Spectrogram:
    log = front_end.log
    if isinstance(log, NaturalLog):
        return np.log(values + log.offset)
    if not isinstance(log, Decibel) or not values.size:
        return values
    power = np.square(values) if front_end.power == 1 else values
    reference = float(power.max()) if isinstance(log.reference, str) else log.reference
    level: Spectrogram = 10 * np.log10(np.maximum(power, log.floor)) - 10 * math.log10(
        max(reference, log.floor)
    )
    return level if isinstance(log.top_db, str) else np.maximum(level, level.max() - log.top_db)


def _cut(values: NDArray[Any], size: int, front_end: MelSpec, filler: float | None) -> list[NDArray[Any]]:
    """Pieces of `size` columns; overlap rounds down to whole columns; without `filler` the smallest value."""
    windows, length = front_end.windows, values.shape[1]
    step = size - math.floor(size * windows.overlap)
    starts = list(range(0, length - size + 1, step))
    rest = length - (starts[-1] + size) if starts else length
    pieces = [values[:, start : start + size] for start in starts]
    if windows.last == "shift" and rest and length >= size:
        pieces.append(values[:, length - size :])
    elif windows.last != "drop" and rest:
        tail = values[:, starts[-1] + step :] if starts else values
        fill = float(values.min()) if filler is None else filler
        pieces.append(np.pad(tail, ((0, 0), (0, size - tail.shape[1])), constant_values=fill))
    return pieces


def _first(values: Spectrogram, frames: int) -> Spectrogram:
    if values.shape[1] < frames:
        raise InputError(
            "one window of sound gives too few frames",
            came=f"{values.shape[1]} frames",
            allowed=f"{frames}",
            hint="raise windows.samples",
        )
    return values[:, :frames]


def _normalized(patch: Spectrogram, front_end: MelSpec) -> Spectrogram:
    if front_end.normalization == "patch_mean_std":
        patch = (patch - patch.mean()) / (patch.std() + TINY)
    if front_end.normalization == "patch_min_max":
        patch = (patch - patch.min()) / (np.ptp(patch) + TINY)
    return patch


def _arranged(patch: Spectrogram, contract: SpectrogramInput) -> Spectrogram:
    axes = {"band": 0, "frame": 1, "channel": 2}
    order = [axes[axis] for axis in contract.axes]
    return (patch[..., None] if len(order) == 3 else patch).transpose(order)
