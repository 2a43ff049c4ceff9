"""The front-end of spectrogram models in numpy, by librosa's definitions.

This is the reference that in-graph front-ends and phones are compared with, so it computes in float64 and
rounds once, at the end. Order of the steps: resample, cut to ``max_seconds``, remove silence,
repeat to ``min_seconds``, cut the sound if windows say so, scale its values, STFT, mel, compression, cut the
spectrogram, normalise.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.sound import MinMaxScale, PeakScale, SoundSpec, Windows
from fieldpack.contract.spectrogram import Decibel, MelSpec, Pcen
from fieldpack.errors import InputError
from fieldpack.preprocess.compression import compressed
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.resampler import resample
from fieldpack.preprocess.silence import without_silence
from fieldpack.preprocess.sound import rate_finding
from fieldpack.preprocess.value_scale import scaled

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
    spec = contract.front_end
    clip = trimmed(samples, sample_rate_hz, spec)
    if isinstance(spec.windows.samples, int):
        windows = cut(clip[None], spec.windows.samples, spec.windows, 0.0)
        items = [patch_of(window[0], contract) for window in windows]
    else:
        cuts = cut(spectrogram(clip, spec), contract.frames, spec.windows, None)
        items = [arranged([patch], contract) for patch in cuts]
    if not items:
        raise InputError(
            "a sound is too short for one patch",
            came=f"{clip.shape[0] / spec.sample_rate_hz:.2f} s after preparation",
            allowed=f"{contract.frames} frames of {spec.hop_length} samples",
            hint='raise min_seconds, or set windows.last = "pad"',
        )
    return np.stack(items).astype(np.float32)


def patch_of(window: NDArray[np.float32], contract: SpectrogramInput) -> Spectrogram:
    """The patch of one window of sound, as an in-graph front-end computes it.

    Parameters
    ----------
    window : ndarray
        float32 [n] at the front-end's rate, of :func:`window_samples`.
    contract : SpectrogramInput
        The front-end of every channel.

    Returns
    -------
    ndarray
        float64 [*contract.shape].
    """
    return arranged(
        [first_frames(spectrogram(window, spec), contract.frames) for spec in contract.channels], contract
    )


def window_samples(contract: SpectrogramInput) -> int | None:
    """Samples that one patch is made from; None where a patch depends on a clip of no fixed length.

    Where something is taken over the clip, one patch is made from one clip if the contract repeats and cuts
    every clip to one length, and that length gives one patch.
    """
    spec = contract.front_end
    if isinstance(spec.windows.samples, int):
        return spec.windows.samples
    return _only_clip(contract) if taken_over_clip(spec) else _span(contract)


def taken_over_clip(spec: MelSpec) -> tuple[str, ...]:
    """The fields by which a patch of a clip's spectrogram depends on the whole clip."""
    log, scale = spec.log, spec.value_scale
    of_clip = {
        "center": spec.center,
        f"log.kind = {log if isinstance(log, str) else log.kind}": isinstance(log, Pcen),
        "log.reference": isinstance(log, Decibel) and log.reference == "clip_max",
        "log.top_db": isinstance(log, Decibel) and log.top_db != "none",
        "normalization": spec.normalization == "clip_max",
        f"value_scale.kind = {scale.kind}": isinstance(scale, MinMaxScale | PeakScale),
    }
    return tuple(name for name, holds in of_clip.items() if holds)


