"""Jointed subjects: butterfly, beetle and spider.

Each function draws one subject as patches, painted in order, within about one unit of the origin.
The ranges of neighbours overlap on purpose: long-legged beetles, short-legged spiders, plain moths.
"""

from __future__ import annotations

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision.colour import (
    BRIGHTS,
    BROWNS,
    DARKS,
    GREENS,
    GREYS,
    PALES,
    Colour,
    mixed,
    shaded,
    tint,
)
from fieldpack_reference_models.vision.outline import (
    Outline,
    Point,
    curve,
    ellipse,
    grown,
    mirrored,
    polar,
    ribbon,
    stroke,
)

Patch = tuple[Outline, Colour]


def butterfly(dice: Dice) -> list[Patch]:
    """A butterfly or moth with spread wings, seen from above."""
    moth = dice.chance(0.4)
    colour = tint(dice, BROWNS, GREYS, PALES) if moth else tint(dice, BRIGHTS, BRIGHTS, PALES, DARKS)
    hind = colour if dice.chance(0.6) else tint(dice, BRIGHTS, BROWNS)
    margin = shaded(colour, 0.65) if moth else tint(dice, DARKS, BROWNS)
    body = tint(dice, DARKS, BROWNS)
    open_ = dice.between(0.55, 1.0)
    fore = _wing(dice, (0.97, dice.between(-0.85, -0.4)), dice.between(0.5, 0.75), open_)
    back = _wing(dice, (dice.between(0.55, 0.8), dice.between(0.6, 0.9)), dice.between(0.7, 1.0), open_)
    border = dice.between(0.72, 0.92)
    patches: list[Patch] = []
    for wing, tone, root in ((back, hind, (0.05, 0.1)), (fore, colour, (0.05, -0.15))):
        inner = grown(wing, border, (root[0], root[1]))
        for shape in (wing, mirrored(wing)):
            patches.append((shape, margin))
        for shape in (inner, mirrored(inner)):
            patches.append((shape, tone))
    patches.extend(_wing_spots(dice, open_, margin))
    patches.append(
        (
            ribbon([(0, -0.5), (0, -0.38), (0, -0.15), (0, 0.2), (0, 0.6)], [0.05, 0.07, 0.085, 0.06, 0.02]),
            body,
        )
    )
    feeler = 0.03 if moth else 0.015
    for side in (-1, 1):
        spine = curve((0, -0.45), (side * 0.08, -0.7), (side * 0.3, -0.88), 4)
        patches.append((stroke(spine, feeler, 0.022), body))
    return patches


def _wing(dice: Dice, tip: Point, width: float, open_: float) -> Outline:
    root = (0.03, -0.12 if tip[1] < 0 else 0.05)
    end = (tip[0] * open_, tip[1])
    spine = curve(root, (end[0] * 0.5, end[1] * dice.between(0.35, 0.55)), end, 8)
    widths = [width * 0.5 * share for share in (0.1, 0.34, 0.55, 0.72, 0.84, 0.88, 0.82, 0.62, 0.2)]
    return ribbon(spine, widths)


def _wing_spots(dice: Dice, open_: float, margin: Colour) -> list[Patch]:
    spot = tint(dice, PALES, DARKS, BRIGHTS)
    patches: list[Patch] = []
    for _ in range(dice.whole(0, 3)):
        x, y = dice.between(0.3, 0.7) * open_, dice.pick((-1, 1)) * dice.between(0.25, 0.5)
        size = dice.between(0.06, 0.13)
        for side in (-1, 1):
            patches.append((ellipse(side * x, y, size * open_, size, steps=10), spot))
            patches.append((ellipse(side * x, y, size * 0.45 * open_, size * 0.45, steps=8), margin))
    return patches


