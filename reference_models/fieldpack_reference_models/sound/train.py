"""Train the embedded default for sound: ``python -m fieldpack_reference_models.sound.train --out DIR``.

The world makes the clips, the contract of ``pack.toml`` the spectrograms, with the code that packs. The
validation split serves for choices; the test split is looked at once, at the end, for the card.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.preprocess.spectrogram import patches
from fieldpack_reference_models import world_training
from fieldpack_reference_models.sound import card, network, world
from fieldpack_reference_models.sound.calls import CLASSES
from fieldpack_reference_models.sound.front_end import contract
from fieldpack_reference_models.sound.voice import RATE_HZ
from fieldpack_reference_models.world_training import Labelled, Schedule

SEED = 20260
LOG = logging.getLogger("fieldpack.train")
Patch = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """What decides the weights, besides the world, the front-end and the network."""

    train_clips: int = 9_600
    validation_clips: int = 960
    test_clips: int = 1_200
    epochs: int = 6
    batch: int = 48
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3


def heard(split: str, index: int) -> tuple[Patch, int, dict[str, str]]:
    """One clip as the network sees it: float32 [bands, frames, 1], label, slices."""
    clip = world.generate(split, index)
    return patches(clip.samples, RATE_HZ, contract())[0], clip.label, clip.slices


def clips(split: str, total: int) -> tuple[Labelled, list[dict[str, str]]]:
    """The first `total` clips of a split, float32 [total, bands, frames, 1] with labels, and their slices."""
    rows = world_training.drawn(heard, split, total)
    found = Labelled(np.stack([row[0] for row in rows]), np.array([row[1] for row in rows], np.int64))
    return found, [row[2] for row in rows]


def varied(items: Patch, labels: NDArray[np.int64], dice: np.random.Generator) -> Patch:
    """Each patch louder or quieter, half of them moved in time, with a band and a stretch masked by its mean.

    Park et al. 2019 (arXiv:1904.08779) for the masks; a log spectrogram gets louder by a sum.
    """
    changed = items + dice.uniform(-1.5, 1.5, (len(items), 1, 1, 1)).astype(np.float32)
    bands, frames = items.shape[1:3]
    for patch in changed:
        if dice.random() < 0.5:
            patch[:] = np.roll(patch, dice.integers(frames), axis=1)
        high, wide = dice.integers(7), dice.integers(21)
        first, start = dice.integers(bands - high + 1), dice.integers(frames - wide + 1)
        patch[first : first + high] = patch.mean()
        patch[:, start : start + wide] = patch.mean()
    return changed


def as_they_are(items: Patch) -> Patch:
    """The network takes the front-end's numbers."""
    return items


def train(recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe and versions give the same weights."""
    world_training.begin(SEED)
    seen, _ = clips("train", recipe.train_clips)
    watched, _ = clips("validation", recipe.validation_clips)
    LOG.info("generated %d clips", recipe.train_clips + recipe.validation_clips)
    model = network.build(len(CLASSES), contract().shape)
    schedule = Schedule(SEED, recipe.epochs, recipe.batch, recipe.learning_rate, recipe.weight_decay)
    world_training.fit(model, seen, watched, schedule, varied, as_they_are)
    return model


def measured(file: str, split: str, total: int) -> dict[str, int]:
    """Worker target: how many of the first `total` clips of a split stored weights tell right."""
    import keras

    model = keras.models.load_model(file, compile=False)
    seen, _ = clips(split, total)
    guesses = world_training.predict(model, seen.items, as_they_are).argmax(axis=1)
    return {"correct": int((guesses == seen.labels).sum()), "parameters": int(model.count_params())}


RECIPE = TrainingRecipe()
PROGRAM = world_training.Program(
    module="fieldpack_reference_models.sound.train",
    classes=CLASSES,
    network=lambda: network.build(len(CLASSES), contract().shape),
    train=lambda: train(RECIPE),
    test=lambda: clips("test", RECIPE.test_clips),
    prepared=as_they_are,
    packages=("tensorflow", "keras", "numpy"),
    card=lambda trial, spent, parameters, file, out: card.write(
        card.facts(trial, RECIPE, spent, parameters, file), out
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Train and store; see :func:`~..world_training.command`."""
    return world_training.command(PROGRAM, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
