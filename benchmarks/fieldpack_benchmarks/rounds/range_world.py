"""A generated world of species on the real grid of the earth, and a range model that has learned it.

A species lives in one to three ellipses on the sphere, half of them only where the elevation lies in their
band. The network is SINR's (Cole et al. 2023): a dense layer, residual blocks of two, and a head without
bias, on iNaturalist's five numbers. Blocks of 10 degrees are the groups that are drawn together.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID = "geo/global_grid/global_150km_h3_env.csv.gz"
BLOCK_DEGREES = 10
FEWEST_CELLS = 12
WIDTH, BLOCKS, EPOCHS, BATCH = 256, 4, 24, 512

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class World:
    """Cells of the grid and what lives there.

    Attributes
    ----------
    latitudes, longitudes, elevations_m : ndarray
        float64 [N]; the sea is at 0 m.
    presence : ndarray
        bool [N, species].
    judged : ndarray
        bool [N], a random half of the cells, on which maps are compared; thresholds and covariance see the
        rest, the network all: what is judged is compression.
    """

    latitudes: Array
    longitudes: Array
    elevations_m: Array
    presence: Array
    judged: Array

    @property
    def blocks(self) -> Array:
        """Number of the 10 degree block of each cell, int64 [N]."""
        rows = np.floor((self.latitudes + 90) / BLOCK_DEGREES).astype(np.int64)
        columns = np.floor((self.longitudes + 180) / BLOCK_DEGREES).astype(np.int64)
        return np.asarray(rows * 100 + columns)


def world_of(root: Path, species: int, cells: int | None = None, seed: int = 0) -> World:
    """So many species on the grid, or on a seeded sample of its cells."""
    generator = np.random.default_rng(seed)
    text = gzip.decompress((root / GRID).read_bytes()).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    if cells is not None:
        rows = [rows[place] for place in np.sort(generator.choice(len(rows), cells, replace=False))]
    numbers = np.array([[float(row["lat"]), float(row["lon"])] for row in rows])
    elevations = np.array([float(row["elevation_m"] or 0) for row in rows])
    points = _points(numbers[:, 0], numbers[:, 1])
    columns: list[Array] = []
    while len(columns) < species:
        found = _range(generator, points, elevations)
        if found.sum() >= FEWEST_CELLS:
            columns.append(found)
    _, place = np.unique(numbers, axis=0, return_inverse=True)  # some centres stand in two rows
    judged = (generator.uniform(size=len(rows)) < 0.5)[place.reshape(-1)]
    return World(numbers[:, 0], numbers[:, 1], elevations, np.stack(columns, axis=1), judged)


def _points(latitudes: Array, longitudes: Array) -> Array:
    """Unit vectors [N, 3]."""
    y, x = np.radians(latitudes), np.radians(longitudes)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=1)


def _range(generator: np.random.Generator, points: Array, elevations: Array) -> Array:
    """Where one species lives, bool [N]."""
    found = np.zeros(len(points), np.bool_)
    for _ in range(int(generator.integers(1, 4))):
        centre = points[generator.integers(len(points))]
        long = generator.standard_normal(3)
        long -= (long @ centre) * centre
        long /= np.linalg.norm(long)
        across = np.cross(centre, long)
        size = np.radians(np.exp(generator.uniform(np.log(3), np.log(30))))
        ratio = generator.uniform(0.4, 1.0)
        apart = np.arccos(np.clip(points @ centre, -1, 1))
        tangent = points - (points @ centre)[:, None] * centre
        scale = apart / np.maximum(np.linalg.norm(tangent, axis=1), 1e-12)
        reach = np.hypot(tangent @ long * scale / size, tangent @ across * scale / (size * ratio))
        found |= reach <= 1
    low = generator.uniform(-100, 1500)
    band = (elevations >= low) & (elevations <= low + generator.uniform(800, 5000))
    return found & (band if generator.uniform() < 0.5 else True)


def train(
    inputs: str, presence: str, path: str, epochs: int = EPOCHS, blocks: int = BLOCKS
) -> dict[str, Any]:
    """Worker target: train the network on every cell and save it as a Keras 3 model.

    Parameters
    ----------
    inputs, presence : str
        ``.npy`` float32 [N, 5], and bool [N, species].
    path : str
        The ``.keras`` file.
    """
    import os

    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    keras.utils.set_random_seed(0)
    vectors, truth = np.load(inputs), np.load(presence).astype(np.float32)
    place = keras.Input((vectors.shape[1],), name="place")
    values = keras.layers.Dense(WIDTH, activation="relu")(place)
    for _ in range(blocks):
        inner = keras.layers.Dense(WIDTH, activation="relu")(values)
        inner = keras.layers.Dense(WIDTH, activation="relu")(inner)
        values = keras.layers.Add()([values, inner])
    scores = keras.layers.Dense(truth.shape[1], use_bias=False, activation="sigmoid", name="head")(values)
    model = keras.Model(place, scores)
    steps = epochs * -(-len(vectors) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    model.fit(vectors, truth, batch_size=BATCH, epochs=epochs, verbose=0)
    model.save(path)
    return {"parameters": int(model.count_params())}
