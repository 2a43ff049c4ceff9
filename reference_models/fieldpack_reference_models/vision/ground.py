"""What a subject lies on: grass, bark, sand, water, snow and leaf litter.

A ground is drawn independently of the class, so that no slice by ground is a class in disguise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision.canvas import Placement, paint
from fieldpack_reference_models.vision.colour import BROWNS, DARKS, GREENS, GREYS, PALES, Colour, shaded, tint
from fieldpack_reference_models.vision.outline import Outline, polar, ribbon, stroke

Plane = NDArray[np.float32]
CONTRAST = 0.75
_WHOLE = Placement(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def noise(dice: Dice, size: int, across: int, down: int) -> Plane:
    """Smooth value noise: `down` x `across` random cells enlarged to float32 [size, size], about -1..1."""
    cells = Image.fromarray(dice.raw(down, across))
    wide = np.asarray(cells.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32)
    return wide * np.float32(1 / 127.5) - np.float32(1)


def _coloured(base: Colour, relief: Plane) -> Plane:
    """A flat colour lit by a relief [H, W] of about -1..1, as [3, H, W] of 0..255."""
    level = relief * np.float32(CONTRAST) + np.float32(1)
    return np.stack([level * np.float32(band) for band in base])


def _over(ground: Plane, patches: list[tuple[Outline, Colour]], size: int) -> Plane:
    colour, coverage = paint(patches, _WHOLE, size)
    return ground * (np.float32(1) - coverage) + colour


def _wave(phase: Plane) -> Plane:
    """A triangle wave of period 1 with range -1..1."""
    share = phase - np.floor(phase)
    height: Plane = np.abs(share - np.float32(0.5)) * np.float32(4) - np.float32(1)
    return height


def grass(dice: Dice, size: int) -> Plane:
    """Blades over a mottled lawn."""
    base = tint(dice, GREENS, GREENS, BROWNS)
    relief = noise(dice, size, 6, 6) * np.float32(0.15) + noise(dice, size, 40, 40) * np.float32(0.16)
    lie = dice.number()
    patches: list[tuple[Outline, Colour]] = []
    for _ in range(dice.whole(25, 45)):
        x, y = dice.between(-0.05, 1.05), dice.between(-0.05, 1.05)
        tip = polar(x, y, dice.between(0.1, 0.32), lie + dice.between(-0.14, 0.14))
        patches.append((stroke([(x, y), tip], 0.011, 0.002), shaded(base, dice.between(0.7, 1.3))))
    return _over(_coloured(base, relief), patches, size)


def bark(dice: Dice, size: int) -> Plane:
    """Plates and fissures along one axis."""
    base = tint(dice, BROWNS, GREYS, BROWNS)
    broad = noise(dice, size, dice.whole(7, 12), dice.whole(2, 4))
    ridges = np.abs(broad) * np.float32(0.9) - np.float32(0.35)
    relief = ridges + noise(dice, size, 44, 12) * np.float32(0.17)
    return _coloured(base, relief if dice.chance(0.5) else relief.T)


def sand(dice: Dice, size: int) -> Plane:
    """Fine grain, ripples and a few pebbles."""
    base = shaded(
        dice.pick(((206, 182, 140), (188, 170, 146), (168, 150, 124), (222, 206, 176))),
        dice.between(0.8, 1.1),
    )
    down = (np.arange(size, dtype=np.float32) * np.float32(1 / size))[:, None]
    phase = down * np.float32(dice.between(3, 8)) + noise(dice, size, 4, 4) * np.float32(0.7)
    relief = _wave(phase) * np.float32(dice.between(0.0, 0.13))
    relief = relief + noise(dice, size, size, size) * np.float32(0.1)
    patches: list[tuple[Outline, Colour]] = []
    for _ in range(dice.whole(0, 8)):
        patches.append((_pebble(dice), tint(dice, GREYS, BROWNS, PALES)))
    return _over(_coloured(base, relief), patches, size)


def _pebble(dice: Dice) -> Outline:
    x, y, half = dice.number(), dice.number(), dice.between(0.008, 0.03)
    return ribbon(
        [(x - half, y), (x - half / 2, y), (x + half / 2, y), (x + half, y)], [0, half * 0.7, half * 0.7, 0]
    )


def water(dice: Dice, size: int) -> Plane:
    """Ripples that catch the sky."""
    base = tint(dice, ((58, 96, 120), (70, 118, 122), (86, 104, 96), (104, 128, 150)))
    long_ = noise(dice, size, dice.whole(3, 5), dice.whole(9, 15))
    glints = np.float32(1) - np.abs(long_ + noise(dice, size, 9, 24) * np.float32(0.5)) * np.float32(2.4)
    np.maximum(glints, np.float32(0), out=glints)
    relief = noise(dice, size, 4, 6) * np.float32(0.14) + glints * np.float32(dice.between(0.1, 0.4))
    return _coloured(base, relief)


def snow(dice: Dice, size: int) -> Plane:
    """Soft drifts with bluish hollows, crumbs and the odd bare stalk."""
    base = shaded((226, 232, 240), dice.between(0.86, 1.04))
    relief = noise(dice, size, 4, 4) * np.float32(0.08) + noise(dice, size, 30, 30) * np.float32(0.05)
    relief = relief + noise(dice, size, size, size) * np.float32(0.035)
    patches: list[tuple[Outline, Colour]] = []
    for _ in range(dice.whole(0, 5)):
        x, y = dice.number(), dice.number()
        tip = polar(x, y, dice.between(0.05, 0.3), dice.number())
        patches.append((stroke([(x, y), tip], 0.007, 0.003), tint(dice, BROWNS, GREYS)))
    return _over(_coloured(base, relief), patches, size)


def leaf_litter(dice: Dice, size: int) -> Plane:
    """Fallen leaves, whole and torn, over dark soil."""
    base = tint(dice, DARKS, BROWNS)
    relief = noise(dice, size, 8, 8) * np.float32(0.2) + noise(dice, size, 48, 48) * np.float32(0.2)
    patches: list[tuple[Outline, Colour]] = []
    for _ in range(dice.whole(14, 26)):
        x, y, turn = dice.between(-0.05, 1.05), dice.between(-0.05, 1.05), dice.number()
        half, broad = dice.between(0.05, 0.13), dice.between(0.02, 0.06)
        spine = [polar(x, y, half * step, turn) for step in (-1.0, -0.5, 0.0, 0.5, 1.0)]
        tone = shaded(tint(dice, BROWNS, BROWNS, DARKS), dice.between(0.8, 1.15))
        patches.append((ribbon(spine, [0.0, broad * 0.8, broad, broad * 0.7, 0.0]), tone))
        patches.append((stroke([spine[0], spine[4]], 0.004, 0.002), shaded(tone, 0.7)))
    return _over(_coloured(base, relief), patches, size)


GROUNDS: dict[str, Callable[[Dice, int], Plane]] = {
    "grass": grass,
    "bark": bark,
    "sand": sand,
    "water": water,
    "snow": snow,
    "leaf_litter": leaf_litter,
}
