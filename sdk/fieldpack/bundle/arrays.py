"""``.npy`` files of golden vectors: the narrow subset that a phone reads in twenty lines.

Version 1.0, little-endian float32 or uint8, C order, 64-byte aligned header. The header is
written here and not by numpy, whose padding changed between releases.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldpack.errors import BundleError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(<f4|\|u1)', 'fortran_order': False, 'shape': "
    rb"\(((?:[0-9]{1,10}, )*[0-9]{1,10}|[0-9]{1,10},)\), \} *\n"
)
_ALIGNMENT = 64
_ITEM_BYTES = {"<f4": 4, "|u1": 1}
_ALLOWED = "a .npy of version 1.0, little-endian float32 or uint8, C order, one axis or more"


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """What the header of a ``.npy`` says."""

    descr: str
    shape: tuple[int, ...]
    offset: int


def array_facts(data: bytes, where: str) -> ArrayFacts:
    """Read and check the header; the data behind it has exactly the size that it says.

    Raises
    ------
    BundleError
        The bytes are no such ``.npy``.
    """
    if len(data) < 10 or not data.startswith(_MAGIC):
        raise BundleError(f"{where} is no array file", allowed=_ALLOWED)
    offset = 10 + struct.unpack_from("<H", data, 8)[0]
    match = _HEADER.fullmatch(data, 10, min(offset, len(data)))
    if match is None:
        raise BundleError(f"{where} has a header that is not allowed", allowed=_ALLOWED)
    descr = match[1].decode("ascii")
    shape = tuple(int(part) for part in match[2].decode("ascii").split(",") if part.strip())
    expected = offset + math.prod(shape) * _ITEM_BYTES[descr]
    if len(data) != expected:
        raise BundleError(
            f"{where} does not have the size its header says",
            came=f"{len(data)} bytes",
            allowed=f"{expected}",
        )
    return ArrayFacts(descr, shape, offset)


def read_array(data: bytes, where: str) -> NDArray[Any]:
    """The array of a ``.npy`` file, a fresh copy.

    Raises
    ------
    BundleError
        The bytes are no such ``.npy``.
    """
    import numpy as np

    facts = array_facts(data, where)
    return np.frombuffer(data, facts.descr, offset=facts.offset).reshape(facts.shape).copy()


def npy_bytes(array: NDArray[np.float32] | NDArray[np.uint8]) -> bytes:
    """The bytes of a ``.npy`` file, the same with every numpy.

    Parameters
    ----------
    array : ndarray
        float32 or uint8, one axis or more.

    Raises
    ------
    BundleError
        The array has another type, or no axis.
    """
    import numpy as np

    plain = np.ascontiguousarray(array)
    if array.ndim == 0 or array.dtype.newbyteorder("=") not in (np.float32, np.uint8):
        raise BundleError(
            "an array cannot be stored", came=f"{array.dtype} of shape {array.shape}", allowed=_ALLOWED
        )
    descr = "|u1" if plain.dtype == np.uint8 else "<f4"
    shape = repr(tuple(int(size) for size in plain.shape))
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode("ascii")
    padding = -(len(_MAGIC) + 2 + len(text) + 1) % _ALIGNMENT
    header = text + b" " * padding + b"\n"
    return _MAGIC + struct.pack("<H", len(header)) + header + plain.astype(descr, copy=False).tobytes()
