"""Training on photos: crops in varied light, mixed in pairs, prepared as packing prepares them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import InputError
from fieldpack_reference_models.learning.loop import Learner, Real, Recipe, smoothed
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.nature.augment import mixed, varied
from fieldpack_reference_models.nature.photos import Photos, read_split, tensors

PHOTOS = "vision"
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class PhotoRecipe(Recipe):
    """A recipe with what is done to photos.

    Attributes
    ----------
    mixup : float
        Parameter of the beta distribution, 0 for none.
    smallest_crop : float
        Least share of the area that a crop keeps.
    """

    mixup: float
    smallest_crop: float


@dataclass(frozen=True, slots=True)
class PhotoTask:
    """See :class:`~..learning.loop.Task`.

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

    def counts(self) -> dict[str, int]:
        """Photos of both splits."""
        return {"train_pictures": len(self.train), "validation_pictures": len(self.watched)}

    def run_name(self, recipe: PhotoRecipe) -> str:
        """A digest of everything that decides the weights."""
        facts = [asdict(recipe), self.contract.model_dump(mode="json"), self.classes, self.start]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        digest.update(self.train.labels.tobytes())
        for picture in self.train.pictures:
            digest.update(picture.tobytes())
        return digest.hexdigest()[:16]

    def plain(self) -> Iterator[tuple[Real, NDArray[np.int64]]]:
        """Every photo, then every mirror image."""
        for mirrored in (False, True):
            for start in range(0, len(self.train), AT_ONCE):
                inputs = tensors(self.train.pictures[start : start + AT_ONCE], self.contract)
                if mirrored:
                    inputs = np.ascontiguousarray(np.flip(inputs, self.contract.layout.index("W")))
                yield inputs, self.train.labels[start : start + AT_ONCE]

    def steps(self, recipe: PhotoRecipe) -> int:
        """Whole batches."""
        return len(self.train) // recipe.batch

    def batches(self, recipe: PhotoRecipe, dice: np.random.Generator) -> Iterator[tuple[Real, Real]]:
        """Every photo at most once, in a fresh order."""
        order = dice.permutation(len(self.train))
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            rows = order[start : start + recipe.batch]
            pictures = [varied(self.train.pictures[row], recipe.smallest_crop, dice) for row in rows]
            targets = smoothed(self.train.labels[rows], self.classes, recipe.smoothing)
            yield mixed(tensors(pictures, self.contract), targets, recipe.mixup, dice)

    def accuracy(self, learner: Learner) -> float:
        """Of the watched photos."""
        return accuracy(learner, self.watched, self.contract)


def photo_task(model: Trainable, data: Path, start: str) -> PhotoTask:
    """The task of a model of photos; `data` holds ``vision/``, `start` is the digest of the start weights."""
    train, watched = (read_split(data / PHOTOS, split, model.labels) for split in ("train", "val"))
    return PhotoTask(train, watched, picture_input(model), len(model.labels), start)


def picture_input(model: Trainable) -> ImageInput:
    """The input of the model's ``pack.toml``.

    Raises
    ------
    InputError
        It is no picture.
    """
    found = model.contract
    if not isinstance(found, ImageInput):
        raise InputError(f"{model.folder}/pack.toml has no picture input", came=found.kind)
    return found


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
