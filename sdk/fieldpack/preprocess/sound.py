"""From a sound file to mono samples, and from one sample rate to another.

WAV is read by :mod:`fieldpack.preprocess.wav` alone; other formats go through ``soundfile`` and rate
changes through ``soxr``, both of the extra ``sound``.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.wav import is_wav, read_wav

INSTALL = 'pip install "fieldpack[sound]"'
SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"}
)

Samples = NDArray[np.float32]


def open_sound(path: Path | str) -> tuple[Samples, int]:
    """Read a sound file as mono.

    Integers are divided by 2 to the power of (bits - 1); channels are mixed by their mean. The rate stays
    the file's.

    Parameters
    ----------
    path : Path or str
        WAV (PCM 8 to 32 bits, float), or anything that ``soundfile`` reads.

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
    samples = channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1, dtype=np.float64)
    if not np.isfinite(samples).all():
        raise InputError(f"{path} holds NaN or infinite samples", hint="write the file again")
    return np.ascontiguousarray(samples, dtype=np.float32), rate


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


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Change the sample rate as ``librosa.resample`` does by default (soxr, quality HQ).

    Parameters
    ----------
    samples : ndarray
        float32 [n].
    from_hz, to_hz : int
        Sample rates.

    Returns
    -------
    ndarray
        float32 [ceil(n * to_hz / from_hz)].

    Raises
    ------
    MissingDependencyError
        The rates differ and ``soxr`` is not installed.
    """
    if from_hz == to_hz:
        return samples
    try:
        import soxr
    except ImportError as error:
        raise MissingDependencyError(
            f"resampling from {from_hz} to {to_hz} Hz needs soxr", hint=INSTALL
        ) from error
    length = math.ceil(samples.shape[0] * to_hz / from_hz)
    changed = np.asarray(soxr.resample(samples, from_hz, to_hz, quality="HQ"), np.float32)[:length]
    return np.pad(changed, (0, length - changed.shape[0]))
