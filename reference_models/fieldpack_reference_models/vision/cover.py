"""What lies in front of a subject: grass blades, twigs and small leaves."""

from __future__ import annotations

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision.colour import BROWNS, DARKS, GREENS, GREYS, Colour, shaded, tint
from fieldpack_reference_models.vision.outline import Outline, Point, curve, polar, ribbon, stroke


def cover(dice: Dice, x: float, y: float, scale: float, heavy: bool) -> list[tuple[Outline, Colour]]:
    """Patches, in shares of the picture, that cross a subject of half length `scale` at (x, y)."""
    kind = dice.pick(("blades", "twigs", "leaves"))
    colour = tint(dice, GREENS, GREENS, BROWNS) if kind != "twigs" else tint(dice, BROWNS, GREYS, DARKS)
    count = dice.whole(3, 5) if heavy else dice.whole(1, 2)
    lie = dice.number()
    patches: list[tuple[Outline, Colour]] = []
    for _ in range(count):
        middle = polar(x, y, scale * dice.between(0.0, 0.7), dice.number())
        turn = lie + dice.between(-1, 1) * (0.06 if kind == "blades" else 0.12)
        tone = shaded(colour, dice.between(0.75, 1.25))
        if kind == "leaves":
            patches.append((_small_leaf(dice, middle, turn, scale), tone))
        else:
            patches.append((_long_stalk(dice, middle, turn, scale, kind == "blades"), tone))
    return patches


def _long_stalk(dice: Dice, middle: Point, turn: float, scale: float, blade: bool) -> Outline:
    start = polar(*middle, dice.between(0.25, 0.55), turn + 0.5)
    end = polar(*middle, dice.between(0.2, 0.45), turn + dice.between(-0.05, 0.05))
    half = scale * dice.between(0.02, 0.045)
    return stroke(curve(start, middle, end, 8), half, half * (0.25 if blade else 0.8))


def _small_leaf(dice: Dice, middle: Point, turn: float, scale: float) -> Outline:
    half, broad = scale * dice.between(0.2, 0.36), scale * dice.between(0.08, 0.15)
    spine = [polar(*middle, half * step, turn) for step in (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0)]
    return ribbon(spine, [0.0, broad * 0.7, broad, broad * 0.9, broad * 0.55, 0.0])
