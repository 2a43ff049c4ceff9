"""The same front-ends by librosa in float64: the oracle of the study.

librosa has no triangles that are straight over mel; for those the filters of ``tf.signal`` are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import MelSpec, SpectrogramInput
from fieldpack.contract.sound import MinMaxScale, PeakScale
from fieldpack.contract.spectrogram import Decibel, NaturalLog, Root

Array = NDArray[np.float64]


def patch_by_librosa(
    sound: NDArray[np.float32], contract: SpectrogramInput, filters: Sequence[Array | None]
) -> Array:
    """One window's patch.

    Parameters
    ----------
    sound : ndarray
        float32 [n].
    contract : SpectrogramInput
        Axes band, frame, channel; compressions decibel, natural logarithm and root.
    filters : sequence of ndarray or None
        For each channel float64 [bins, bands], or None where librosa has them.

    Returns
    -------
    ndarray
        float64 [bands, frames, channels].
    """
    made = [
        _channel(sound, spec, bank)[:, : contract.frames]
        for spec, bank in zip(contract.channels, filters, strict=True)
    ]
    return np.stack(made, axis=2)


def _channel(sound: NDArray[np.float32], spec: MelSpec, bank: Array | None) -> Array:
    import librosa
    import librosa.filters as banks

    if isinstance(spec.mel, str):
        raise TypeError("the study's front-ends have mel filters")
    transform = _transform(librosa, banks, _valued(sound.astype(np.float64), spec), spec)
    if bank is None:
        bank = banks.mel(
            sr=spec.sample_rate_hz,
            n_fft=spec.n_fft,
            n_mels=spec.mel.bands,
            fmin=spec.mel.fmin_hz,
            fmax=spec.mel.fmax_hz,
            htk=spec.mel.scale == "htk",
            norm=None if spec.mel.norm == "none" else spec.mel.norm,
            dtype=np.float64,
        ).T
    if spec.spectrum == "real_part":
        values = np.square(bank.T @ transform.real)
    else:
        values = bank.T @ np.abs(transform) ** spec.power
    compressed = _compressed(librosa, values, spec)
    return compressed[::-1] if spec.band_order == "falling" else compressed


def _valued(sound: Array, spec: MelSpec) -> Array:
    if isinstance(spec.value_scale, MinMaxScale):
        share = (sound - sound.min()) / (np.ptp(sound) + spec.value_scale.epsilon)
        return np.asarray((share - 0.5) * 2, np.float64)
    if isinstance(spec.value_scale, PeakScale):
        centred = sound - sound.mean()
        return np.asarray(centred / np.abs(centred).max() * spec.value_scale.peak, np.float64)
    return sound


def _transform(librosa: Any, banks: Any, sound: Array, spec: MelSpec) -> NDArray[np.complex128]:
    window = banks.get_window("hann", spec.win_length, fftbins=True)
    if spec.window_at == "start":
        missing = spec.n_fft - spec.win_length
        window, sound = np.pad(window, (0, missing)), np.pad(sound, (0, missing))
    transform: NDArray[np.complex128] = librosa.stft(
        sound,
        n_fft=spec.n_fft,
        hop_length=spec.hop_length,
        win_length=len(window),
        window=window,
        center=spec.center,
        pad_mode=spec.pad_mode,
    )
    return transform / window.sum() if spec.stft_scale == "window_sum" else transform


def _compressed(librosa: Any, values: Array, spec: MelSpec) -> Array:
    log = spec.log
    if isinstance(log, Decibel):
        convert = librosa.power_to_db if spec.power == 2 else librosa.amplitude_to_db
        reference = np.max if isinstance(log.reference, str) else log.reference
        top_db = None if isinstance(log.top_db, str) else log.top_db
        return np.asarray(convert(values, ref=reference, amin=log.floor, top_db=top_db), np.float64)
    if isinstance(log, NaturalLog):
        held = values + log.floor if log.floor_kind == "added" else np.clip(values, log.floor, None)
        return np.asarray(log.factor * np.log(held), np.float64)
    if isinstance(log, Root):
        return np.asarray(np.power(values, log.exponent), np.float64)
    raise TypeError(f"the study's front-ends have no compression {log.kind}")
