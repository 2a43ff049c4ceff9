"""How far neighbouring tiles differ where one's word ends and the other's begins.

At each cut the two answers of the pixel before it and of the pixel behind it are compared. With an overlap of
twice the receptive field's radius both tiles saw the same surroundings there, and the difference is rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Seam:
    """Differences along some cuts.

    Attributes
    ----------
    largest : float
        Largest absolute difference, in the unit of the output.
    total : float
        Sum of absolute differences.
    count : int
        Pixels compared.
    """

    largest: float = 0.0
    total: float = 0.0
    count: int = 0

    def joined(self, other: Seam) -> Seam:
        """Both together."""
        return Seam(max(self.largest, other.largest), self.total + other.total, self.count + other.count)

    @property
    def mean(self) -> float | None:
        """Mean absolute difference; None where nothing was compared."""
        return self.total / self.count if self.count else None

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain data."""
        return {"largest": self.largest if self.count else None, "mean": self.mean, "pixels": self.count}


def seam_between(first: NDArray[Any], second: NDArray[Any], known: NDArray[np.bool_]) -> Seam:
    """Compare two answers of the same pixels; only those where `known` is true count."""
    gaps = np.abs(first.astype(np.float64) - second.astype(np.float64))[known]
    if not gaps.size:
        return Seam()
    return Seam(float(gaps.max()), float(gaps.sum()), int(gaps.size))


def joined(seams: Iterable[Seam]) -> Seam:
    """All together."""
    whole = Seam()
    for seam in seams:
        whole = whole.joined(seam)
    return whole