def beetle(dice: Dice) -> list[Patch]:
    """A beetle from above: wing cases with a seam, neck shield, head, six short legs, feelers."""
    colour = tint(dice, DARKS, BROWNS, BRIGHTS, GREENS, GREYS)
    limb = tint(dice, DARKS, BROWNS)
    wide = dice.between(0.26, 0.5)
    long_ = dice.between(0.48, 0.62)
    patches: list[Patch] = []
    reach = dice.between(0.22, 0.42)
    for i, turn in enumerate((-0.09, 0.02, 0.11)):
        for side in (-1, 1):
            root = (side * wide * 0.7, -0.2 + 0.28 * i)
            knee = polar(root[0], root[1], reach * 0.75, turn if side > 0 else 0.5 - turn)
            bend = turn + (0.1 if i else -0.12)
            foot = polar(knee[0], knee[1], reach * 0.7, bend if side > 0 else 0.5 - bend)
            patches.append((stroke([root, knee, foot], 0.045, 0.02), limb))
    feeler = dice.between(0.25, 0.6)
    for side in (-1, 1):
        spine = curve((side * 0.05, -0.62), (side * 0.2, -0.75), (side * feeler, -0.6 - feeler * 0.7), 5)
        patches.append((stroke(spine, 0.025, 0.018), limb))
    shield = colour if dice.chance(0.5) else tint(dice, DARKS, BROWNS)
    patches.append((ellipse(0, -0.62, wide * 0.42, 0.15), limb))
    patches.append((ellipse(0, -0.42, wide * 0.78, 0.2), shaded(shield, 0.85)))
    patches.append((ellipse(0, 0.22, wide, long_), colour))
    patches.extend(_wing_case_marks(dice, wide, long_, colour))
    patches.append((stroke([(0, -0.28), (0, 0.22 + long_)], 0.022, 0.022), shaded(colour, 0.45)))
    shine = mixed(colour, (255, 255, 255), dice.between(0.2, 0.6))
    patches.append((ellipse(-wide * 0.45, 0.02, wide * 0.14, long_ * 0.3, 0.02, steps=10), shine))
    return patches


def _wing_case_marks(dice: Dice, wide: float, long_: float, colour: Colour) -> list[Patch]:
    kind = dice.pick(("plain", "plain", "dots", "bars", "grooves"))
    mark = shaded(colour, 0.65) if kind == "grooves" else tint(dice, DARKS, PALES, BRIGHTS)
    patches: list[Patch] = []
    for i in range(3):
        y = -0.05 + 0.25 * i
        for side in (-1, 1):
            if kind == "dots":
                patches.append(
                    (ellipse(side * wide * (0.5 if i % 2 else 0.42), y, 0.08, 0.09, steps=10), mark)
                )
            elif kind == "bars":
                bar = [(side * wide * 0.12, y), (side * wide * 0.75, y + 0.02)]
                patches.append((stroke(bar, 0.05, 0.04), mark))
            elif kind == "grooves":
                x = side * wide * (0.25 + 0.22 * i)
                patches.append((stroke([(x, -0.1), (x, 0.15 + long_ * 0.6)], 0.018, 0.012), mark))
    return patches


def spider(dice: Dice) -> list[Patch]:
    """A spider from above: two body parts and eight bent legs."""
    colour = tint(dice, DARKS, BROWNS, BRIGHTS, GREYS, PALES)
    front = shaded(colour, dice.between(0.6, 1.0)) if dice.chance(0.6) else tint(dice, DARKS, BROWNS)
    wide = dice.between(0.15, 0.36)
    long_ = wide * dice.between(1.1, 1.7)
    reach = dice.between(0.74, 1.05)
    thick = dice.between(0.022, 0.042)
    patches: list[Patch] = []
    for i, turn in enumerate((-0.17, -0.06, 0.05, 0.15)):
        for side in (-1, 1):
            lean = turn + dice.between(-0.03, 0.03)
            root = (side * 0.1, -0.28 + 0.07 * i)
            knee = polar(root[0], root[1], reach * 0.52, lean if side > 0 else 0.5 - lean)
            bend = lean + (-0.1 if i < 2 else 0.1)
            foot = polar(knee[0], knee[1], reach * 0.55, bend if side > 0 else 0.5 - bend)
            patches.append((stroke([root, knee, foot], thick, thick * 0.6), front))
    patches.append((ellipse(0, -0.26, wide * 0.62, wide * 0.72), front))
    patches.append((ellipse(0, -0.16 + long_, wide, long_), colour))
    mark = tint(dice, PALES, DARKS, BRIGHTS)
    kind = dice.pick(("plain", "cross", "bars"))
    if kind == "cross":
        patches.append((stroke([(0, 0.02), (0, -0.1 + 1.6 * long_)], 0.03, 0.015), mark))
        patches.append((stroke([(-wide * 0.5, long_ * 0.6), (wide * 0.5, long_ * 0.6)], 0.025, 0.025), mark))
    elif kind == "bars":
        for i in range(3):
            y = -0.16 + long_ * (0.6 + 0.4 * i)
            patches.append((stroke([(-wide * 0.6, y), (wide * 0.6, y)], 0.03, 0.03), mark))
    return patches
