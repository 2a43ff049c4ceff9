"""WAV files read with numpy alone, so that a bare install can verify a sound bundle.

Follows the RIFF/WAVE layout: chunks of (four letters, size, bytes padded to even), of which ``fmt ``
states the samples and ``data`` holds them. The standard library's reader knows neither float samples nor
the extensible header. Only headers are read here at once; :mod:`fieldpack.preprocess.sound` fetches the
samples block by block.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
_OPEN_END = (0, 0xFFFFFFFF)
_DECODED = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}


@dataclass(frozen=True, slots=True)
class Format:
    """The ``fmt `` chunk."""

    coding: int
    channels: int
    sample_rate_hz: int
    bits: int
    frame_bytes: int


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where the samples of a WAV file lie.

    Attributes
    ----------
    form : Format
        How they are coded.
    start, size_bytes : int
        Their place in the file, whole frames only.
    remark : str or None
        What the header does not tell rightly, though the samples can be read.
    """

    form: Format
    start: int
    size_bytes: int
    remark: str | None

    @property
    def frames(self) -> int:
        """Samples of one channel."""
        return self.size_bytes // self.form.frame_bytes


def find_wav(path: Path, file: BinaryIO, length: int) -> WavLayout | None:
    """Read the headers of a WAV file.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
        At any position.
    length : int
        Bytes of the file.

    Returns
    -------
    WavLayout or None
        None for another kind of file, or a coding that only other readers know.

    Raises
    ------
    InputError
        The file is truncated or its header is wrong; the message names `path`.
    """
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    chunks, remark = _chunks(path, file, length)
    if "fmt " not in chunks or "data" not in chunks:
        raise InputError(
            f"{path} is a WAV file without format or samples", came=", ".join(chunks) or "no chunk"
        )
    start, size = chunks["fmt "]
    file.seek(start)
    form = _format(path, file.read(min(size, 40)))
    if (form.coding, form.bits) not in _DECODED:
        return None
    if form.frame_bytes * 8 != form.channels * form.bits:
        raise InputError(
            f"{path} contradicts itself: its header counts {form.frame_bytes} bytes a frame",
            came=f"{form.channels} channel(s) of {form.bits} bits",
            hint="write the file again",
        )
    start, size = chunks["data"]
    return WavLayout(form, start, size - size % form.frame_bytes, remark)


def decode(form: Format, data: bytes) -> NDArray[np.float32]:
    """Whole frames as numbers.

    Integers are divided by 2 to the power of (bits - 1), so that they lie in -1..1.

    Returns
    -------
    ndarray
        float32 [n, channels].
    """
    return _samples(form, data).reshape(-1, form.channels)


def _chunks(path: Path, file: BinaryIO, length: int) -> tuple[dict[str, tuple[int, int]], str | None]:
    """(start, size) of each chunk by name, and what is wrong behind the samples."""
    found: dict[str, tuple[int, int]] = {}
    position = 12
    while position + 8 <= length:
        file.seek(position)
        name, size = _chunk_head(file.read(8))
        position += 8
        left = length - position
        if name == "data" and size in _OPEN_END and "data" not in found:
            size = left
        if size > left and name in ("fmt ", "data") and name not in found:
            raise InputError(
                f"{path} is truncated",
                came=f"{left} bytes of a {name.strip()} chunk of {size}",
                hint="copy the file again, or leave it out",
            )
        if "data" in found and (size > left or not name.isascii() or not name.isprintable()):
            return found, f"{left + 8} bytes follow that the header does not count; they are not heard"
        found.setdefault(name, (position, size))
        position += size + size % 2
    return found, None


def _chunk_head(head: bytes) -> tuple[str, int]:
    (size,) = struct.unpack_from("<I", head, 4)
    return head[:4].decode("latin-1"), size


def _format(path: Path, chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise InputError(f"{path} has a format chunk of {len(chunk)} bytes", allowed="at least 16")
    coding, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == EXTENSIBLE and len(chunk) >= 26:
        (coding,) = struct.unpack_from("<H", chunk, 24)
    if channels < 1 or rate < 1:
        raise InputError(f"{path} states {channels} channels at {rate} Hz", allowed="at least 1")
    return Format(coding, channels, rate, bits, frame_bytes)


def _samples(form: Format, data: bytes) -> NDArray[np.float32]:
    if form.coding == FLOAT:
        return np.frombuffer(data, f"<f{form.bits // 8}").astype(np.float32)
    if form.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if form.bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    return (np.frombuffer(data, f"<i{form.bits // 8}") / 2.0 ** (form.bits - 1)).astype(np.float32)
