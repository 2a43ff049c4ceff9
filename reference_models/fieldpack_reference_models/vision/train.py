"""Train the embedded default: ``python -m fieldpack_reference_models.vision.train --out DIR``.

Everything is seeded: the pictures by the world, weights and order by ``SEED``, the archive by
fixed time stamps. The validation split serves for choices; the test split is looked at once, at
the end, for the card.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models import world_training
from fieldpack_reference_models.vision import card, network, world
from fieldpack_reference_models.world_training import Labelled, Schedule

SEED = 20250
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


def pictures(split: str, count: int) -> tuple[Labelled, list[dict[str, str]]]:
    """The first `count` pictures of a split, uint8 [count, 96, 96, 3] with labels, and their slices."""
    samples = world_training.drawn(world.generate, split, count)
    images = np.stack([sample.picture for sample in samples])
    labels = np.array([sample.label for sample in samples], np.int64)
    return Labelled(images, labels), [sample.slices for sample in samples]


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels 0..255 as float32 in [-1, 1]: x / 127.5 - 1."""
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def train(recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe and versions give the same weights."""
    world_training.begin(SEED)
    seen, _ = pictures("train", recipe.train_pictures)
    watched, _ = pictures("validation", recipe.validation_pictures)
    LOG.info("generated %d pictures", recipe.train_pictures + recipe.validation_pictures)
    model = network.build(len(world.CLASSES))
    schedule = Schedule(SEED, recipe.epochs, recipe.batch, recipe.learning_rate, recipe.weight_decay)
    world_training.fit(model, seen, watched, schedule, augmented, scaled)
    return model


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
    return world_training.predict(model, images, scaled)


RECIPE = TrainingRecipe()
PROGRAM = world_training.Program(
    module="fieldpack_reference_models.vision.train",
    classes=world.CLASSES,
    network=lambda: network.build(len(world.CLASSES)),
    train=lambda: train(RECIPE),
    test=lambda: pictures("test", RECIPE.test_pictures),
    prepared=scaled,
    packages=("tensorflow", "keras", "numpy", "pillow"),
    card=lambda trial, spent, parameters, file, out: card.write(
        card.facts(trial, RECIPE, spent, parameters, file), out
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Train and store; see :func:`~..world_training.command`."""
    return world_training.command(PROGRAM, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
