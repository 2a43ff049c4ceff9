"""Training on sounds: windows of recordings, mixed and placed, through the front-end of the contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.preprocess.resampler import Samples
from fieldpack.preprocess.spectrogram import patches
from fieldpack_reference_models.learning.loop import Learner, Real, Recipe, smoothed
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.sound_torch import scenes
from fieldpack_reference_models.sound_torch.front_end import patch_input
from fieldpack_reference_models.sound_torch.recordings import (
    Recordings,
    read_backgrounds,
    read_folds,
)

SOUNDS = "sound"
TRAIN, WATCHED = ("1", "2", "3"), ("4",)


@dataclass(frozen=True, slots=True)
class SoundRecipe(Recipe):
    """A recipe with what is done to sounds; an epoch is so many windows, of each class as many.

    Attributes
    ----------
    windows : int
        Of one epoch.
    mixed : float
        Share of the windows that are heard together with one of another recording.
    in_background : float
        Share of the windows that are placed in a soundscape.
    masked : float
        Share of the patches that lose a stretch of time and one of frequency.
    """

    windows: int
    mixed: float
    in_background: float
    masked: float


@dataclass(frozen=True, slots=True)
class SoundTask:
    """See :class:`~..learning.loop.Task`.

    Attributes
    ----------
    train, watched : Recordings
        Recordings to learn from, and recordings whose accuracy is logged.
    backgrounds : sequence of ndarray
        float32 [n] each, without labels.
    contract : SpectrogramInput
        How sound becomes patches; ``front_end.patch_input``.
    classes : int
        Number of outputs.
    start : str
        Digest of the start weights.
    """

    train: Recordings
    watched: Recordings
    backgrounds: Sequence[Samples]
    contract: SpectrogramInput
    classes: int
    start: str

    def counts(self) -> dict[str, int]:
        """Recordings on both sides."""
        return {
            "train_recordings": len(self.train),
            "validation_recordings": len(self.watched),
            "backgrounds": len(self.backgrounds),
        }

    def run_name(self, recipe: SoundRecipe) -> str:
        """A digest of everything that decides the weights."""
        facts = [asdict(recipe), self.contract.model_dump(mode="json"), self.classes, self.start]
        digest = hashlib.sha256(json.dumps([*facts, self.train.spans], sort_keys=True).encode())
        digest.update(self.train.labels.tobytes())
        for sound in (*self.train.sounds, *self.backgrounds):
            digest.update(sound.tobytes())
        return digest.hexdigest()[:16]

    def plain(self) -> Iterator[tuple[Real, NDArray[np.int64]]]:
        """Windows of every span, each overlapping half of the one before; silent ones are left out."""
        for sound, spans, label in zip(self.train.sounds, self.train.spans, self.train.labels, strict=True):
            cut = [piece for span in spans for piece in scenes.cut(sound, span, self._size)]
            heard = [self._patches(piece) for piece in cut if not scenes.is_silent(piece)]
            if heard:
                yield np.concatenate(heard), np.full(len(heard), label)

    def steps(self, recipe: SoundRecipe) -> int:
        """Whole batches."""
        return recipe.windows // recipe.batch

    def batches(self, recipe: SoundRecipe, dice: np.random.Generator) -> Iterator[tuple[Real, Real]]:
        """Scenes, of each class as many, in a fresh order."""
        order = dice.permutation(np.arange(recipe.windows) % self.classes)
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            made = [self._scene(int(label), recipe, dice) for label in order[start : start + recipe.batch]]
            yield np.concatenate([inputs for inputs, _ in made]), np.stack([target for _, target in made])

    def accuracy(self, learner: Learner) -> float:
        """Of the watched recordings."""
        return float((predictions(learner, self.watched, self.contract) == self.watched.labels).mean())

    def _scene(self, label: int, recipe: SoundRecipe, dice: np.random.Generator) -> tuple[Real, Real]:
        """A patch [1, ...] and its target [classes]."""
        sound = self._window(label, dice)
        if scenes.is_silent(sound):
            return self._patches(sound), np.full(self.classes, 1 / self.classes, np.float32)
        target = smoothed(np.array([label]), self.classes, recipe.smoothing)[0]
        if dice.random() < recipe.mixed:
            other = int(dice.integers(self.classes))
            sound, target = self._with(sound, target, other, recipe, dice)
        if dice.random() < recipe.in_background:
            background = self.backgrounds[int(dice.integers(len(self.backgrounds)))]
            place = scenes.window(background, [(0, len(background))], len(sound), dice)
            sound = scenes.placed(sound, place, dice.uniform(*scenes.SNR_DB))
        patch = self._patches(scenes.amplified(sound, dice.uniform(*scenes.GAIN_DB)))
        return self._masked(patch, dice) if dice.random() < recipe.masked else patch, target

    def _with(
        self, sound: Samples, target: Real, other: int, recipe: SoundRecipe, dice: np.random.Generator
    ) -> tuple[Samples, Real]:
        """The sound together with one of class `other`, and the target of both; alone if that is silent."""
        second = self._window(other, dice)
        if scenes.is_silent(second):
            return sound, target
        share = dice.uniform(0.1, 0.9)
        added = smoothed(np.array([other]), self.classes, recipe.smoothing)[0]
        both: Real = (share * target + (1 - share) * added).astype(np.float32)
        return scenes.together(sound, second, share), both

    def _window(self, label: int, dice: np.random.Generator) -> Samples:
        row = int(dice.choice(np.flatnonzero(self.train.labels == label)))
        return scenes.window(self.train.sounds[row], self.train.spans[row], self._size, dice)

    @property
    def _size(self) -> int:
        """Samples of one window."""
        return int(self.contract.front_end.windows.samples)

    def _patches(self, sound: Samples) -> Real:
        return patches(sound, self.contract.front_end.sample_rate_hz, self.contract)

    def _masked(self, patch: Real, dice: np.random.Generator) -> Real:
        flat = patch.reshape(self.contract.frames, self.contract.bands)
        return scenes.masked(flat, dice).reshape(patch.shape)


def sound_task(model: Trainable, data: Path, start: str) -> SoundTask:
    """The task of a model of sounds; `data` holds ``sound/``, `start` is the digest of the start weights."""
    return task_of(model, data, start, TRAIN, WATCHED)


def task_of(
    model: Trainable, data: Path, start: str, train: Sequence[str], watched: Sequence[str]
) -> SoundTask:
    """The task of learning from some folds and watching others."""
    contract = patch_input()
    spec = contract.front_end
    folds = [read_folds(data / SOUNDS, side, model.labels, spec) for side in (train, watched)]
    backgrounds = read_backgrounds(data / SOUNDS, spec)
    return SoundTask(folds[0], folds[1], backgrounds, contract, len(model.labels), start)


def predictions(learner: Learner, recordings: Recordings, contract: SpectrogramInput) -> NDArray[np.int64]:
    """The class of each recording, int64 [N]: the largest mean of its patches' logits."""
    rate = contract.front_end.sample_rate_hz
    guesses = [
        np.log(learner.predict(patches(sound, rate, contract)) + 1e-30).mean(axis=0).argmax()
        for sound in recordings.sounds
    ]
    return np.array(guesses, np.int64)
