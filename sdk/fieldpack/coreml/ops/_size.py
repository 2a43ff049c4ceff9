"""A bound on results whose size an operator reads from a value and not from its inputs.

A few bytes of a damaged package can ask for any number of elements; they are counted before memory
is taken. Real networks stay far below: a float32 tensor at the bound takes 1 GiB.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from fieldpack.errors import ModelFileError

#: Most elements of one such result.
MOST_ELEMENTS = 2**28


def bounded(sizes: Iterable[int]) -> tuple[int, ...]:
    """The sizes of a tensor, none negative and not too many elements in all.

    Raises
    ------
    ModelFileError
        Otherwise.
    """
    kept = tuple(int(size) for size in sizes)
    if min(kept, default=0) < 0 or math.prod(kept) > MOST_ELEMENTS:
        raise ModelFileError(
            "a result has an impossible size",
            came=list(kept),
            allowed=f"sizes from 0, at most {MOST_ELEMENTS} elements",
        )
    return kept
