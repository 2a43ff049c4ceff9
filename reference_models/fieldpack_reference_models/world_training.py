"""Training on a generated world, the same for pictures and sounds.

A world makes an item from (split, index), so every processor makes its share; AdamW under a cosine, seeded.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models import keras_archive
from fieldpack_reference_models.card import Spent, Trial

LOG = logging.getLogger("fieldpack.train")
DRAWN_AT_ONCE = 600
PREDICTED_AT_ONCE = 100
Item = TypeVar("Item")
Vary = Callable[[NDArray[Any], NDArray[np.int64], np.random.Generator], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What decides the weights, besides the world and the network."""

    seed: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float


@dataclass(frozen=True, slots=True)
class Labelled:
    """Items of a split as the world stores them [N, ...], and their labels int64 [N]."""

    items: NDArray[Any]
    labels: NDArray[np.int64]


def drawn(generate: Callable[[str, int], Item], split: str, count: int) -> list[Item]:
    """The first `count` items of a split; an item depends on its split and number alone."""
    starts = range(0, count, DRAWN_AT_ONCE)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        shares = pool.map(partial(_share, generate, split, count), starts)
        return [item for share in shares for item in share]


def _share(generate: Callable[[str, int], Item], split: str, count: int, start: int) -> list[Item]:
    return [generate(split, index) for index in range(start, min(start + DRAWN_AT_ONCE, count))]


def begin(seed: int) -> None:
    """Seed every source of chance; the same seed and versions give the same weights.

    Raises
    ------
    MissingDependencyError
        TensorFlow or Keras is not installed.
    """
    try:
        import keras
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError(
            "Training needs TensorFlow and Keras.", came=str(error), hint="pip install 'fieldpack[keras]'"
        ) from error
    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()


def fit(
    model: Any,
    seen: Labelled,
    watched: Labelled,
    schedule: Schedule,
    vary: Vary,
    prepared: Callable[..., Any],
) -> None:
    """Train `model`, whose output is a softmax.

    Parameters
    ----------
    model : keras.Model
        Untrained.
    seen, watched : Labelled
        What it learns from, and what its accuracy is logged on.
    schedule : Schedule
        How.
    vary : callable
        (items, labels, generator) -> the items of a batch, changed by chance.
    prepared : callable
        Items -> float32 inputs of the model.
    """
    import keras

    steps = schedule.epochs * (len(seen.labels) // schedule.batch)
    pace = keras.optimizers.schedules.CosineDecay(
        1e-4, steps * 19 // 20, warmup_target=schedule.learning_rate, warmup_steps=steps // 20
    )
    model.compile(
        keras.optimizers.AdamW(pace, weight_decay=schedule.weight_decay),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    dice = np.random.default_rng(schedule.seed)
    for epoch in range(schedule.epochs):
        loss = _epoch(model, seen, schedule.batch, dice, lambda i, n, d: prepared(vary(i, n, d)))
        share = float(np.mean(predict(model, watched.items, prepared).argmax(axis=1) == watched.labels))
        LOG.info("epoch %d: loss %.4f, validation accuracy %.4f", epoch + 1, loss, share)


def _epoch(model: Any, seen: Labelled, batch: int, dice: np.random.Generator, made: Vary) -> float:
    """One pass in a fresh order; returns the mean loss."""
    order = dice.permutation(len(seen.labels))
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        inputs = made(seen.items[rows], seen.labels[rows], dice)
        losses.append(float(model.train_on_batch(inputs, seen.labels[rows])[0]))
        model.reset_metrics()
    return float(np.mean(losses))


def predict(
    model: Any, items: Sequence[Any] | NDArray[Any], prepared: Callable[..., Any]
) -> NDArray[np.float32]:
    """Probabilities float32 [N, classes]."""
    starts = range(0, len(items), PREDICTED_AT_ONCE)
    rows = [np.asarray(model.predict_on_batch(prepared(items[i : i + PREDICTED_AT_ONCE]))) for i in starts]
    return np.concatenate(rows)


def save(model: Any, clean: Any, path: Path) -> None:
    """Save the weights in a `clean` model without optimiser state, as a ``.keras`` archive of fixed dates."""
    import keras

    clean.set_weights(model.get_weights())
    loose = path.with_suffix(".loose.keras")
    keras.saving.save_model(clean, loose)
    path.write_bytes(keras_archive.settled(loose.read_bytes()))
    loose.unlink()


@dataclass(frozen=True, slots=True)
class Program:
    """A model of a generated world, as its training command needs it.

    Attributes
    ----------
    module : str
        Of the command.
    classes : sequence of str
        In output order.
    network : callable
        () -> the untrained ``keras.Model``.
    train : callable
        () -> the trained one.
    test : callable
        () -> the labelled items of the test split, and their slices.
    prepared : callable
        Items -> inputs of the model.
    packages : tuple of str
        Whose versions the card names.
    card : callable
        (trial, time spent, parameters, file of the weights, folder): writes the card.
    """

    module: str
    classes: Sequence[str]
    network: Callable[[], Any]
    train: Callable[[], Any]
    test: Callable[[], tuple[Labelled, list[dict[str, str]]]]
    prepared: Callable[..., Any]
    packages: tuple[str, ...]
    card: Callable[[Trial, Spent, int, Path, Path], None]


def command(program: Program, arguments: Sequence[str] | None = None) -> int:
    """Train, save ``model.keras`` and ``labels.txt``, test once, write ``card.json`` and ``card.md``."""
    parser = argparse.ArgumentParser(prog=f"python -m {program.module}", description="Trains the model.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model, labels and card")
    out: Path = parser.parse_args(arguments).out
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    wall, cpu = time.monotonic(), _processor_s()
    model = program.train()
    versions = {name: importlib.metadata.version(name) for name in program.packages}
    spent = Spent(time.monotonic() - wall, _processor_s() - cpu, os.cpu_count() or 1, versions)
    save(model, program.network(), out / "model.keras")
    (out / "labels.txt").write_text("\n".join(program.classes) + "\n", encoding="utf-8")
    seen, slices = program.test()
    trial = Trial(seen.labels, predict(model, seen.items, program.prepared).argmax(axis=1), slices)
    program.card(trial, spent, model.count_params(), out / "model.keras", out)
    LOG.info("test accuracy %.4f; card in %s", (trial.guesses == trial.labels).mean(), out)
    return 0


def _processor_s() -> float:
    """Processor seconds of this process and of those that drew for it."""
    return sum(os.times()[:4])
