"""The generated world: labelled pictures of twelve kinds of living things, without a download.

A picture is a pure function of (split, index). The world exists so that a packed model can be
checked end to end anywhere: it has the properties that decide how a small classifier survives
compression (confusable pairs, hard slices, dim and noisy pictures) and none of the licence and
privacy questions of photographs. What its figures cannot show stands in the README of this folder.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.errors import InputError, StorageError
from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision import animals, arthropods, plants
from fieldpack_reference_models.vision.canvas import Placement, Plane, paint, placement
from fieldpack_reference_models.vision.colour import Colour
from fieldpack_reference_models.vision.cover import cover
from fieldpack_reference_models.vision.ground import GROUNDS
from fieldpack_reference_models.vision.light import expose, lay, light
from fieldpack_reference_models.vision.outline import Outline

WORLD = "fieldpack-vision-world-1"
SPLITS: tuple[str, ...] = ("train", "validation", "calibration", "test")
SIDES_PX = (32, 512)
# Grey levels (0..255) between a subject and its ground under which the ground is moved away.
CLOSE = 28

SUBJECTS: dict[str, Callable[[Dice], list[tuple[Outline, Colour]]]] = {
    "beetle": arthropods.beetle,
    "bird": animals.bird,
    "butterfly": arthropods.butterfly,
    "feather": animals.feather,
    "fish": animals.fish,
    "flower": plants.flower,
    "leaf": plants.leaf,
    "mushroom": plants.mushroom,
    "needle_twig": plants.needle_twig,
    "snail": animals.snail,
    "spider": arthropods.spider,
    "starfish": animals.starfish,
}
CLASSES: tuple[str, ...] = tuple(SUBJECTS)
# These keep their feet about down; the others lie any way round.
UPRIGHT = frozenset({"bird", "fish", "mushroom", "snail"})
_COLUMNS = ("file", "label", "ground", "light", "occlusion", "scale")


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture.

    Attributes
    ----------
    picture : uint8 [size, size, 3]
        RGB.
    label : int
        Index into ``CLASSES``.
    slices : dict of str to str
        ``ground``, ``light``, ``occlusion`` (none, partial, heavy) and ``scale`` (small, medium, large).
    """

    picture: NDArray[np.uint8]
    label: int
    slices: dict[str, str]


def generate(split: str, index: int, size: int = 96) -> Sample:
    """Make one picture.

    Parameters
    ----------
    split : str
        One of ``SPLITS``. The split is part of the seed, so no two splits share a picture.
    index : int
        From 0 up; the class is ``index % 12``, so that any run of twelve is balanced.
    size : int
        Side in pixels, 32 to 512. The texture is drawn for the size: another size shows the same
        kind of scene and not a scaled copy.

    Raises
    ------
    InputError
        If the split, the index or the size is not allowed.
    """
    _check(split, index, size)
    label = index % len(CLASSES)
    dice = Dice(WORLD, split, index)
    return _scene(dice, CLASSES[label], label, size)


def _check(split: str, index: int, size: int) -> None:
    if split not in SPLITS:
        raise InputError("The world has no such split.", came=split, allowed=", ".join(SPLITS))
    if index < 0:
        raise InputError("A picture's index counts from 0.", came=index, allowed="0 or more")
    if not SIDES_PX[0] <= size <= SIDES_PX[1]:
        raise InputError("The world draws no picture of this side.", came=size, allowed="32 to 512 pixels")


def _scene(dice: Dice, name: str, label: int, size: int) -> Sample:
    ground_name = dice.pick(tuple(GROUNDS))
    sky = light(dice)
    scale = dice.between(0.33, 0.48)
    place = _place(dice, name, scale)
    colour, coverage = paint(SUBJECTS[name](dice), place, size)
    ground = _apart(GROUNDS[ground_name](dice, size), colour, coverage, dice)
    scene = lay(ground, colour, coverage, sky, dice.between(0.01, 0.05))
    hidden = 0.0
    if dice.chance(0.4):
        front = cover(dice, place.x0, place.y0, scale, heavy=dice.chance(0.35))
        colour, over = paint(front, Placement(1.0, 0.0, 0.0, 1.0, 0.0, 0.0), size)
        scene = lay(scene, colour, over, sky, 0.03)
        hidden = _share(coverage, over)
    slices = {
        "ground": ground_name,
        "light": sky.kind,
        "occlusion": "none" if hidden < 0.02 else "partial" if hidden < 0.2 else "heavy",
        "scale": "small" if scale < 0.37 else "medium" if scale < 0.42 else "large",
    }
    return Sample(expose(scene, sky, dice), label, slices)


def _apart(ground: Plane, colour: Plane, coverage: Plane, dice: Dice) -> Plane:
    """Darken or lighten a ground that is nearly as bright as its subject; sums are of whole numbers."""
    seen = max(1, int((coverage * np.float32(255)).astype(np.int64).sum()))
    subject = int(colour.astype(np.int64).sum()) * 255 / (3 * seen)
    around = int(ground.astype(np.int64).sum()) / ground.size
    if abs(subject - around) > CLOSE:
        return ground
    darker = subject > 90 and (subject >= around or subject > 150)
    return ground * np.float32(dice.between(0.5, 0.75) if darker else dice.between(1.3, 1.7))


def _place(dice: Dice, name: str, scale: float) -> Placement:
    turn = dice.between(-0.1, 0.1) if name in UPRIGHT else dice.number()
    room = max(0.0, 0.5 - scale)
    return placement(
        x0=0.5 + room * dice.between(-1, 1),
        y0=0.5 + room * dice.between(-1, 1),
        scale=scale,
        turn=turn,
        squeeze=dice.between(0.8, 1.0),
        lean=dice.number(),
        flip=dice.chance(0.5),
    )


def _share(subject: NDArray[np.float32], front: NDArray[np.float32]) -> float:
    """The share of the subject's pixels that the front hides; counted in whole pixels."""
    seen = subject > np.float32(0.5)
    return int(np.count_nonzero(seen & (front > np.float32(0.5)))) / max(1, int(np.count_nonzero(seen)))


def dataset(split: str, count: int) -> Iterator[tuple[str, NDArray[np.uint8], int, dict[str, str]]]:
    """Yield the first `count` pictures of a split, classes in turn.

    Yields
    ------
    id : str
        ``split/class/index``, such as ``test/leaf/0006``.
    picture : uint8 [96, 96, 3]
    label : int
    slices : dict of str to str
    """
    for index in range(count):
        sample = generate(split, index)
        yield f"{split}/{CLASSES[sample.label]}/{index:04d}", sample.picture, sample.label, sample.slices


def write_split(split: str, count: int, folder: Path) -> None:
    """Write the first `count` pictures of a split as ``<class>/<index>.png`` and a ``manifest.csv``.

    The manifest's columns are file, label (the class name), ground, light, occlusion and scale.

    Raises
    ------
    InputError
        If the split is unknown.
    StorageError
        If the folder cannot be written.
    """
    rows: list[dict[str, str]] = []
    try:
        for name in CLASSES:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for identity, picture, label, slices in dataset(split, count):
            file = identity.removeprefix(f"{split}/") + ".png"
            Image.fromarray(picture).save(folder / file)
            rows.append({"file": file, "label": CLASSES[label], **slices})
        with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise StorageError("The split cannot be written.", came=f"{folder}: {error}") from error
