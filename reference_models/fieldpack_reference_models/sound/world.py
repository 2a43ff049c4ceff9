"""The generated dusk: two seconds of sound with one of twelve callers, without a download.

A clip is a pure function of (split, index): a caller at a distance, in the noise of a place, at times with
another caller behind it, at any level. It exists so that a sound model can be packed and checked end to end
anywhere. What its figures cannot show stands in the README of this folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.sound.air import DISTANCES, NOISE_DB, PLACES, carried, decibels
from fieldpack_reference_models.sound.calls import CALLERS, CLASSES
from fieldpack_reference_models.sound.voice import RATE_HZ, Sound, count

WORLD = "fieldpack-sound-world-1"
SPLITS: tuple[str, ...] = ("train", "validation", "calibration", "test")
SECONDS = 2.0
SAMPLES = count(SECONDS)


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled clip.

    Attributes
    ----------
    samples : float32 [32000]
        Mono at 16 kHz, multiples of 1/32768 in -1..1, as a 16-bit file holds them.
    label : int
        Index into ``calls.CLASSES``: the nearer caller.
    slices : dict of str to str
        ``place`` (rain, still, stream, wind), ``distance`` (near, middle, far), ``company`` (alone, second)
        and ``level`` (quiet, middle, loud).
    """

    samples: NDArray[np.float32]
    label: int
    slices: dict[str, str]


def generate(split: str, index: int) -> Clip:
    """Make one clip.

    Parameters
    ----------
    split : str
        One of ``SPLITS``. The split is part of the seed, so no two splits share a clip.
    index : int
        From 0 up; the class is ``index % 12``, so that any run of twelve is balanced.

    Raises
    ------
    InputError
        If the split or the index is not allowed.
    """
    if split not in SPLITS:
        raise InputError("The world has no such split.", came=split, allowed=", ".join(SPLITS))
    if index < 0:
        raise InputError("A clip's index counts from 0.", came=index, allowed="0 or more")
    label = index % len(CLASSES)
    return _scene(Dice(WORLD, split, index), label)


def background(
    split: str, total: int
) -> Iterator[tuple[str, tuple[NDArray[np.float32], int], None, dict[str, str]]]:
    """Yield clips in which nobody calls: the places in turn, and every fifth clip without any sound.

    Yields as :func:`dataset`, without a label; ``place`` is ``silence`` where there is no sound.
    """
    names = (*PLACES, "silence")
    for index in range(total):
        place, dice = names[index % len(names)], Dice(WORLD, "background", split, index)
        samples = np.zeros(SAMPLES, np.float32)
        if place in PLACES:
            noise = PLACES[place](dice, SAMPLES)
            noise = noise / np.abs(noise).max() * decibels(dice.between(-36, -1))
            samples = (np.round(noise * 32767) / 32768).astype(np.float32)
        yield f"{split}/background/{index:04d}", (samples, RATE_HZ), None, {"place": place}


def _scene(dice: Dice, label: int) -> Clip:
    place, distance = dice.pick(tuple(PLACES)), dice.pick(tuple(DISTANCES))
    sound = carried(_placed(_call(dice, label), dice), distance, dice)
    second = dice.chance(0.35)
    if second:
        other = (label + dice.whole(1, len(CLASSES) - 1)) % len(CLASSES)
        behind = carried(_placed(_call(dice, other), dice), distance, dice)
        sound = sound + decibels(dice.between(-16, -9)) * behind
    sound = sound + decibels(dice.between(*NOISE_DB[place])) * _unit(PLACES[place](dice, SAMPLES))
    level = dice.between(-36, -1)
    sound = sound / np.abs(sound).max() * decibels(level)
    loudness = "quiet" if level < -24 else "middle" if level < -12 else "loud"
    company = "second" if second else "alone"
    slices = {"place": place, "distance": distance, "company": company, "level": loudness}
    return Clip((np.round(sound * 32767) / 32768).astype(np.float32), label, slices)


def _call(dice: Dice, label: int) -> Sound:
    call = CALLERS[label](dice)
    loudest: Sound = call / np.abs(call).max()
    return loudest


def _placed(call: Sound, dice: Dice) -> Sound:
    """The call somewhere in two seconds; what hangs over either end is lost."""
    room = SAMPLES - len(call)
    start = int(dice.between(min(0, room), max(0, room) + 1))
    whole = np.zeros(SAMPLES)
    seen = call[max(0, -start) : SAMPLES - start]
    whole[max(0, start) : max(0, start) + len(seen)] = seen
    return whole


def _unit(sound: Sound) -> Sound:
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-12)


def dataset(
    split: str, total: int
) -> Iterator[tuple[str, tuple[NDArray[np.float32], int], str, dict[str, str]]]:
    """Yield the first `total` clips of a split, classes in turn.

    Yields
    ------
    id : str
        ``split/class/index``, such as ``test/owl/0008``.
    sound : (float32 [32000], int)
        Samples, and their rate in Hz.
    label : str
        The caller by name, so that a build sees whether the label file stands in the model's order.
    slices : dict of str to str
    """
    for index in range(total):
        clip = generate(split, index)
        name = CLASSES[clip.label]
        yield f"{split}/{name}/{index:04d}", (clip.samples, RATE_HZ), name, clip.slices
