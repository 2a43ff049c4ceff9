"""What a scene is, wherever its pixels lie: a place on the ground, and windows of bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a * column + b * row + c, y = d * column + e * row + f, at pixel corners."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pixels of a scene lie.

    Attributes
    ----------
    height, width : int
        Rows and columns.
    crs : str
        Well-known text of the coordinate reference system.
    transform : tuple of float
        From pixels to coordinates.
    """

    height: int
    width: int
    crs: str
    transform: Affine

    @property
    def resolution(self) -> tuple[float, float]:
        """Height and width of a pixel, in the unit of the coordinates."""
        a, b, _, d, e, _ = self.transform
        return math.hypot(b, e), math.hypot(a, d)

    def coarser(self, factor: int) -> Place:
        """The place of pixels `factor` times as large; what is left over at the ends is dropped."""
        a, b, c, d, e, f = self.transform
        larger = (a * factor, b * factor, c, d * factor, e * factor, f)
        return Place(self.height // factor, self.width // factor, self.crs, larger)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a scene.

    Attributes
    ----------
    values : ndarray
        [bands, rows, columns] in the contract's band order, as the scene has them.
    masked : ndarray of bool
        [rows, columns], where the scene itself says that it has no data.
    """

    values: NDArray[Any]
    masked: NDArray[np.bool_]


class Scene(Protocol):
    """Windows of a scene, in the contract's band order."""

    @property
    def place(self) -> Place:
        """Where its pixels lie."""

    def read(self, row: int, column: int, height: int, width: int) -> Window:
        """A window that lies inside the scene."""
