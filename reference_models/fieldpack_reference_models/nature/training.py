"""One training loop for both frameworks: head first, then every layer at a small rate.

The frameworks differ in a :class:`Learner` only. Every draw of an epoch comes from the seed and the
number of the epoch, and the state is written after each epoch; so a killed run that is started again
ends in the same weights as one that was left alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import ImageInput
from fieldpack_reference_models.nature.augment import mixed, varied
from fieldpack_reference_models.nature.checkpoint import (
    Checkpoint,
    State,
    read_checkpoint,
    write_checkpoint,
)
from fieldpack_reference_models.nature.head import fit_head
from fieldpack_reference_models.nature.photos import Photos, tensors

LOG = logging.getLogger("fieldpack.train")
AT_ONCE = 64
Real = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the weights, besides the photos, the start weights and the network.

    Attributes
    ----------
    seed : int
        Of every draw.
    epochs, batch : int
        Passes over the training photos, and photos a step.
    peak_rate : float
        Learning rate after the warm-up of one epoch; a cosine leads it to 0.
    weight_decay : float
        Of AdamW.
    head_decay : float
        Weight of the squared norm in the fit of the head.
    smoothing : float
        Share of the target that is spread over all classes.
    mixup : float
        Parameter of the beta distribution, 0 for none.
    smallest_crop : float
        Least share of the area that a crop keeps.
    average : float
        Weight of the past in the moving average of the weights, a step.
    """

    seed: int
    epochs: int
    batch: int
    peak_rate: float
    weight_decay: float
    head_decay: float
    smoothing: float
    mixup: float
    smallest_crop: float
    average: float


class Learner(Protocol):
    """A network in training, in one framework. Inputs are float32 [N, ...] as the contract lays them out."""

    @property
    def parameters(self) -> int:
        """Number of weights."""

    def features(self, inputs: Real) -> Real:
        """What the head sees, float32 [N, F]."""

    def set_head(self, kernel: Real, bias: Real) -> None:
        """Set the head from kernel [F, classes] and bias [classes]; the averaged weights follow."""

    def step(self, inputs: Real, targets: Real, rate: float) -> float:
        """One step on targets [N, classes] that sum to 1; returns the loss before it."""

    def predict(self, inputs: Real) -> Real:
        """Shares [N, classes] by the averaged weights."""

    def state(self) -> State:
        """Weights, their average and the optimiser's memory."""

    def restore(self, state: State) -> None:
        """Go on from :meth:`state`."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is trained on what.

    Attributes
    ----------
    train, watched : Photos
        Photos to learn from, and photos whose accuracy is logged.
    contract : ImageInput
        How a photo becomes an input.
    classes : int
        Number of outputs.
    start : str
        Names the start weights.
    """

    train: Photos
    watched: Photos
    contract: ImageInput
    classes: int
    start: str

    def run_name(self, recipe: Recipe) -> str:
        """A digest of everything that decides the weights; a checkpoint of another one is refused."""
        facts = [asdict(recipe), self.contract.model_dump(mode="json"), self.classes, self.start]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        digest.update(self.train.labels.tobytes())
        for picture in self.train.pictures:
            digest.update(picture.tobytes())
        return digest.hexdigest()[:16]


def train(
    learner: Learner, task: Task, recipe: Recipe, checkpoint: Path, stop_after: int | None = None
) -> Checkpoint:
    """Train from the start, or from `checkpoint` where there is one.

    Parameters
    ----------
    learner : Learner
        Its backbone holds the start weights.
    task : Task
        Photos and their preparation.
    recipe : Recipe
        How.
    checkpoint : Path
        Written after each epoch.
    stop_after : int, optional
        End after so many epochs of the recipe, as if killed.

    Returns
    -------
    Checkpoint
        The state after the last epoch, with the seconds that all starts took together.

    Raises
    ------
    StorageError
        The checkpoint belongs to another run.
    """
    run = task.run_name(recipe)
    done = read_checkpoint(checkpoint, run)
    clock = _Clock(done)
    if done is None:
        _head_first(learner, task, recipe)
        done = clock.mark(0, learner.state())
        write_checkpoint(checkpoint, done, run)
    else:
        learner.restore(done.state)
        LOG.info("going on after epoch %d", done.epochs_done)
    for epoch in range(done.epochs_done, min(recipe.epochs, stop_after or recipe.epochs)):
        loss = _epoch(learner, task, recipe, epoch)
        done = clock.mark(epoch + 1, learner.state())
        write_checkpoint(checkpoint, done, run)
        share = accuracy(learner, task.watched, task.contract)
        LOG.info("epoch %d: loss %.4f, watched accuracy %.4f, %.0f s", epoch + 1, loss, share, done.wall_s)
    return done


