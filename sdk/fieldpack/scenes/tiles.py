"""How a scene is cut into tiles: where they begin, and what each of them decides.

Tiles stand in rows and columns of a regular step, so that each lies alike on the grid to which a network
pools. The first begins a margin before the scene, rounded up to that grid, and the last ends a margin behind
it at least; what they see there is the scene's reflection, or nothing.
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
        First pixel of every tile; the first one may be negative, the last tile may end beyond the map.
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
        return max(self.starts[number], 0), min(self.starts[number] + self.tile, self.length)

    def inner(self, number: int) -> slice:
        """That span in the tile's own pixels."""
        first, end = self.span(number)
        return slice(first - self.starts[number], end - self.starts[number])


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tile sees of a scene along one axis.

    Attributes
    ----------
    first, end : int
        The lines of the scene that it needs, past-the-last; never more than the tile has.
    places : ndarray of int [tile]
        Which of them stands at each line of the tile.
    beyond : ndarray of bool [tile]
        Lines of the tile that lie beyond the scene's ends.
    """

    first: int
    end: int
    places: NDArray[np.intp]
    beyond: NDArray[np.bool_]


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
    uneven = whole and (contract.tiling.overlap % factor or contract.tiling.alignment % factor)
    if not whole or uneven or contract.tiling.overlap // factor < least:
        raise InputError(
            f"scenes cannot be tiled for input {contract.name!r}",
            came=f"answers of {answer[0]} by {answer[1]} pixels, overlap {contract.tiling.overlap}, "
            f"alignment {contract.tiling.alignment}",
            allowed=f"a whole share of {contract.height} by {contract.width} along both axes, an overlap "
            f"and an alignment that this factor divides, the overlap {least} pixels of the answer at least",
        )
    if min(height, width) < factor:
        raise InputError(
            "the scene is smaller than one pixel of the answer",
            came=f"{height} by {width}",
            allowed=f"{factor} by {factor} at least",
        )
    overlap, margin = contract.tiling.overlap // factor, margin_of(contract, factor)
    grid = contract.tiling.alignment // factor
    before = -(-margin // grid) * grid
    rows, columns = (
        _axis(length // factor, tile, tile - overlap, before, margin)
        for length, tile in zip((height, width), answer, strict=True)
    )
    return Tiles(rows, columns, factor)


def margin_of(contract: RasterInput, factor: int) -> int:
    """The margin in pixels of the answer, rounded up."""
    return -(-contract.tiling.margin // factor)


def _axis(length: int, tile: int, step: int, before: int, behind: int) -> Axis:
    """Tiles from `before` the map to `behind` it at least."""
    more = max(0, -(-(length + before + behind - tile) // step))
    return Axis(length, tile, tuple(number * step - before for number in range(more + 1)))


def seen_lines(start: int, count: int, length: int) -> Seen:
    """What lines `start` to ``start + count - 1`` are in a scene of `length` lines, mirrored at its ends.

    Line -1 is line 1 and line `length` is ``length - 2``, as in :func:`numpy.pad` with ``mode="reflect"``,
    again and again where the scene is smaller than what is asked for; a scene of one line is repeated.

    Parameters
    ----------
    start : int
        May be negative.
    count : int
        Lines of a tile.
    length : int
        Lines of the scene.
    """
    lines = np.arange(start, start + count)
    turn = max(2 * (length - 1), 1)
    places = lines % turn
    places = np.minimum(places, turn - places) if length > 1 else np.zeros_like(lines)
    first, end = int(places.min()), int(places.max()) + 1
    return Seen(first, end, places - first, np.asarray((lines < 0) | (lines >= length)))


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
