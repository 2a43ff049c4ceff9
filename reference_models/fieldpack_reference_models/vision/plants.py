"""Subjects that grow: leaf, needle twig, flower and mushroom.

Each function draws one subject as patches, painted in order, within about one unit of the origin.
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
    shaded,
    tint,
)
from fieldpack_reference_models.vision.outline import (
    Outline,
    Point,
    curve,
    ellipse,
    polar,
    radial,
    ribbon,
    sine,
    stroke,
)

Patch = tuple[Outline, Colour]


def leaf(dice: Dice) -> list[Patch]:
    """A leaf: palmate like a maple's, lobed like an oak's, ovate or narrow."""
    colour = tint(dice, GREENS, GREENS, BROWNS, BRIGHTS)
    vein = shaded(colour, dice.pick((0.68, 0.75, 1.3, 1.4)))
    if dice.chance(0.25):
        return _palmate_leaf(dice, colour, vein)
    return _simple_leaf(dice, colour, vein)


def _palmate_leaf(dice: Dice, colour: Colour, vein: Colour) -> list[Patch]:
    lobes = dice.pick((5, 7))
    depth = dice.between(0.4, 0.6)
    spread = 0.8 / (lobes - 1)
    tips = [0.1 + spread * i for i in range(lobes)]
    reach = [0.55 + 0.45 * (1 - abs(2 * i / (lobes - 1) - 1)) for i in range(lobes)]

    def radius_at(share: float) -> float:
        nearest = min(range(lobes), key=lambda i: abs(share - tips[i]))
        away = abs(share - tips[nearest]) / (spread / 2)
        return reach[nearest] * (1 - depth * min(away, 1.35))

    patches: list[Patch] = [(stroke([(-0.1, 0), (-0.95, dice.between(-0.15, 0.15))], 0.035, 0.03), vein)]
    patches.append((radial(0, 0, radius_at, turn=0.5, steps=72), colour))
    for tip, length in zip(tips, reach, strict=True):
        patches.append((stroke([(0, 0), polar(0, 0, length * 0.88, 0.5 + tip)], 0.028, 0.006), vein))
    return patches


def _simple_leaf(dice: Dice, colour: Colour, vein: Colour) -> list[Patch]:
    steps = 28
    narrow = dice.chance(0.3)
    width = dice.between(0.17, 0.28) if narrow else dice.between(0.34, 0.6)
    skew = dice.between(-0.1, 0.5)
    lobes = 0 if narrow or dice.chance(0.55) else dice.whole(3, 5)
    teeth = dice.pick((0.0, 0.0, 0.06))
    spine = curve((-0.72, 0), (0.1, dice.between(-0.35, 0.35)), (1, 0), steps)
    widths = []
    for i in range(steps + 1):
        t = i / steps
        full = 4 * t * (1 - t) * (1 + skew * (1 - 2 * t)) * width
        wavy = 1 + 0.32 * sine(lobes * t) if lobes else 1 + teeth * (1 if i % 2 else -1)
        widths.append(full * wavy)
    patches: list[Patch] = [
        (stroke([(-1, dice.between(-0.12, 0.12)), spine[1]], 0.03, 0.03), shaded(vein, 0.9)),
        (ribbon(spine, widths), colour),
    ]
    every = dice.pick((3, 4))
    for i in range(3, steps - 3, every):
        x, y = spine[i]
        reach = widths[i] * 0.85
        for side in (-1, 1):
            patches.append((stroke([(x, y), (x + reach * 0.75, y + side * reach * 0.8)], 0.017, 0.006), vein))
    patches.append((stroke(spine[:-1], 0.032, 0.01), vein))
    return patches


def needle_twig(dice: Dice) -> list[Patch]:
    """A conifer's twig with needles along it, at times with a side shoot."""
    colour = tint(dice, GREENS, GREENS, GREENS, BROWNS, GREYS)
    bark = tint(dice, BROWNS, DARKS)
    shoots: list[tuple[Point, Point]] = [((-0.95, dice.between(-0.15, 0.15)), (0.8, dice.between(-0.2, 0.2)))]
    if dice.chance(0.4):
        side = dice.pick((-1, 1))
        shoots.append(((-0.35, 0.02 * side), (0.4, side * dice.between(0.5, 0.7))))
    patches: list[Patch] = []
    length = dice.between(0.32, 0.58)
    lean = dice.between(0.09, 0.19)
    pairs = dice.whole(10, 16)
    for start, end in shoots:
        spine = curve(start, (0, dice.between(-0.15, 0.15)), end, pairs)
        patches.append((stroke(spine, 0.045, 0.02), bark))
        patches.extend(_needles(dice, spine, length, lean, colour))
    return patches