class _Clock:
    """Seconds by the clock and of the processor, those of earlier starts included."""

    def __init__(self, before: Checkpoint | None) -> None:
        self._wall = time.monotonic() - (before.wall_s if before else 0.0)
        self._cpu = sum(os.times()[:2]) - (before.cpu_s if before else 0.0)

    def mark(self, epochs: int, state: State) -> Checkpoint:
        return Checkpoint(epochs, time.monotonic() - self._wall, sum(os.times()[:2]) - self._cpu, state)


def _head_first(learner: Learner, task: Task, recipe: Recipe) -> None:
    """Fit the head on the features of every photo and of its mirror image."""
    seen = []
    for start in range(0, len(task.train), AT_ONCE):
        inputs = tensors(task.train.pictures[start : start + AT_ONCE], task.contract)
        mirrored = np.ascontiguousarray(np.flip(inputs, task.contract.layout.index("W")))
        seen.append([learner.features(inputs), learner.features(mirrored)])
    features = np.concatenate([np.concatenate(side) for side in zip(*seen, strict=True)])
    labels = np.tile(task.train.labels, 2)
    learner.set_head(*fit_head(features, labels, task.classes, recipe.head_decay))
    LOG.info("head: watched accuracy %.4f", accuracy(learner, task.watched, task.contract))


def _epoch(learner: Learner, task: Task, recipe: Recipe, epoch: int) -> float:
    """One pass in a fresh order; returns the mean loss."""
    dice = np.random.default_rng((recipe.seed, epoch))
    steps = len(task.train) // recipe.batch
    losses = [
        learner.step(inputs, targets, rate(recipe, epoch + step / steps))
        for step, (inputs, targets) in enumerate(_batches(task, recipe, dice))
    ]
    return float(np.mean(losses))


def _batches(task: Task, recipe: Recipe, dice: np.random.Generator) -> Iterator[tuple[Real, Real]]:
    order = dice.permutation(len(task.train))
    clean = np.eye(task.classes, dtype=np.float32) * (1 - recipe.smoothing) + recipe.smoothing / task.classes
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        rows = order[start : start + recipe.batch]
        pictures = [varied(task.train.pictures[row], recipe.smallest_crop, dice) for row in rows]
        targets = clean[task.train.labels[rows]].astype(np.float32)
        yield mixed(tensors(pictures, task.contract), targets, recipe.mixup, dice)


def rate(recipe: Recipe, epoch: float) -> float:
    """Learning rate at a moment, in epochs: up in a straight line for one epoch, then down by a cosine."""
    if epoch < 1:
        return recipe.peak_rate * (0.05 + 0.95 * epoch)
    return recipe.peak_rate * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / max(1, recipe.epochs - 1)))


def predictions(learner: Learner, photos: Photos, contract: ImageInput) -> NDArray[np.int64]:
    """The class with the largest share for each photo, int64 [N]."""
    guesses = [
        learner.predict(tensors(photos.pictures[start : start + AT_ONCE], contract)).argmax(axis=1)
        for start in range(0, len(photos), AT_ONCE)
    ]
    found: NDArray[np.int64] = np.concatenate(guesses).astype(np.int64)
    return found


def accuracy(learner: Learner, photos: Photos, contract: ImageInput) -> float:
    """Share of photos whose class has the largest share, 0..1."""
    return float((predictions(learner, photos, contract) == photos.labels).mean())
