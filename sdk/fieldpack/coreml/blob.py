"""Reads MILBlob version 2, the weight file inside a ``.mlpackage``.

Layout (``StorageFormat.hpp`` of coremltools, all little endian): a 64-byte header (count of
blobs, version, reserved), then for every blob a 64-byte record (sentinel ``0xDEADBEEF``, data
type, size in bytes, offset of the data, padding in bits, reserved) and its data, each aligned to
64 bytes. Types below one byte are bit-packed, least significant bit first; ``padding in bits``
says how many bits of the last byte mean nothing.

The file is mapped read-only and nothing is copied until a blob is asked for. Every number that
comes from the file is checked before it is used, since a package may come from anywhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError, StorageError

ALIGNMENT = 64
SENTINEL = 0xDEADBEEF
VERSION = 2
_HEADER = struct.Struct("<II")
_RECORD = struct.Struct("<IIQQQ")


@dataclass(frozen=True, slots=True)
class BlobType:
    """How one blob data type is stored: ``bits`` per element, ``carrier`` is the numpy type it unpacks to."""

    name: str
    bits: int
    carrier: str


#: Blob data type number -> storage. Numbers are those of the writer's ``BlobDataType``.
BLOB_TYPES: dict[int, BlobType] = {
    1: BlobType("float16", 16, "<f2"),
    2: BlobType("float32", 32, "<f4"),
    3: BlobType("uint8", 8, "|u1"),
    4: BlobType("int8", 8, "|i1"),
    5: BlobType("bfloat16", 16, "<u2"),
    6: BlobType("int16", 16, "<i2"),
    7: BlobType("uint16", 16, "<u2"),
    8: BlobType("int4", 4, "|i1"),
    9: BlobType("uint1", 1, "|u1"),
    10: BlobType("uint2", 2, "|u1"),
    11: BlobType("uint4", 4, "|u1"),
    12: BlobType("uint3", 3, "|u1"),
    13: BlobType("uint6", 6, "|u1"),
    14: BlobType("int32", 32, "<i4"),
    15: BlobType("uint32", 32, "<u4"),
    16: BlobType("float8e4m3fn", 8, "|u1"),
    17: BlobType("float8e5m2", 8, "|u1"),
}


@dataclass(frozen=True, slots=True)
class Blob:
    """One checked record: ``dtype`` name, ``count`` of elements, ``size_bytes``, ``offset`` of the data."""

    dtype: str
    bits: int
    carrier: str
    count: int
    size_bytes: int
    offset: int


class BlobFile:
    """A weight file, mapped read-only.

    Parameters
    ----------
    path : Path
        ``weight.bin``.

    Raises
    ------
    StorageError
        The file cannot be read.
    ModelFileError
        The header is missing or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            if size < ALIGNMENT:
                raise self._wrong(
                    "is too short for its header", f"{size} bytes", f"at least {ALIGNMENT} bytes"
                )
            self._bytes: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        except OSError as error:
            raise StorageError(f"Weight file {path} cannot be read", came=error) from error
        self.count, version = _HEADER.unpack(self._bytes[: _HEADER.size].tobytes())
        if version != VERSION:
            raise self._wrong("is of an unknown version", version, f"version {VERSION}")

    def record(self, offset: int) -> Blob:
        """Check and return the record at ``offset`` bytes.

        Raises
        ------
        ModelFileError
            The offset is not aligned or outside the file, the sentinel is wrong, the data type is
            unknown, or the data leaves the file.
        """
        end = len(self._bytes)
        if offset % ALIGNMENT or not ALIGNMENT <= offset <= end - ALIGNMENT:
            raise self._wrong(
                "has no record at the offset that the model names",
                offset,
                f"a multiple of {ALIGNMENT} from {ALIGNMENT} to {end - ALIGNMENT}",
            )
        raw = self._bytes[offset : offset + _RECORD.size].tobytes()
        sentinel, number, size, start, padding = _RECORD.unpack(raw)
        if sentinel != SENTINEL:
            raise self._wrong(f"has a damaged record at {offset}", f"{sentinel:#010x}", f"{SENTINEL:#010x}")
        if number not in BLOB_TYPES:
            raise self._wrong(f"has an unknown data type at {offset}", number, f"1 to {max(BLOB_TYPES)}")
        if start % ALIGNMENT or start < ALIGNMENT or start + size > end:
            raise self._wrong(
                f"has data that leave the file at {offset}",
                f"bytes {start} to {start + size}",
                f"up to {end}",
            )
        kind = BLOB_TYPES[number]
        used = size * 8 - padding
        if padding >= max(8, kind.bits) or used < 0 or used % kind.bits:
            raise self._wrong(
                f"has a size that does not fit {kind.name} at {offset}",
                f"{size} bytes less {padding} bits",
                f"a multiple of {kind.bits} bits",
            )
        return Blob(kind.name, kind.bits, kind.carrier, used // kind.bits, size, start)

    def read(self, offset: int) -> tuple[Blob, NDArray[Any]]:
        """The record at ``offset`` and its elements.

        Returns
        -------
        tuple of Blob and array ``[count]``
            A read-only view of the mapped file for types of whole bytes, an unpacked copy (int8 or
            uint8) for types below one byte. Eight-bit and bfloat16 floats come as their raw codes.
        """
        blob = self.record(offset)
        raw = self._bytes[blob.offset : blob.offset + blob.size_bytes]
        if blob.bits % 8:
            return blob, unpack_bits(raw, blob.bits, blob.count, signed=blob.dtype.startswith("int"))
        return blob, np.asarray(raw).view(blob.carrier)

    def _wrong(self, what: str, came: object, allowed: str) -> ModelFileError:
        return ModelFileError(
            f"Weight file {self.path.name} {what}",
            came=came,
            allowed=allowed,
            hint="the package is truncated or damaged; convert or download it again",
        )


def unpack_bits(raw: NDArray[np.uint8], bits: int, count: int, signed: bool = False) -> NDArray[Any]:
    """Unpack ``count`` fields of ``bits`` bits, first element in the least significant bits.

    Parameters
    ----------
    raw : uint8 array ``[M]``
        ``M >= ceil(count * bits / 8)``.
    bits : int
        1 to 8.
    signed : bool
        Two's complement fields; the result is int8 instead of uint8.
    """
    if len(raw) * 8 < count * bits:
        raise ModelFileError(
            "Packed weights are too short",
            came=f"{len(raw)} bytes",
            allowed=f"{-(-count * bits // 8)} bytes for {count} values of {bits} bits",
        )
    codes = _fields(np.asarray(raw, dtype=np.uint8), bits, count)
    if not signed:
        return codes
    half = 1 << (bits - 1)
    return (codes.astype(np.int16) - (codes >= half) * (1 << bits)).astype(np.int8)


def _fields(raw: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.uint8]:
    if 8 % bits == 0:  # no field crosses a byte
        shifts = np.arange(0, 8, bits, dtype=np.uint8)
        return ((raw[:, None] >> shifts) & np.uint8((1 << bits) - 1)).ravel()[:count]
    flat = np.unpackbits(raw, bitorder="little", count=count * bits).reshape(count, bits)
    return np.packbits(flat, axis=1, bitorder="little")[:, 0]
