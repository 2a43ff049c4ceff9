"""Train the embedded default: ``python -m fieldpack_reference_models.vision.train --out DIR``.

Everything is seeded: the pictures by the world, weights and order by ``SEED``, the archive by
fixed time stamps. The validation split serves for choices; the test split is looked at once, at
the end, for the card.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models import keras_archive
from fieldpack_reference_models.card import Spent, Trial
from fieldpack_reference_models.vision import card, network, world

SEED = 20250
DRAWN_AT_ONCE = 600
LOG = logging.getLogger("fieldpack.train")
_UPRIGHT = [world.CLASSES.index(name) for name in sorted(world.UPRIGHT)]


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """What decides the weights, besides the world and the network."""

    train_pictures: int = 15_000
    validation_pictures: int = 1_200
    test_pictures: int = 1_200
    epochs: int = 6
    batch: int = 48
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3


def pictures(split: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[dict[str, str]]]:
    """The first `count` pictures of a split: uint8 [count, 96, 96, 3], labels int64 [count], slices.

    Every processor draws its share; a picture depends on its split and number alone.
    """
    images = np.empty((count, network.SIDE_PX, network.SIDE_PX, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    slices: list[dict[str, str]] = []
    starts = range(0, count, DRAWN_AT_ONCE)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for start, drawn in zip(starts, pool.map(partial(_drawn, split, count), starts), strict=True):
            for row, sample in enumerate(drawn, start):
                images[row], labels[row] = sample.picture, sample.label
                slices.append(sample.slices)
    return images, labels, slices


def _drawn(split: str, count: int, start: int) -> list[world.Sample]:
    return [world.generate(split, index) for index in range(start, min(start + DRAWN_AT_ONCE, count))]


def _processor_s() -> float:
    """Processor seconds of this process and of those that drew for it."""
    return sum(os.times()[:4])


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels 0..255 as float32 in [-1, 1]: x / 127.5 - 1."""
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def train(recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe and versions give the same weights."""
    tensorflow, keras = _frameworks()
    keras.utils.set_random_seed(SEED)
    tensorflow.config.experimental.enable_op_determinism()
    images, labels, _ = pictures("train", recipe.train_pictures)
    watched, named, _ = pictures("validation", recipe.validation_pictures)
    LOG.info("generated %d pictures", recipe.train_pictures + recipe.validation_pictures)
    model = network.build(len(world.CLASSES))
    steps = recipe.epochs * (recipe.train_pictures // recipe.batch)
    pace = keras.optimizers.schedules.CosineDecay(
        1e-4, steps * 19 // 20, warmup_target=recipe.learning_rate, warmup_steps=steps // 20
    )
    model.compile(
        keras.optimizers.AdamW(pace, weight_decay=recipe.weight_decay),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    dice = np.random.default_rng(SEED)
    for epoch in range(recipe.epochs):
        seen = _epoch(model, images, labels, recipe.batch, dice)
        accuracy = float(np.mean(predict(model, watched).argmax(axis=1) == named))
        LOG.info("epoch %d: loss %.4f, validation accuracy %.4f", epoch + 1, seen, accuracy)
    return model


def _epoch(
    model: Any, images: NDArray[np.uint8], labels: NDArray[np.int64], batch: int, dice: np.random.Generator
) -> float:
    """One pass over the pictures in a fresh order, each batch turned and mirrored anew."""
    order = dice.permutation(len(images))
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        chosen = augmented(images[rows], labels[rows], dice)
        losses.append(float(model.train_on_batch(scaled(chosen), labels[rows])[0]))
        model.reset_metrics()
    return float(np.mean(losses))


def augmented(
    images: NDArray[np.uint8], labels: NDArray[np.int64], dice: np.random.Generator
) -> NDArray[np.uint8]:
    """Mirror half of the pictures; give the classes that lie any way round nought to three quarter turns."""
    turned = images.copy()
    quarters = np.where(np.isin(labels, _UPRIGHT), 0, dice.integers(0, 4, len(images)))
    for quarter in (1, 2, 3):
        turned[quarters == quarter] = np.rot90(images[quarters == quarter], quarter, axes=(1, 2))
    mirrored = dice.random(len(images)) < 0.5
    turned[mirrored] = turned[mirrored, :, ::-1]
    return turned


def predict(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities float32 [N, classes] for uint8 pictures [N, 96, 96, 3]."""
    rows = [
        np.asarray(model.predict_on_batch(scaled(images[i : i + 100]))) for i in range(0, len(images), 100)
    ]
    return np.concatenate(rows)


def save(model: Any, path: Path) -> None:
    """Save the inference model, without optimizer state, as a ``.keras`` archive of fixed time stamps."""
    _, keras = _frameworks()
    clean = network.build(len(world.CLASSES))
    clean.set_weights(model.get_weights())
    loose = path.with_suffix(".loose.keras")
    keras.saving.save_model(clean, loose)
    path.write_bytes(keras_archive.settled(loose.read_bytes()))
    loose.unlink()


def _frameworks() -> tuple[Any, Any]:
    try:
        import keras
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError(
            "Training needs TensorFlow and Keras.", came=str(error), hint="pip install 'fieldpack[keras]'"
        ) from error
    return tensorflow, keras


def main(arguments: list[str] | None = None) -> int:
    """Train, save ``model.keras`` and ``labels.txt``, test once, write ``card.json`` and ``card.md``."""
    parser = argparse.ArgumentParser(
        prog="python -m fieldpack_reference_models.vision.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the model, labels and card")
    out: Path = parser.parse_args(arguments).out
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    recipe = TrainingRecipe()
    wall, cpu = time.monotonic(), _processor_s()
    model = train(recipe)
    versions = {name: importlib.metadata.version(name) for name in ("tensorflow", "keras", "numpy", "pillow")}
    spent = Spent(time.monotonic() - wall, _processor_s() - cpu, os.cpu_count() or 1, versions)
    save(model, out / "model.keras")
    (out / "labels.txt").write_text("\n".join(world.CLASSES) + "\n", encoding="utf-8")
    images, labels, slices = pictures("test", recipe.test_pictures)
    trial = Trial(labels, predict(model, images).argmax(axis=1), slices)
    facts = card.facts(trial, recipe, spent, parameters=model.count_params(), model=out / "model.keras")
    card.write(facts, out)
    LOG.info("test accuracy %.4f; card in %s", facts["test"]["accuracy"], out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