def _only_clip(contract: SpectrogramInput) -> int | None:
    """Samples of every clip, where the contract makes all of one length and of one patch."""
    spec = contract.front_end
    samples = spec.min_seconds * spec.sample_rate_hz
    if spec.min_seconds != spec.max_seconds or samples != int(samples):
        return None
    padded = int(samples) + (spec.n_fft // 2 * 2 if spec.center else 0)
    padded += spec.n_fft - spec.win_length if spec.window_at == "start" else 0
    frames = (padded - spec.n_fft) // spec.hop_length + 1
    step = contract.frames - math.floor(contract.frames * spec.windows.overlap)
    more = frames - contract.frames
    single = more == 0 or (spec.windows.last == "drop" and 0 < more < step)
    return int(samples) if single else None


def example_samples(contract: SpectrogramInput) -> int:
    """Samples of a sound that gives one patch at least, whether or not patches depend on their clip."""
    stated = window_samples(contract)
    return _span(contract) if stated is None else stated


def _span(contract: SpectrogramInput) -> int:
    spec = contract.front_end
    transform = spec.n_fft if spec.window_at == "centre" else spec.win_length
    return (contract.frames - 1) * spec.hop_length + transform


def trimmed(samples: NDArray[np.float32], sample_rate_hz: int, sound: SoundSpec) -> NDArray[np.float32]:
    """Resampled, cut to ``max_seconds``, without silence, repeated to ``min_seconds``; float32 [m].

    Raises
    ------
    InputError
        The rate is below the model's, and the contract refuses that; it may say that a warning is enough.
    """
    finding = rate_finding(sample_rate_hz, sound.sample_rate_hz, sound.low_rate)
    if finding is not None:
        warnings.warn(finding, UserWarning, stacklevel=3)
    longest = int(sound.max_seconds * sample_rate_hz)
    clip = resample(samples[:longest], sample_rate_hz, sound.sample_rate_hz, sound.resampler)
    if not isinstance(sound.remove_silence, str):
        clip = without_silence(clip, sound.remove_silence)
    shortest = int(sound.min_seconds * sound.sample_rate_hz)
    return np.resize(clip, shortest) if clip.shape[0] < shortest else clip


def spectrogram(samples: NDArray[np.float32], spec: MelSpec) -> Spectrogram:
    """Value scale, STFT, mel and compression of one clip, before the normalisation of patches.

    Parameters
    ----------
    samples : ndarray
        float32 [n] in -1..1 at the front-end's rate.
    spec : MelSpec
        All fields from ``value_scale`` to ``band_order``, and ``clip_max``.

    Returns
    -------
    ndarray
        float64 [bands, frames]; no frame where `samples` is shorter than one transform.
    """
    transform = stft(scaled(samples, spec.value_scale), spec)
    values = np.abs(transform) ** spec.power if spec.spectrum == "magnitude" else transform.real
    if not isinstance(spec.mel, str):
        values = mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft) @ values
    if spec.spectrum == "real_part":
        values = values**spec.power
    values = compressed(values, spec)
    if spec.band_order == "falling":
        values = values[::-1]
    if spec.normalization == "clip_max" and values.size:
        values = values / max(float(np.abs(values).max()), TINY)
    return values


def stft(samples: NDArray[Any], spec: MelSpec) -> NDArray[np.complex128]:
    """The short-time Fourier transform, complex128 [n_fft // 2 + 1, frames], without value scale."""
    n_fft = spec.n_fft
    signal = samples.astype(np.float64)
    if spec.center:
        signal = np.pad(signal, n_fft // 2, mode=spec.pad_mode)
    if spec.window_at == "start":
        signal = np.pad(signal, (0, n_fft - spec.win_length))
    if signal.shape[0] < n_fft:
        return np.zeros((n_fft // 2 + 1, 0), np.complex128)
    frames = np.lib.stride_tricks.sliding_window_view(signal, n_fft)[:: spec.hop_length]
    transform: NDArray[np.complex128] = np.fft.rfft(frames * window_of(spec), axis=1).T
    return transform


def window_of(spec: MelSpec) -> NDArray[np.float64]:
    """Hann window of ``win_length`` at its place in ``n_fft``, scaled by ``stft_scale``; float64 [n_fft]."""
    length = spec.win_length
    period = length if spec.window == "hann" else length - 1
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / period)
    if spec.stft_scale == "window_sum":
        hann = hann / hann.sum()
    left = (spec.n_fft - length) // 2 if spec.window_at == "centre" else 0
    return np.pad(hann, (left, spec.n_fft - length - left))


def cut(values: NDArray[Any], size: int, windows: Windows, filler: float | None) -> list[NDArray[Any]]:
    """Pieces of `size` columns; overlap rounds down to whole columns; without `filler` the smallest value."""
    length = values.shape[1]
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


def first_frames(values: Spectrogram, frames: int) -> Spectrogram:
    """The first columns of one window's spectrogram; `InputError` where there are fewer."""
    if values.shape[1] < frames:
        raise InputError(
            "one window of sound gives too few frames",
            came=f"{values.shape[1]} frames",
            allowed=f"{frames}",
            hint="raise windows.samples",
        )
    return values[:, :frames]


def _normalized(patch: Spectrogram, spec: MelSpec) -> Spectrogram:
    if spec.normalization == "patch_mean_std":
        patch = (patch - patch.mean()) / (patch.std() + TINY)
    if spec.normalization == "patch_min_max":
        patch = (patch - patch.min()) / (np.ptp(patch) + TINY)
    return patch


def arranged(channels: list[Spectrogram], contract: SpectrogramInput) -> Spectrogram:
    """The normalised patches of every channel in the axes of the contract."""
    patches_of = zip(channels, contract.channels, strict=True)
    stacked = np.stack([_normalized(patch, spec) for patch, spec in patches_of], axis=2)
    places = {"band": 0, "frame": 1, "channel": 2}
    order = [places[axis] for axis in contract.axes]
    return (stacked if len(order) == 3 else stacked[..., 0]).transpose(order)
