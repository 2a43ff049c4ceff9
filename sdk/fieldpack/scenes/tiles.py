"""How a scene is cut into tiles: where they begin, and what each of them decides.

Tiles stand in rows and columns of a regular step; the last of a row is moved back, so that it ends with the
scene. A scene smaller than a tile is one tile, filled up by reflection at its lower and right ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError


@dataclass(frozen=True, slots=True)
class Axis:
    """Tiles along one axis, in pixels of the answer.

    Attributes
    ----------
    length : int
        Pixels of the whole map.
    tile : int
        Pixels of one tile's answer.
    starts : tuple of int
        First pixel of every tile.
    """

    length: int
    tile: int
    starts: tuple[int, ...]

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where a tile's word ends and the next one's begins: the middle of their overlap."""
        return tuple((second + first + self.tile) // 2 for first, second in itertools.pairwise(self.starts))

    def own(self, number: int) -> tuple[int, int]:
        """First and past-the-last pixel that a tile decides."""
        ends = (0, *self.cuts, self.length)
        return ends[number], ends[number + 1]

    def span(self, number: int) -> tuple[int, int]:
        """First and past-the-last pixel of a tile inside the map."""
        return self.starts[number], min(self.starts[number] + self.tile, self.length)


@dataclass(frozen=True, slots=True)
class Tiles:
    """The plan of one scene.

    Attributes
    ----------
    rows, columns : Axis
        In pixels of the answer.
    factor : int
        Pixels of the scene for one of the answer, along each axis.
    """

    rows: Axis
    columns: Axis
    factor: int

    @property
    def count(self) -> int:
        """Tiles in all."""
        return len(self.rows.starts) * len(self.columns.starts)


def plan_tiles(contract: RasterInput, height: int, width: int, answer: tuple[int, int]) -> Tiles:
    """The plan for a scene.

    Parameters
    ----------
    contract : RasterInput
        Size of a tile, and the overlap.
    height, width : int
        Of the scene, pixels.
    answer : (int, int)
        Rows and columns that the model gives for a tile.

    Raises
    ------
    InputError
        A pixel of the answer is no whole number of the scene's, the overlap no whole number of the answer's,
        or the scene is smaller than one pixel of the answer.
    """
    factor = contract.height // answer[0] if answer[0] else 0
    least = 2 * margin_of(contract, factor) + (contract.tiling.blend == "hann") if factor else 0
    whole = bool(factor) and (answer[0] * factor, answer[1] * factor) == (contract.height, contract.width)
    if not whole or contract.tiling.overlap % factor or contract.tiling.overlap // factor < least:
        raise InputError(
            f"scenes cannot be tiled for input {contract.name!r}",
            came=f"answers of {answer[0]} by {answer[1]} pixels, overlap {contract.tiling.overlap}",
            allowed=f"a whole share of {contract.height} by {contract.width} along both axes, and an overlap "
            f"that this factor divides, of {least} pixels of the answer at least",
        )
    if min(height, width) < factor:
        raise InputError(
            "the scene is smaller than one pixel of the answer",
            came=f"{height} by {width}",
            allowed=f"{factor} by {factor} at least",
        )
    overlap = contract.tiling.overlap // factor
    return Tiles(
        _axis(height // factor, answer[0], overlap), _axis(width // factor, answer[1], overlap), factor
    )


def margin_of(contract: RasterInput, factor: int) -> int:
    """The margin in pixels of the answer, rounded up."""
    return -(-contract.tiling.margin // factor)


def _axis(length: int, tile: int, overlap: int) -> Axis:
    if length <= tile:
        return Axis(length, tile, (0,))
    starts = list(range(0, length - tile, tile - overlap))
    return Axis(length, tile, (*starts, length - tile))


def hann_weights(axis: Axis, number: int, overlap: int, margin: int) -> NDArray[np.float64]:
    """Weights [tile] of one tile along an axis.

    Nought over the margin, rising as a squared sine up to where the neighbour's margin begins, then 1, and
    the same backwards; 1 up to the end where there is no neighbour.
    """
    weights = np.ones(axis.tile)
    width = overlap - 2 * margin
    rise = np.ones(overlap)
    rise[:margin] = 0
    rise[margin : overlap - margin] = np.sin(np.pi * (np.arange(width) + 0.5) / (2 * width)) ** 2
    if number > 0:
        weights[:overlap] = rise
    if number < len(axis.starts) - 1:
        weights[axis.tile - overlap :] = np.minimum(weights[axis.tile - overlap :], rise[::-1])
    return weights


def tile_numbers(tiles: Tiles, row: int) -> Iterator[tuple[int, int]]:
    """(row, column) of every tile of a row, from left to right."""
    return ((row, column) for column in range(len(tiles.columns.starts)))
