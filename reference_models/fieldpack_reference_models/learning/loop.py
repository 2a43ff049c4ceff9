"""One training loop for all frameworks and kinds of example: head first, then all layers at a small rate.

Frameworks differ in a :class:`Learner`, examples in a :class:`Task`. Every draw of an epoch comes from
the seed and the number of the epoch, and the state is written after each epoch; so a killed run that is
started again ends in the same weights as one that was left alone.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.learning.checkpoint import (
    Checkpoint,
    State,
    read_checkpoint,
    write_checkpoint,
)
from fieldpack_reference_models.learning.head import fit_head

LOG = logging.getLogger("fieldpack.train")
Real = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the weights, besides the examples, the start weights and the network.

    Attributes
    ----------
    seed : int
        Of every draw.
    epochs, batch : int
        Passes over the training examples, and examples a step.
    peak_rate : float
        Learning rate after the warm-up of one epoch; a cosine leads it to 0.
    weight_decay : float
        Of AdamW.
    head_decay : float
        Weight of the squared norm in the fit of the head.
    smoothing : float
        Share of the target that is spread over all classes.
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
    average: float


R = TypeVar("R", bound=Recipe)
R_contra = TypeVar("R_contra", bound=Recipe, contravariant=True)


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


class Task(Protocol[R_contra]):
    """What is trained on what. Inputs are float32 [N, ...], targets float32 [N, classes] that sum to 1."""

    @property
    def classes(self) -> int:
        """Number of outputs."""

    @property
    def start(self) -> str:
        """Digest of the start weights."""

    def counts(self) -> dict[str, int]:
        """What there is to learn from and to watch, in the words of ``training.json``."""

    def run_name(self, recipe: R_contra) -> str:
        """A digest of everything that decides the weights; a checkpoint of another one is refused."""

    def plain(self) -> Iterator[tuple[Real, NDArray[np.int64]]]:
        """What the head is fitted to: inputs as they are, and labels int64 [N]."""

    def steps(self, recipe: R_contra) -> int:
        """Batches of one epoch."""

    def batches(self, recipe: R_contra, dice: np.random.Generator) -> Iterator[tuple[Real, Real]]:
        """Varied inputs and targets of one epoch; every draw comes from `dice`."""

    def accuracy(self, learner: Learner) -> float:
        """Share of the watched examples whose class has the largest share, 0..1."""


def smoothed(labels: NDArray[np.int64], classes: int, smoothing: float) -> Real:
    """Targets float32 [N, classes] of labels int64 [N], `smoothing` spread over all classes."""
    clean = np.eye(classes, dtype=np.float32) * (1 - smoothing) + smoothing / classes
    return clean[labels].astype(np.float32)


def train(
    learner: Learner, task: Task[R], recipe: R, checkpoint: Path, stop_after: int | None = None
) -> Checkpoint:
    """Train from the start, or from `checkpoint` where there is one.

    Parameters
    ----------
    learner : Learner
        Its backbone holds the start weights.
    task : Task
        Examples and their preparation.
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
        share = task.accuracy(learner)
        LOG.info("epoch %d: loss %.4f, watched accuracy %.4f, %.0f s", epoch + 1, loss, share, done.wall_s)
    return done


class _Clock:
    """Seconds by the clock and of the processor, those of earlier starts included."""

    def __init__(self, before: Checkpoint | None) -> None:
        self._wall = time.monotonic() - (before.wall_s if before else 0.0)
        self._cpu = sum(os.times()[:2]) - (before.cpu_s if before else 0.0)

    def mark(self, epochs: int, state: State) -> Checkpoint:
        return Checkpoint(epochs, time.monotonic() - self._wall, sum(os.times()[:2]) - self._cpu, state)


def _head_first(learner: Learner, task: Task[R], recipe: R) -> None:
    """Fit the head on the features of every plain example."""
    seen = [(learner.features(inputs), labels) for inputs, labels in task.plain()]
    features, labels = (np.concatenate(part) for part in zip(*seen, strict=True))
    learner.set_head(*fit_head(features, labels, task.classes, recipe.head_decay))
    LOG.info("head: watched accuracy %.4f", task.accuracy(learner))


def _epoch(learner: Learner, task: Task[R], recipe: R, epoch: int) -> float:
    """One pass in a fresh order; returns the mean loss."""
    dice = np.random.default_rng((recipe.seed, epoch))
    steps = task.steps(recipe)
    losses = [
        learner.step(inputs, targets, rate(recipe, epoch + step / steps))
        for step, (inputs, targets) in enumerate(task.batches(recipe, dice))
    ]
    return float(np.mean(losses))


def rate(recipe: Recipe, epoch: float) -> float:
    """Learning rate at a moment, in epochs: up in a straight line for one epoch, then down by a cosine."""
    if epoch < 1:
        return recipe.peak_rate * (0.05 + 0.95 * epoch)
    return recipe.peak_rate * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / max(1, recipe.epochs - 1)))