def _needles(dice: Dice, spine: Outline, length: float, lean: float, colour: Colour) -> list[Patch]:
    patches: list[Patch] = []
    last = len(spine) - 1
    run, rise = spine[last][0] - spine[0][0], spine[last][1] - spine[0][1]
    tilt = rise / run / 6.28
    for i in range(last // 6, last + 1):
        x, y = spine[i]
        reach = length * (1 - 0.45 * i / last)
        for side in (-1, 1):
            turn = tilt + side * (lean * (1 - 0.5 * i / last) + dice.between(-0.025, 0.025))
            tip = polar(x, y, reach * dice.between(0.8, 1.1), turn)
            tone = shaded(colour, dice.between(0.75, 1.25))
            patches.append((stroke([(x, y), tip], 0.026, 0.012), tone))
    return patches


def flower(dice: Dice) -> list[Patch]:
    """A flower seen from above or aslant: petals around a disc, at times with a stem."""
    colour = tint(dice, BRIGHTS, BRIGHTS, BRIGHTS, PALES)
    heart = tint(dice, BRIGHTS, BROWNS, DARKS, GREENS)
    patches: list[Patch] = []
    if dice.chance(0.5):
        green = tint(dice, GREENS)
        spine = curve((0, 0), (dice.between(-0.25, 0.25), 0.6), (dice.between(-0.3, 0.3), 1.25), 6)
        patches.append((stroke(spine, 0.05, 0.045), green))
        if dice.chance(0.6):
            blade = curve(spine[4], (0.35, 0.75), (0.62, 0.6), 6)
            patches.append((ribbon(blade, [0.01, 0.07, 0.1, 0.1, 0.08, 0.05, 0.0]), shaded(green, 0.85)))
    petals = dice.pick((4, 5, 5, 5, 6, 6, 8, 8, 11, 13))
    broad = dice.between(0.75, 1.15) * 2.2 / (petals + 1.2)
    tip = dice.between(0.0, 0.75)
    start = dice.number()
    layers = 2 if petals > 6 and dice.chance(0.4) else 1
    for layer in range(layers):
        reach = 0.92 - 0.3 * layer
        for i in range(petals):
            turn = start + (i + 0.5 * layer) / petals + dice.between(-0.012, 0.012)
            tone = shaded(colour, dice.between(0.86, 1.08) + 0.08 * layer)
            patches.append((_petal(turn, reach * dice.between(0.92, 1.05), broad, tip), tone))
    disc = dice.between(0.14, 0.3)
    patches.append((ellipse(0, 0, disc, disc), heart))
    for _ in range(dice.whole(0, 8)):
        x, y = polar(0, 0, disc * dice.number(), dice.number())
        patches.append((ellipse(x, y, 0.035, 0.035, steps=6), shaded(heart, dice.pick((0.6, 1.4)))))
    return patches


def _petal(turn: float, length: float, broad: float, tip: float) -> Outline:
    spine = [polar(0, 0, length * (0.08 + 0.92 * i / 8), turn) for i in range(9)]
    widths = [broad * 0.5 * share for share in (0.25, 0.5, 0.75, 0.93, 1.0, 0.97, 0.86, 0.64, 0.3 * tip)]
    return ribbon(spine, widths)


def mushroom(dice: Dice) -> list[Patch]:
    """A mushroom from the side: dome, cone, flat or bell on a stem; at times a smaller one beside it."""
    colour = tint(dice, BROWNS, BROWNS, BRIGHTS, PALES, GREYS)
    flesh = tint(dice, PALES, PALES, BROWNS)
    patches: list[Patch] = []
    if dice.chance(0.25):
        small = _one_mushroom(dice, colour, flesh)
        side = dice.pick((-1, 1))
        patches.extend(([(0.5 * x + 0.55 * side, 0.5 * y + 0.45) for x, y in o], c) for o, c in small)
    patches.extend(_one_mushroom(dice, colour, flesh))
    return patches


def _one_mushroom(dice: Dice, colour: Colour, flesh: Colour) -> list[Patch]:
    half = dice.between(0.5, 0.9)
    high = dice.between(0.35, 0.85)
    rim = dice.between(-0.2, 0.05)
    cone = dice.between(0.0, 0.7)
    slim = dice.between(0.08, 0.2)
    stem = curve((dice.between(-0.12, 0.12), 0.95), (dice.between(-0.1, 0.1), 0.4), (0, rim), 6)
    patches: list[Patch] = [(stroke(stem, slim * dice.between(1.0, 1.6), slim * 0.85), flesh)]
    if dice.chance(0.35):
        patches.append((ellipse(0, rim + 0.28, slim * 1.6, 0.06), shaded(flesh, 0.85)))
    lip = half * dice.between(0.1, 0.24)
    patches.append((ellipse(0, rim, half * 0.97, lip), shaded(flesh, dice.between(0.55, 0.8))))
    cap: Outline = []
    for i in range(25):
        t = i / 24
        dome, peak = sine(t / 2), 1 - abs(2 * t - 1)
        cap.append((-half + 2 * half * t, rim - high * (dome + (peak - dome) * cone) + 0.02))
    cap.extend(
        (half * (1 - 2 * i / 8), rim + lip * 0.35 * (1 - (2 * i / 8 - 1) * (2 * i / 8 - 1))) for i in range(9)
    )
    patches.append((cap, colour))
    if dice.chance(0.4):
        spot = tint(dice, PALES, DARKS)
        for _ in range(dice.whole(4, 8)):
            t = dice.between(0.2, 0.8)
            y = rim - high * sine(t / 2) * dice.between(0.2, 0.8) * (1 - 0.3 * cone)
            size = dice.between(0.04, 0.085)
            patches.append((ellipse(-half + 2 * half * t, y, size, size * 0.8, steps=8), spot))
    return patches
