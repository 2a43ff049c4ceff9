"""Tiles put together, one row of tiles after the other, in an order that nothing can change.

Answers are added in float64 from left to right and from top to bottom, whoever computed them and when; so
the map is the same bytes for any number of workers. Lines that no later tile can change are handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.scenes.seams import Seam, joined, seam_between
from fieldpack.scenes.tiles import Axis, Tiles, hann_weights


@dataclass(frozen=True, slots=True)
class TileAnswer:
    """What the model said of one tile, cut to the map.

    Attributes
    ----------
    values : ndarray
        float32 [outputs, rows, columns].
    missing : ndarray of bool
        [rows, columns], where there is no answer.
    """

    values: NDArray[np.float32]
    missing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Strip:
    """Finished lines of the map.

    Attributes
    ----------
    first : int
        Line of the map.
    values : ndarray
        float32 [outputs, lines, columns], NaN where there is no answer.
    """

    first: int
    values: NDArray[np.float32]

    @property
    def end(self) -> int:
        """The line after the last."""
        return self.first + int(self.values.shape[1])


class Mosaic:
    """The map of one scene, growing downwards.

    Parameters
    ----------
    tiles : Tiles
        The plan.
    outputs : int
        Numbers a pixel.
    blend : str
        ``crop`` or ``hann``.
    overlap, margin : int
        Of the contract, in pixels of the answer; what the weights of ``hann`` need.
    first_row : int
        Row of tiles that comes first; above 0 when a run goes on.
    """

    def __init__(
        self, tiles: Tiles, outputs: int, blend: str, overlap: int, margin: int, first_row: int = 0
    ) -> None:
        self._tiles, self._blend = tiles, blend
        self._overlap, self._margin = overlap, margin
        self._row = first_row
        height, width = min(tiles.rows.tile, tiles.rows.length), tiles.columns.length
        self._first = tiles.rows.span(first_row)[0]
        self._sums = np.zeros((outputs, height, width))
        self._weights = np.zeros((height, width))
        self._missing = np.zeros((height, width), np.bool_)
        self._above: Sequence[TileAnswer] = ()
        self.seams: dict[int, Seam] = {}

    def add_row(self, answers: Sequence[TileAnswer]) -> Strip:
        """Take the next row of tiles, from left to right; the lines that are finished now.

        Returns
        -------
        Strip
            Lines that begin where the last strip ended, with no line where nothing is finished yet.
        """
        row, last = self._row, self._row == len(self._tiles.rows.starts) - 1
        self.seams[row] = self._seam(row, answers)
        strip = self._cropped(row, answers) if self._blend == "crop" else self._blended(row, answers, last)
        self._above, self._row = answers, row + 1
        return strip

    def _cropped(self, row: int, answers: Sequence[TileAnswer]) -> Strip:
        (top, bottom), start = self._tiles.rows.own(row), self._tiles.rows.span(row)[0]
        values = np.empty((len(self._sums), bottom - top, self._tiles.columns.length), np.float32)
        for column, answer in enumerate(answers):
            left, right = self._tiles.columns.own(column)
            begin = self._tiles.columns.span(column)[0]
            inner = np.s_[top - start : bottom - start, left - begin : right - begin]
            part = values[:, :, left:right]
            part[:] = answer.values[:, *inner]
            part[:, answer.missing[inner]] = np.nan
        return Strip(top, values)

    def _blended(self, row: int, answers: Sequence[TileAnswer], last: bool) -> Strip:
        start = self._tiles.rows.span(row)[0]
        strip = self._finished(start - self._first)
        down = self._weight(self._tiles.rows, row)
        for column, answer in enumerate(answers):
            left, right = self._tiles.columns.span(column)
            rows = len(answer.missing)
            across = self._weight(self._tiles.columns, column)
            weights = down[:, None] * across
            self._sums[:, :rows, left:right] += answer.values * weights
            self._weights[:rows, left:right] += weights
            self._missing[:rows, left:right] |= answer.missing
        if not last:
            return strip
        rest = self._finished(self._tiles.rows.length - start)
        return Strip(strip.first, np.concatenate([strip.values, rest.values], axis=1))

    def _weight(self, axis: Axis, number: int) -> NDArray[np.float64]:
        return hann_weights(axis, number, self._overlap, self._margin)[axis.inner(number)]

    def _finished(self, lines: int) -> Strip:
        """Hand out the first lines, and move the rest up."""
        with np.errstate(invalid="ignore", divide="ignore"):
            values = (self._sums[:, :lines] / self._weights[:lines]).astype(np.float32)
        values[:, self._missing[:lines]] = np.nan
        strip = Strip(self._first, values)
        for array in (self._sums, self._weights[None], self._missing[None]):
            array[:, : array.shape[1] - lines] = array[:, lines:].copy()
            array[:, array.shape[1] - lines :] = 0
        self._first += lines
        return strip

    def _seam(self, row: int, answers: Sequence[TileAnswer]) -> Seam:
        """Within this row, and between it and the row above."""
        tiles = self._tiles
        top, bottom = (line - tiles.rows.span(row)[0] for line in tiles.rows.own(row))
        found = []
        for column, cut in enumerate(tiles.columns.cuts):
            pair = answers[column], answers[column + 1]
            begins = [tiles.columns.span(at)[0] for at in (column, column + 1)]
            parts = [
                (np.s_[top:bottom, max(cut - 1 - begin, 0) : cut + 1 - begin], one)
                for begin, one in zip(begins, pair, strict=True)
            ]
            found.append(_compared(*parts))
        if row and self._above:
            found += [self._between(row, column, answers) for column in range(len(answers))]
        return joined(found)

    def _between(self, row: int, column: int, answers: Sequence[TileAnswer]) -> Seam:
        tiles, cut = self._tiles, self._tiles.rows.cuts[row - 1]
        left, right = (line - tiles.columns.span(column)[0] for line in tiles.columns.own(column))
        begins = [tiles.rows.span(at)[0] for at in (row - 1, row)]
        pair = self._above[column], answers[column]
        parts = [
            (np.s_[max(cut - 1 - begin, 0) : cut + 1 - begin, left:right], one)
            for begin, one in zip(begins, pair, strict=True)
        ]
        return _compared(*parts)


def _compared(
    first: tuple[tuple[slice, slice], TileAnswer], second: tuple[tuple[slice, slice], TileAnswer]
) -> Seam:
    """Two tiles on the pixels before and behind a cut; nothing where they do not share both."""
    (here, one), (there, other) = first, second
    known = ~one.missing[here], ~other.missing[there]
    if known[0].shape != known[1].shape:
        return Seam()
    both = known[0] & known[1]
    return joined(
        seam_between(one.values[index][here], other.values[index][there], both)
        for index in range(len(one.values))
    )
