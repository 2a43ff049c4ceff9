"""From a sound file to mono samples.

WAV is read by :mod:`fieldpack.preprocess.wav` alone; other formats go through ``soundfile`` of the extra
``sound``. The rate stays the file's; :mod:`fieldpack.preprocess.resampler` changes it.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.resampling import ChannelMix, LowRate
from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.resampler import INSTALL, Samples
from fieldpack.preprocess.wav import is_wav, read_wav

SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"}
)


def open_sound(path: Path | str, mix: ChannelMix) -> tuple[Samples, int]:
    """Read a sound file as mono.

    Integers are divided by 2 to the power of (bits - 1). The rate stays the file's.

    Parameters
    ----------
    path : Path or str
        WAV (PCM 8 to 32 bits, float), or anything that ``soundfile`` reads.
    mix : ChannelMix
        How channels become one.

    Returns
    -------
    tuple
        (float32 [n], sample rate in Hz).

    Raises
    ------
    InputError
        The file is missing, empty, truncated, not a sound, or holds NaN.
    MissingDependencyError
        Not WAV, and ``soundfile`` is not installed.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the sound {path} cannot be read", came=error.strerror) from error
    if not data:
        raise InputError(f"{path} is empty", came="0 bytes", allowed="a sound file")
    read = read_wav(path, data) if is_wav(data) else None
    channels, rate = _through_soundfile(path, data) if read is None else read
    if channels.shape[0] == 0:
        raise InputError(f"{path} holds no samples")
    if not np.isfinite(channels).all():
        raise InputError(f"{path} holds NaN or infinite samples", hint="write the file again")
    return mono(channels, mix), rate


def mono(channels: NDArray[np.float32], mix: ChannelMix) -> Samples:
    """One channel of float32 [n, channels]: the first, or the mean; float32 [n]."""
    if channels.shape[1] == 1 or mix is ChannelMix.FIRST:
        return np.ascontiguousarray(channels[:, 0])
    mean: Samples = channels.mean(axis=1, dtype=np.float64).astype(np.float32)
    return mean


def rate_finding(rate_hz: int, wanted_hz: int, rule: LowRate) -> str | None:
    """What there is to say of a sound's rate: nothing, or that its upper bands are empty.

    Raises
    ------
    InputError
        The rate is below the model's, and the contract refuses that.
    """
    if rate_hz >= wanted_hz:
        return None
    empty = (
        f"it holds nothing between {rate_hz / 2000:g} and {wanted_hz / 2000:g} kHz, where the model listens"
    )
    if rule is LowRate.REFUSE:
        raise InputError(
            f"a sound has a lower rate than the model: {empty}",
            came=f"{rate_hz} Hz",
            allowed=f"{wanted_hz} Hz or more",
            hint='record at a higher rate, or state low_rate = "warn" in the contract',
        )
    return f"a sound of {rate_hz} Hz for a model of {wanted_hz} Hz: {empty}"


def _through_soundfile(path: Path, data: bytes) -> tuple[Samples, int]:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"reading {path} needs soundfile", allowed="WAV without it", hint=INSTALL
        ) from error
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise InputError(f"{path} is not a sound that can be read", came=error) from error
    return samples, int(rate)
