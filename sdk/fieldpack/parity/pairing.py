"""Checks that two arrays can be compared, and walks over them in blocks of float64 rows.

Outputs can be as wide as 100,000 classes; nothing here holds more than a block in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError

CELLS_A_BLOCK = 2_000_000

Numbers = NDArray[Any]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def paired_arrays(source: ArrayLike, flavour: ArrayLike) -> tuple[Numbers, Numbers]:
    """Both outputs as arrays of one shape with a leading axis of items.

    Raises
    ------
    InputError
        When they are not real numbers, have no axis, or differ in shape.
    """
    first, second = np.asarray(source), np.asarray(flavour)
    for name, array in (("source", first), ("flavour", second)):
        if array.dtype.kind not in "fiub":
            raise InputError(f"the outputs of the {name} are not real numbers", came=array.dtype)
        if array.ndim == 0:
            raise InputError(f"the outputs of the {name} have no axis of items", came="a single number")
    if first.shape != second.shape:
        raise InputError(
            "source and flavour must be compared on the same items and outputs",
            came=f"source {first.shape}, flavour {second.shape}",
            allowed="equal shapes",
        )
    return first, second


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices that cover all rows, each of at most ``CELLS_A_BLOCK`` cells or one row."""
    size = max(1, CELLS_A_BLOCK // max(columns, 1))
    for first in range(0, rows, size):
        yield slice(first, min(first + size, rows))


def finite_rows(block: Numbers) -> tuple[Floats, Flags]:
    """A block in float64 with broken rows set to 0, and which rows are whole."""
    values = block.astype(np.float64)
    whole = np.asarray(np.isfinite(values).all(axis=tuple(range(1, values.ndim))))
    values[~whole] = 0.0
    return values, whole
