"""Rows that are written one after another and read back as one array, without filling the memory.

2,000 pictures of 224 x 224 are 300 MB. Above a few megabytes the rows therefore live in an unnamed
temporary file that is mapped: the operating system takes its pages back when memory is short,
and the file vanishes with the array.
"""

from __future__ import annotations

import mmap
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import StorageError

IN_MEMORY_BYTES = 32 * 2**20


class RowStore:
    """Collects rows of one shape and number format.

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    dtype : numpy.dtype
        Number format.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._shape = shape
        self._dtype = dtype
        self._count = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows [K, *shape].

        Raises
        ------
        StorageError
            The temporary folder is full.
        """
        try:
            self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        except OSError as error:
            raise StorageError(
                "prepared data cannot be written to the temporary folder",
                came=error.strerror,
                hint="make room, or set TMPDIR to a folder with more",
            ) from error
        self._count += rows.shape[0]

    def array(self) -> NDArray[Any]:
        """All rows, read-only [N, *shape]. Nothing can be added afterwards."""
        shape = (self._count, *self._shape)
        size_bytes = self._count * int(np.prod(self._shape)) * self._dtype.itemsize
        self._file.flush()
        with self._file:
            if size_bytes <= IN_MEMORY_BYTES:
                self._file.seek(0)
                return np.frombuffer(self._file.read(), self._dtype).reshape(shape)
            mapped = mmap.mmap(self._file.fileno(), size_bytes, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, self._dtype).reshape(shape)


def release(array: NDArray[Any]) -> None:
    """Give the pages of an array of :class:`RowStore` back to the operating system; it stays readable."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
