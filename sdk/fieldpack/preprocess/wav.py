"""WAV files read with numpy alone, so that a bare install can verify a sound bundle.

Follows the RIFF/WAVE layout: chunks of (four letters, size, bytes padded to even), of which ``fmt ``
states the samples and ``data`` holds them. The standard library's reader knows neither float samples nor
the extensible header.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
_OPEN_END = (0, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Format:
    """The ``fmt `` chunk."""

    coding: int
    channels: int
    sample_rate_hz: int
    bits: int


def is_wav(data: bytes) -> bool:
    """Whether the bytes begin as a RIFF/WAVE file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def read_wav(path: Path, data: bytes) -> tuple[NDArray[np.float32], int] | None:
    """Samples of a PCM (8, 16, 24, 32 bits) or float (32, 64 bits) WAV file.

    Integers are divided by 2 to the power of (bits - 1), so that they lie in -1..1.

    Returns
    -------
    tuple or None
        (float32 [n, channels], sample rate in Hz), or None for a coding that only other readers know.

    Raises
    ------
    InputError
        The file is truncated or its header is wrong; the message names `path`.
    """
    chunks = _chunks(path, data)
    if "fmt " not in chunks or "data" not in chunks:
        raise InputError(
            f"{path} is a WAV file without format or samples", came=", ".join(chunks) or "no chunk"
        )
    form = _format(path, chunks["fmt "])
    samples = _samples(form, chunks["data"])
    return None if samples is None else (samples.reshape(-1, form.channels), form.sample_rate_hz)


def _chunks(path: Path, data: bytes) -> dict[str, memoryview]:
    found: dict[str, memoryview] = {}
    view, position = memoryview(data), 12
    while position + 8 <= len(data):
        name = bytes(view[position : position + 4]).decode("latin-1")
        (size,) = struct.unpack_from("<I", data, position + 4)
        position += 8
        left = len(data) - position
        if name == "data" and size in _OPEN_END and "data" not in found:
            size = left
        if size > left and name in ("fmt ", "data"):
            raise InputError(
                f"{path} is truncated",
                came=f"{left} bytes of a {name.strip()} chunk of {size}",
                hint="copy the file again, or leave it out",
            )
        found.setdefault(name, view[position : position + size])
        position += size + size % 2
    return found


def _format(path: Path, chunk: memoryview) -> Format:
    if len(chunk) < 16:
        raise InputError(f"{path} has a format chunk of {len(chunk)} bytes", allowed="at least 16")
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == EXTENSIBLE and len(chunk) >= 26:
        (coding,) = struct.unpack_from("<H", chunk, 24)
    if channels < 1 or rate < 1:
        raise InputError(f"{path} states {channels} channels at {rate} Hz", allowed="at least 1")
    return Format(coding, channels, rate, bits)


def _samples(form: Format, chunk: memoryview) -> NDArray[np.float32] | None:
    size = form.channels * form.bits // 8
    if (form.coding, form.bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}:
        return None
    whole = chunk[: len(chunk) // size * size]
    if form.coding == FLOAT:
        return np.frombuffer(whole, f"<f{form.bits // 8}").astype(np.float32)
    if form.bits == 8:
        return (np.frombuffer(whole, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if form.bits == 24:
        wide = np.zeros((len(whole) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(whole, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    return (np.frombuffer(whole, f"<i{form.bits // 8}") / 2.0 ** (form.bits - 1)).astype(np.float32)
