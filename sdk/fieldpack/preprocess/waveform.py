"""Windows of sound for models that take the waveform itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import WaveformInput
from fieldpack.errors import InputError
from fieldpack.preprocess.spectrogram import cut, trimmed
from fieldpack.preprocess.value_scale import scaled


def sound_windows(
    samples: NDArray[np.float32], sample_rate_hz: int, contract: WaveformInput
) -> NDArray[np.float32]:
    """All windows of one recording.

    Parameters
    ----------
    samples : ndarray
        float32 [n], mono.
    sample_rate_hz : int
        Rate of `samples`.
    contract : WaveformInput
        Rate, windows and value scale.

    Returns
    -------
    ndarray
        float32 [K, *contract.shape], K >= 1.

    Raises
    ------
    InputError
        There are no samples, or fewer than one window and ``last = "drop"``.
    MissingDependencyError
        The rate must change and ``soxr`` is not installed.
    """
    if samples.ndim != 1 or samples.shape[0] == 0:
        raise InputError("a sound without samples", came=list(samples.shape), allowed="float32 [n], n > 0")
    clip = trimmed(samples, sample_rate_hz, contract.front_end)
    pieces = cut(clip[None], contract.samples, contract.front_end.windows, 0.0)
    if not pieces:
        raise InputError(
            "a sound is too short for one window",
            came=f"{clip.shape[0]} samples after preparation",
            allowed=f"at least {contract.samples}",
            hint='raise min_seconds, or set windows.last = "pad"',
        )
    windows = [scaled(piece[0], contract.front_end.value_scale) for piece in pieces]
    return np.stack(windows).astype(np.float32).reshape(-1, *contract.shape)
