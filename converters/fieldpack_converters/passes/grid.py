"""Integer grids of weights: scales that both converters find again in the written-back floats.

A converter takes the largest weight of a channel or block as 127 (8 bits) or 7 (4 bits) steps. A pass that
chose integers writes ``steps * scale`` back with one weight of each channel or block at the last step;
then every converter derives the same scale and the same integers. A factor of a whole output channel, as
a folded batch norm is one, changes neither.

Block scales are rounded to bfloat16: TFLite keeps no more of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpack.errors import SpecError
from fieldpack_converters.opened_source import Array

LAST_STEP = {8: 127, 4: 7}
"""Bits -> largest step; the smallest is its negative."""
SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""Shares of the largest weight that a searched scale may reach up to."""
_LEAST = 1e-20
_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Grid:
    """Scales of a weight matrix.

    Attributes
    ----------
    scales : ndarray
        float32 [O, B], one for each output and block of inputs; B is 1 where a whole channel shares one.
    last : int
        Largest step.
    width : int
        Columns that share a scale.
    """

    scales: Array
    last: int
    width: int

    def spread(self, rows: slice) -> Array:
        """Scales of some rows for every column, float32 [R, B * width]."""
        return np.repeat(self.scales[rows], self.width, axis=1)

    def nearest(self, weights: Array) -> Array:
        """int8 [O, K]: every weight to its nearest step."""
        steps = np.empty(weights.shape, np.int8)
        for rows in row_slices(weights.shape[0]):
            ratio = weights[rows] / self.spread(rows)
            steps[rows] = np.clip(np.rint(ratio), -self.last, self.last)
        return steps

    def real(self, steps: Array) -> Array:
        """float32 [O, K] of steps [O, K]."""
        weights = np.empty(steps.shape, np.float32)
        for rows in row_slices(steps.shape[0]):
            weights[rows] = steps[rows] * self.spread(rows)
        return weights

    def held(self, weights: Array) -> Array:
        """int8 [O, K]: the last step where a channel or block has its largest weight, 0 elsewhere.

        That weight stays there, so that a converter finds the scale again.
        """
        outputs, inputs = weights.shape
        blocks = np.abs(weights).reshape(outputs, -1, self.width)
        found = np.zeros(blocks.shape, bool)
        np.put_along_axis(found, blocks.argmax(axis=2)[:, :, None], True, axis=2)
        signs = np.sign(weights).astype(np.int8) * np.int8(self.last)
        return np.where(found.reshape(outputs, inputs), signs, np.int8(0))


def row_slices(count: int, size: int = _ROWS) -> list[slice]:
    """Slices of at most `size` rows, so that work arrays stay small beside a large head."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def grid_of(weights: Array, bits: int, width: int | None = None, importance: Array | None = None) -> Grid:
    """The grid of a matrix.

    Parameters
    ----------
    weights : ndarray
        float32 [O, K].
    bits : int
        8 or 4.
    width : int, optional
        Columns that share a scale; all where None.
    importance : ndarray, optional
        float [K] or [O, K], mean square of each input. With it each scale is the one of ``SHRINKS`` whose
        nearest rounding has the least weighted squared error; else the largest weight is the last step.

    Raises
    ------
    SpecError
        The width does not divide the columns.
    """
    outputs, inputs = weights.shape
    width = width or inputs
    if inputs % width:
        raise SpecError(
            "the block size does not divide the inputs of a layer",
            came=width,
            allowed=f"a divisor of {inputs}",
        )
    last, blocks = LAST_STEP[bits], inputs // width
    scales = np.empty((outputs, blocks), np.float32)
    for rows in row_slices(outputs):
        part = weights[rows].reshape(-1, blocks, width)
        largest = np.maximum(np.abs(part).max(axis=2), _LEAST)
        share: Array = np.ones((), np.float32)
        if importance is not None:
            importances = importance if importance.ndim == 1 else importance[rows]
            share = _best_share(part, largest, importances.reshape(-1, blocks, width), last)
        scales[rows] = largest * share / last
    return Grid(scales if blocks == 1 else to_bfloat16(scales), last, width)


def _best_share(part: Array, largest: Array, importance: Array, last: int) -> Array:
    """float32 [R, B]: for each block the share with the least weighted squared error."""
    best = np.ones_like(largest)
    least = np.full(largest.shape, np.inf)
    for share in SHRINKS:
        scale = (largest * share / last)[:, :, None]
        error = part - np.clip(np.rint(part / scale), -last, last) * scale
        loss = np.asarray((np.square(error) * importance).sum(axis=2))
        better = loss < least
        best[better], least[better] = share, loss[better]
    return best


def to_bfloat16(values: Array) -> Array:
    """float32 values rounded to the nearest bfloat16, ties to even, as float32 again."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)
