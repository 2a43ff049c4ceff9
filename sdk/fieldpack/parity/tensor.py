"""Error between two tensors, for tables of layers and for locating where a flavour goes wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.parity.cosine import plain_cosine
from fieldpack.parity.pairing import Numbers, paired_arrays
from fieldpack.verdict import Stored, stored_number


@dataclass(frozen=True, slots=True)
class TensorError:
    """Distance of one tensor from its reference.

    ``sqnr_db`` is the signal-to-noise ratio ``10 log10(sum(s**2) / sum((s - f)**2))`` in decibels:
    infinite for equal tensors, minus infinity when only the reference is zero. ``cosine`` is
    ``None`` when either tensor is all zeros. Everything is NaN when a number is broken, and
    ``None`` for an empty tensor.
    """

    size: int
    finite: bool
    sqnr_db: float | None
    max_abs_error: float | None
    mean_abs_error: float | None
    cosine: float | None

    def as_dict(self) -> dict[str, Stored]:
        """Plain data, floats rounded to 6 significant digits."""
        return {name: stored_number(getattr(self, name)) for name in self.__slots__}


def compare_tensors(source: ArrayLike, flavour: ArrayLike) -> TensorError:
    """Compare two tensors of one shape, with at least one axis.

    Raises
    ------
    InputError
        When shapes or types do not fit.
    """
    first, second = (array.reshape(-1).astype(np.float64) for array in paired_arrays(source, flavour))
    if not first.size:
        return TensorError(0, True, None, None, None, None)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return TensorError(first.size, False, math.nan, math.nan, math.nan, math.nan)
    gap = np.abs(first - second)
    return TensorError(
        size=first.size,
        finite=True,
        sqnr_db=_sqnr_db(first, gap),
        max_abs_error=float(gap.max()),
        mean_abs_error=float(gap.mean()),
        cosine=plain_cosine(first, second),
    )


def _sqnr_db(signal: Numbers, gap: Numbers) -> float:
    power, noise = float(np.square(signal).sum()), float(np.square(gap).sum())
    if noise == 0:
        return math.inf
    return -math.inf if power == 0 else 10 * math.log10(power / noise)
