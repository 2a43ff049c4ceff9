"""Blocks of ground that stay together: what is judged lies apart from what was learned.

Cells near each other are alike, so folds are made of squares, and training cells within some metres of
other folds are left out: no crown is on both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.preprocess.raster import widened
from fieldpack_reference_models.canopy_torch.scenes import Scene

Masks = tuple[NDArray[np.bool_], ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Squares of the scenes that have heights.

    Attributes
    ----------
    numbers : tuple of ndarray
        int64 [H, W] for each scene: block of every cell, -1 where no height is known.
    folds : ndarray
        int64 [blocks], fold of each block.
    corners : tuple of (int, int, int)
        Scene, first row and first column of each block.
    """

    numbers: tuple[NDArray[np.int64], ...]
    folds: NDArray[np.int64]
    corners: tuple[tuple[int, int, int], ...]

    def of(self, folds: Collection[int]) -> Masks:
        """The known cells of some folds, for each scene."""
        wanted = np.append(np.isin(self.folds, list(folds)), False)
        return tuple(wanted[numbers] for numbers in self.numbers)

    def apart(self, folds: Collection[int], metres: int) -> Masks:
        """The known cells of some folds that are farther than `metres` from every cell of the others."""
        own = self.of(folds)
        others = self.of(set(self.folds.tolist()) - set(folds))
        return tuple(mask & ~widened(other, metres) for mask, other in zip(own, others, strict=True))


def make_blocks(scenes: Sequence[Scene], side_m: int, folds: int, seed: int) -> Blocks:
    """Cut scenes into squares of `side_m` and spread them over folds of about as many known cells.

    The largest block comes first, blocks of one size in an order of `seed`; each goes to the fold that has
    the fewest cells so far.
    """
    numbers: list[NDArray[np.int64]] = []
    corners: list[tuple[int, int, int]] = []
    sizes: list[int] = []
    for place, scene in enumerate(scenes):
        found: NDArray[np.int64] = np.full(scene.heights.shape, -1, np.int64)
        height, width = found.shape
        for row in range(0, height, side_m):
            for column in range(0, width, side_m):
                cut = np.s_[row : row + side_m, column : column + side_m]
                known = scene.known[cut]
                if known.any():
                    found[cut][known] = len(corners)
                    corners.append((place, row, column))
                    sizes.append(int(known.sum()))
        numbers.append(found)
    return Blocks(tuple(numbers), _spread(np.array(sizes), folds, seed), tuple(corners))


def _spread(sizes: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    ties = np.random.default_rng(seed).random(len(sizes))
    filled = np.zeros(folds, np.int64)
    found = np.empty(len(sizes), np.int64)
    for block in np.lexsort((ties, -sizes)):
        found[block] = int(filled.argmin())
        filled[found[block]] += sizes[block]
    return found
