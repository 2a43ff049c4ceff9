"""A head of 80,000 classes made from real features, since no real one is at hand.

A picture's 2,048 features are what Coral's MobileNetV1 embedding makes of it, 1,024 of the whole picture and
1,024 of its central 70 %. The 40 classes of ``vision/`` have mean features M_c on the training pictures.
Class j of many has the mean m_j = M_(j mod 40) + spread * g_j, where g_j is drawn with the covariance of
all training features. The head is the nearest mean as a linear layer: row m_j, bias -|m_j|^2 / 2.

A picture of class j is a real one of class j mod 40, moved from that class's mean to m_j: its deviation from
the mean stays real. Training pictures give the calibration features, validation pictures the held-out ones,
four times each with other classes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.tflite.runner import TfliteRunner

FEATURES, CLASSES, SIDE = 2048, 80_000, 224
CENTRE = 0.15
"""Share of each side that the second crop leaves out."""
DRAWS = 4
_ROWS = 4000
EMBEDDING = "models/vision/coral/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Features float32 [N, 2048], classes int64 [N] and splits of real pictures."""

    features: Array
    classes: Array
    splits: Array


@dataclass(frozen=True, slots=True)
class Head:
    """Weights float32 [C, 2048], bias float32 [C]; features and virtual classes of both sets."""

    weights: Array
    bias: Array
    calibration: Array
    held_out: Array
    wanted: Array


def pictures_of(root: Path) -> Pictures:
    """The features of every picture of ``vision/`` whose split is train or val."""
    from PIL import Image

    runner = TfliteRunner(root / EMBEDDING, threads=2)
    with (root / "vision/manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in ("train", "val")]
    names = sorted({row["class"] for row in rows})
    features = []
    for row in rows:
        with Image.open(root / "vision" / row["path"]) as opened:
            picture = opened.convert("RGB")
        width, height = picture.size
        centre = picture.crop((
            round(width * CENTRE), round(height * CENTRE),
            round(width * (1 - CENTRE)), round(height * (1 - CENTRE)),
        ))  # fmt: skip
        features.append(np.concatenate([_embedding(runner, part) for part in (picture, centre)]))
    classes = np.array([names.index(row["class"]) for row in rows])
    return Pictures(np.stack(features), classes, np.array([row["split"] for row in rows]))


def _embedding(runner: TfliteRunner, picture: Any) -> Array:
    """1,024 features of an RGB picture, real values."""
    (name,) = (spec.name for spec in runner.inputs)
    (output,) = runner.outputs
    pixels = np.asarray(picture.resize((SIDE, SIDE), 2), np.uint8)[None]
    (found,) = runner.run({name: pixels}).values()
    steps = found.reshape(-1).astype(np.float32) - output.zero_point[0]
    return np.asarray(steps * output.scale[0], np.float32)


def head_of(pictures: Pictures, classes: int, spread: float, seed: int = 0) -> Head:
    """The head and the features that it is calibrated and judged on."""
    generator = np.random.default_rng(seed)
    training = pictures.splits == "train"
    kinds = int(pictures.classes.max()) + 1
    means = np.stack(
        [pictures.features[training & (pictures.classes == kind)].mean(axis=0) for kind in range(kinds)]
    )
    centred = pictures.features[training] - pictures.features[training].mean(axis=0)
    centred /= np.float32(np.sqrt(len(centred)))
    weights = means[np.arange(classes) % kinds].astype(np.float32)
    for start in range(0, classes, _ROWS):
        part = weights[start : start + _ROWS]
        part += np.float32(spread) * (
            generator.standard_normal((len(part), len(centred)), np.float32) @ centred
        )
    deviations = pictures.features - means[pictures.classes]
    sets = {}
    for split in ("train", "val"):
        chosen = np.repeat(np.flatnonzero(pictures.splits == split), DRAWS)
        drawn = generator.integers(0, classes // kinds, len(chosen)) * kinds + pictures.classes[chosen]
        sets[split] = ((weights[drawn] + deviations[chosen]).astype(np.float32), drawn)
    bias = -0.5 * np.square(weights).sum(axis=1)
    return Head(weights, bias.astype(np.float32), sets["train"][0], *sets["val"])


def write_keras(weights: str, bias: str, path: str) -> dict[str, Any]:
    """Worker target: a Keras 3 model of one dense layer from two ``.npy`` files."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    rows = np.load(weights, mmap_mode="r")
    features = keras.Input((rows.shape[1],), name="features")
    layer = keras.layers.Dense(rows.shape[0], name="scores")
    model = keras.Model(features, layer(features))
    layer.set_weights([np.ascontiguousarray(rows.T), np.load(bias)])
    model.save(path)
    return {"parameters": int(model.count_params())}


def answers(path: Path, features: Array) -> Array:
    """Top-1 of a file for features [N, 2048], int64 [N]."""
    runner = TfliteRunner(path, threads=1)
    (name,) = (spec.name for spec in runner.inputs)
    return np.array([int(np.argmax(next(iter(runner.run({name: row[None]}).values())))) for row in features])
