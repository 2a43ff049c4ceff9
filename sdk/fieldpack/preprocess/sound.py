"""From a sound file to mono samples, whole or block by block.

WAV is read by :mod:`fieldpack.preprocess.wav` alone; other formats go through ``soundfile`` of the extra
``sound``. The rate stays the file's; :mod:`fieldpack.preprocess.resampler` changes it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.resampling import ChannelMix, LowRate
from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.ogg import end_finding
from fieldpack.preprocess.resampler import INSTALL, Samples
from fieldpack.preprocess.wav import WavLayout, decode, find_wav

SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"}
)
BLOCK = 65536
"""Samples of one channel that are read at once."""
_MOST_VALUES = 16 * BLOCK
"""Samples of all channels that are read at once: a header may state 65535 channels."""
_READ_AGAIN = "copy the file again, or leave it out"


@dataclass(slots=True)
class SoundFile:
    """An open sound file; a context manager. Made by :func:`open_sound_file`.

    Attributes
    ----------
    path : Path
        The file.
    sample_rate_hz, channels : int
        As its header states them.
    frames : int
        Samples of one channel that the header states, at least 1.
    remark : str or None
        What is odd about the file, though it can be read.
    """

    path: Path
    sample_rate_hz: int
    channels: int
    frames: int
    remark: str | None
    _file: BinaryIO
    _wav: WavLayout | None
    _other: Any

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def blocks(self, mix: ChannelMix, size: int = BLOCK) -> Iterator[Samples]:
        """All samples as one channel, float32 [n], n <= `size`, from the beginning.

        Raises
        ------
        InputError
            The file ends before its header says, cannot be decoded, or holds NaN.
        """
        done, size = 0, max(1, min(size, _MOST_VALUES // self.channels))
        for channels in self._wav_blocks(size) if self._wav is not None else self._other_blocks(size):
            if not np.isfinite(channels).all():
                bad = done + int(np.argmin(np.isfinite(channels).all(axis=1)))
                raise InputError(
                    f"{self.path} holds NaN or infinite samples",
                    came=f"the first at {bad / self.sample_rate_hz:.3f} s",
                    hint="write the file again",
                )
            done += channels.shape[0]
            yield mono(channels, mix)
        if done < self.frames:
            raise InputError(
                f"{self.path} is truncated",
                came=f"{done} samples a channel",
                allowed=f"the {self.frames} that its header states",
                hint=_READ_AGAIN,
            )

    def _wav_blocks(self, size: int) -> Iterator[NDArray[np.float32]]:
        layout = self._wav
        if layout is None:
            return
        self._file.seek(layout.start)
        left = layout.size_bytes
        while left and (data := self._file.read(min(left, size * layout.form.frame_bytes))):
            left -= len(data)
            yield decode(layout.form, data[: len(data) - len(data) % layout.form.frame_bytes])

    def _other_blocks(self, size: int) -> Iterator[NDArray[np.float32]]:
        try:
            self._other.seek(0)
            while (block := self._other.read(size, dtype="float32", always_2d=True)).shape[0]:
                yield block
        except RuntimeError as error:
            raise InputError(
                f"{self.path} cannot be decoded to its end", came=_reason(error), hint=_READ_AGAIN
            ) from error


def open_sound_file(path: Path | str) -> SoundFile:
    """Open a sound file and read its header.

    Parameters
    ----------
    path : Path or str
        WAV (PCM 8 to 32 bits, float), or anything that ``soundfile`` reads.

    Raises
    ------
    InputError
        The file is missing, empty, or not a sound; a WAV file also when it is truncated.
    MissingDependencyError
        Not WAV, and ``soundfile`` is not installed.
    """
    path = Path(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"the sound {path} cannot be read", came=error.strerror, allowed="one sound file"
        ) from error
    try:
        return _opened(path, file)
    except BaseException:
        file.close()
        raise


def _opened(path: Path, file: BinaryIO) -> SoundFile:
    length = file.seek(0, os.SEEK_END)
    if length == 0:
        raise InputError(f"{path} is empty", came="0 bytes", allowed="a sound file")
    wav = find_wav(path, file, length)
    if wav is not None:
        rate, channels, frames, remark, other = (
            wav.form.sample_rate_hz, wav.form.channels, wav.frames, wav.remark, None
        )  # fmt: skip
    else:
        other, remark = _through_soundfile(path, file), end_finding(file, length)
        rate, channels, frames = int(other.samplerate), int(other.channels), int(other.frames)
    if frames < 1:
        raise InputError(f"{path} holds no samples")
    return SoundFile(path, rate, channels, frames, remark, file, wav, other)


def _through_soundfile(path: Path, file: BinaryIO) -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"reading {path} needs soundfile", allowed="WAV without it", hint=INSTALL
        ) from error
    try:
        file.seek(0)
        return soundfile.SoundFile(file)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} is not a sound that can be read",
            came=_reason(error),
            allowed=", ".join(sorted(suffix[1:].upper() for suffix in SUFFIXES)),
        ) from error


def _reason(error: Exception) -> str:
    """What libsndfile says, without the name of the Python object that it was given."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ")


def open_sound(path: Path | str, mix: ChannelMix, most_s: float = math.inf) -> tuple[Samples, int]:
    """Read a whole sound file as mono.

    Integers are divided by 2 to the power of (bits - 1). The rate stays the file's.

    Parameters
    ----------
    path : Path or str
        As for :func:`open_sound_file`.
    mix : ChannelMix
        How channels become one.
    most_s : float
        Seconds that are needed; what lies behind them is not read, but for a part of a block.

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
    with open_sound_file(path) as file:
        blocks, left = [], most_s * file.sample_rate_hz
        for block in file.blocks(mix):
            blocks.append(block)
            left -= block.shape[0]
            if left <= 0:
                break
        return np.concatenate(blocks), file.sample_rate_hz


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
