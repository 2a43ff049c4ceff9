"""The generated forest: stands of many heights, seen by a sensor of four bands, with clouds and gaps.

A landscape is drawn from a seed: canopy height from smooth noise of three scales, cut off where the land is
open, roughened crown by crown. The bands answer as those of real sensors do: red and the short-wave infrared
darken with the canopy, the near infrared brightens, all saturate with height, and what still tells a tall
stand from a lower one is the shade between crowns. The truth is the height with the error of a survey. No
place of the earth and no third party's work is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORLD = "fieldpack-forest-world-1"
BANDS = ("green", "red", "nir", "swir")
QUANTITY = "canopy_height"
TILE_PX = 128
TILES_A_SIDE = 2
TALLEST_M = 48.0
NO_DATA = 0
CLOUDS = 0.3
"""Share of landscapes with a cloud in them."""
GAPS = 0.2
"""Share of landscapes that the sensor saw in part."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Landscape:
    """A piece of the generated forest.

    Attributes
    ----------
    bands : ndarray
        uint16 [4, H, W], reflectance times 10,000; 0 where the sensor saw nothing.
    height : ndarray
        float32 [H, W], canopy height in metres as a survey gives it; NaN where the sensor saw nothing.
    stand : str
        ``open``, ``young`` or ``old``, by the mean height.
    """

    bands: NDArray[np.uint16]
    height: NDArray[np.float32]
    stand: str


def landscape(split: str, number: int, rows: int, columns: int) -> Landscape:
    """The landscape of that number; the same arguments give the same bytes."""
    seed = hashlib.sha256(f"{WORLD}/{split}/{number}".encode()).digest()
    dice = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
    canopy = _canopy(dice, rows, columns)
    bands = _bands(dice, canopy)
    if dice.random() < CLOUDS:
        cover = _bump(dice, rows, columns)
        bands = bands * (1 - cover) + cover * dice.uniform(0.6, 1.4)
    counts = np.clip(np.rint(bands * 10_000), 1, 65_535).astype(np.uint16)
    error = _bell(dice, canopy.shape) * (0.4 + 0.05 * canopy)
    height = np.round(np.maximum(canopy + error, 0), 2).astype(np.float32)
    if dice.random() < GAPS:
        unseen = _strip(dice, rows, columns)
        counts[:, unseen], height[unseen] = NO_DATA, np.nan
    mean = float(canopy.mean())
    return Landscape(counts, height, "open" if mean < 8 else "young" if mean < 18 else "old")


def dataset(
    split: str, count: int
) -> Iterator[tuple[str, NDArray[np.uint16], Mapping[str, NDArray[np.float32]], dict[str, str]]]:
    """Tiles with their truth, four a landscape; see ``[data]`` of ``pack.toml``."""
    side = TILE_PX * TILES_A_SIDE
    for place in range(-(-count // TILES_A_SIDE**2)):
        made = landscape(split, place, side, side)
        for part in range(min(TILES_A_SIDE**2, count - place * TILES_A_SIDE**2)):
            top, left = (TILE_PX * at for at in divmod(part, TILES_A_SIDE))
            cut = np.s_[top : top + TILE_PX, left : left + TILE_PX]
            slices = {"landscape": str(place), "stand": made.stand}
            yield f"{split}-{place}-{part}", made.bands[:, *cut], {QUANTITY: made.height[cut]}, slices


def tiles(split: str, count: int) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """The first `count` tiles of a split: uint16 [N, 4, H, W] and heights [N, H, W]."""
    items: list[Any] = list(dataset(split, count))
    return np.stack([item[1] for item in items]), np.stack([item[2][QUANTITY] for item in items])


def _canopy(dice: np.random.Generator, rows: int, columns: int) -> Floats:
    """Height of the canopy, m."""
    relief = sum(
        weight * _noise(dice, rows, columns, cell) for cell, weight in ((64, 0.55), (24, 0.3), (9, 0.15))
    )
    stand = np.clip((relief + dice.uniform(-0.25, 0.25) - 0.32) / 0.45, 0, 1)
    crowns = 1 + 0.25 * (_noise(dice, rows, columns, 3) - 0.5)
    return np.minimum(TALLEST_M * stand**1.2 * crowns, TALLEST_M)


def _bands(dice: np.random.Generator, canopy: Floats) -> Floats:
    """Reflectance [4, H, W] of canopy and ground, lit unevenly."""
    rows, columns = canopy.shape
    soil = 0.08 + 0.1 * _noise(dice, rows, columns, 20)
    open_sky = np.exp(-canopy / 7)
    shade = 1 - 0.022 * canopy * _noise(dice, rows, columns, 2)
    layers = (
        0.05 + 0.5 * soil * open_sky,
        0.03 + soil * open_sky,
        0.18 + 0.22 * (1 - np.exp(-canopy / 10)) - 0.05 * open_sky,
        0.07 + 1.3 * soil * np.exp(-canopy / 16),
    )
    light = dice.uniform(0.9, 1.1)
    grain = 1 + 0.02 * _bell(dice, (len(layers), rows, columns))
    return np.stack(layers) * shade * light * grain


def _bell(dice: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Bell-shaped variates of variance 1 from sums of uniform ones, which are the same on every machine."""
    total = sum(dice.random(shape) for _ in range(4))
    return np.asarray((total - 2.0) * np.sqrt(3.0), np.float64)


def _noise(dice: np.random.Generator, rows: int, columns: int, cell: int) -> Floats:
    """Smooth noise in 0..1 whose hills are about `cell` pixels wide."""
    grid = dice.random((rows // cell + 2, columns // cell + 2))
    (top, down), (left, right) = _steps(rows, cell), _steps(columns, cell)
    upper = grid[np.ix_(top, left)] * (1 - right) + grid[np.ix_(top, left + 1)] * right
    lower = grid[np.ix_(top + 1, left)] * (1 - right) + grid[np.ix_(top + 1, left + 1)] * right
    return np.asarray(upper * (1 - down[:, None]) + lower * down[:, None], np.float64)


def _steps(count: int, cell: int) -> tuple[NDArray[np.int64], Floats]:
    """Grid cell of every pixel, and how far into it the pixel lies, eased at both ends."""
    place = np.arange(count) / cell
    whole = place.astype(np.int64)
    part = place - whole
    return whole, part * part * (3 - 2 * part)


def _bump(dice: np.random.Generator, rows: int, columns: int) -> Floats:
    """A round cloud, 0..1."""
    row, column = dice.uniform(0, rows), dice.uniform(0, columns)
    radius = dice.uniform(0.06, 0.16) * min(rows, columns)
    far = np.hypot(np.arange(rows)[:, None] - row, np.arange(columns)[None, :] - column)
    return np.asarray(np.clip(1.5 - far / radius, 0, 1), np.float64)


def _strip(dice: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    """Everything on one side of a slanting line."""
    edge = dice.uniform(0.05, 0.3) * columns + dice.uniform(-0.2, 0.2) * np.arange(rows)
    return np.asarray(np.arange(columns)[None, :] < edge[:, None], np.bool_)
