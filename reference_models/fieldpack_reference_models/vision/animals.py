"""Other animals and what they leave: bird, fish, snail, starfish and feather.

Each function draws one subject as patches, painted in order, within about one unit of the origin.
The ranges of neighbours overlap on purpose: narrow feathers beside narrow leaves, five-armed stars
beside five-petalled flowers.
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
    cosine,
    curve,
    ellipse,
    mirrored,
    polar,
    radial,
    ribbon,
    sine,
    stroke,
)

Patch = tuple[Outline, Colour]


def bird(dice: Dice) -> list[Patch]:
    """A bird: perched in profile, or gliding with spread wings."""
    colour = tint(dice, BROWNS, GREYS, BRIGHTS, DARKS, PALES)
    wing = shaded(colour, dice.between(0.55, 0.8)) if dice.chance(0.6) else tint(dice, DARKS, BROWNS, GREYS)
    bill = tint(dice, DARKS, BRIGHTS)
    if dice.chance(0.25):
        return _gliding_bird(dice, colour, wing, bill)
    breast = tint(dice, PALES, BRIGHTS, BROWNS)
    stout = dice.between(0.27, 0.4)
    head = dice.between(0.19, 0.26)
    hx, hy = dice.between(0.46, 0.6), dice.between(-0.52, -0.4)
    patches: list[Patch] = []
    for x in (-0.02, 0.14):
        patches.append(
            (stroke([(x, 0.3), (x + 0.03, 0.85), (x + 0.16, 0.88)], 0.025, 0.02), shaded(bill, 0.8))
        )
    tail = dice.between(0.4, 0.62)
    patches.append(
        (stroke([(-0.3, 0.08), (-0.4 - tail, dice.between(0.05, 0.42))], 0.13, 0.09), shaded(wing, 0.9))
    )
    beak = dice.between(0.16, 0.4)
    patches.append(([(hx + 0.1, hy - 0.09), (hx + head + beak, hy + 0.04), (hx + 0.1, hy + 0.1)], bill))
    body = ribbon(
        curve((-0.52, 0.16), (0.05, 0.1), (hx, hy + 0.08), 8),
        [stout * share for share in (0.25, 0.62, 0.86, 0.98, 1.0, 0.95, 0.82, 0.66, 0.5)],
    )
    patches.append((body, colour))
    patches.append((ellipse(0.2, 0.12, 0.26, stout * 0.62, -0.1), breast))
    patches.append((ellipse(hx, hy, head, head * 0.92), shaded(colour, dice.between(0.75, 1.15))))
    spine = curve((0.22, -0.12), (-0.1, 0.02), (-0.62, 0.18), 6)
    patches.append((ribbon(spine, [0.06, 0.15, 0.19, 0.18, 0.13, 0.07, 0.01]), wing))
    patches.append((ellipse(hx + 0.07, hy - 0.03, 0.055, 0.055, steps=10), (240, 236, 225)))
    patches.append((ellipse(hx + 0.075, hy - 0.03, 0.035, 0.035, steps=8), (18, 16, 16)))
    return patches


def _gliding_bird(dice: Dice, colour: Colour, wing: Colour, bill: Colour) -> list[Patch]:
    sweep = dice.between(-0.1, 0.35)
    broad = dice.between(0.16, 0.26)
    fan = dice.between(0.1, 0.24)
    patches: list[Patch] = [([(0, 0.2), (fan, 0.75), (0, dice.between(0.6, 0.8)), (-fan, 0.75)], wing)]
    spine = curve((0.04, -0.15), (0.5, -0.4), (1.0, sweep - 0.15), 8)
    span = ribbon(spine, [broad * share for share in (0.9, 1, 1, 0.95, 0.9, 0.8, 0.62, 0.4, 0.05)])
    for shape in (span, mirrored(span)):
        patches.append((shape, wing))
    patches.append(([(-0.06, -0.58), (0, -0.78), (0.06, -0.58)], bill))
    patches.append(
        (
            ribbon([(0, -0.6), (0, -0.42), (0, -0.15), (0, 0.2), (0, 0.45)], [0.08, 0.12, 0.17, 0.14, 0.06]),
            colour,
        )
    )
    return patches


def fish(dice: Dice) -> list[Patch]:
    """A fish from the side: body, tail and fins, gill, eye; plain, striped or spotted."""
    colour = tint(dice, GREYS, BRIGHTS, BROWNS, GREENS, PALES)
    fin = shaded(colour, dice.between(0.6, 0.9)) if dice.chance(0.6) else tint(dice, BRIGHTS, GREYS)
    deep = dice.between(0.2, 0.46)
    steps = 12
    spine = curve((0.98, 0.02), (0.2, dice.between(-0.1, 0.1)), (-0.62, 0), steps)
    shape = [0.02, 0.38, 0.65, 0.84, 0.95, 1.0, 0.97, 0.88, 0.74, 0.58, 0.42, 0.28, 0.2]
    widths = [deep * share for share in shape]
    fork, spread = dice.between(0.0, 0.28), dice.between(0.22, 0.42)
    tail = [(-0.55, 0.05), (-1.0, spread), (-0.98 + fork, 0), (-1.0, -spread), (-0.55, -0.05)]
    top = dice.between(0.1, 0.26)
    patches: list[Patch] = [(tail, fin)]
    patches.append(
        (
            [
                (0.35, -deep * 0.8),
                (0.05, -deep - top),
                (-0.35, -deep * 0.62 - top * 0.4),
                (-0.3, -deep * 0.5),
            ],
            fin,
        )
    )
    patches.append(([(0.05, deep * 0.8), (-0.18, deep * 0.9 + top * 0.6), (-0.32, deep * 0.55)], fin))
    patches.append((ribbon(spine, widths), colour))
    belly = [(x, y + w * 0.62) for (x, y), w in zip(spine, widths, strict=True)]
    patches.append((ribbon(belly, [w * 0.33 for w in widths]), mixed(colour, (250, 245, 235), 0.45)))
    patches.extend(_scale_marks(dice, spine, widths, colour))
    gill = curve((0.56, -deep * 0.5), (0.44, 0.0), (0.56, deep * 0.5), 5)
    patches.append((stroke(gill, 0.02, 0.02), shaded(colour, 0.6)))
    flap = [(0.42, 0.04), (0.14, 0.02), (0.18, 0.2)]
    patches.append((flap, shaded(fin, 0.85)))
    patches.append((ellipse(0.74, -0.06, 0.075, 0.075, steps=12), (238, 234, 214)))
    patches.append((ellipse(0.75, -0.06, 0.045, 0.045, steps=10), (16, 16, 18)))
    return patches


def _scale_marks(dice: Dice, spine: Outline, widths: list[float], colour: Colour) -> list[Patch]:
    kind = dice.pick(("plain", "bars", "dots", "line"))
    mark = shaded(colour, 0.6) if dice.chance(0.5) else tint(dice, DARKS, BRIGHTS, PALES)
    patches: list[Patch] = []
    if kind == "bars":
        for i in range(4, 11, dice.pick((2, 3))):
            (x, y), w = spine[i], widths[i] * 0.85
            patches.append((stroke([(x, y - w), (x, y + w * 0.7)], 0.05, 0.03), mark))
    elif kind == "dots":
        for _ in range(10):
            i = dice.whole(3, 10)
            (x, y), w = spine[i], widths[i]
            patches.append((ellipse(x, y + w * dice.between(-0.8, 0.3), 0.035, 0.03, steps=6), mark))
    elif kind == "line":
        patches.append((stroke(spine[2:], 0.035, 0.03), mark))
    return patches


def snail(dice: Dice) -> list[Patch]:
    """A snail from the side: coiled shell on a foot, two pairs of horns."""
    shell = tint(dice, BROWNS, BROWNS, BRIGHTS, PALES, GREYS)
    flesh = tint(dice, BROWNS, GREYS, PALES, DARKS)
    neck = dice.between(-0.12, 0.22)
    sole = [*curve((-1.0, 0.56), (0.3, 0.62), (0.62, 0.45), 7), (0.82, neck + 0.12), (0.9, neck)]
    widths = [0.02, 0.07, 0.11, 0.13, 0.14, 0.15, 0.15, 0.15, 0.13, 0.1]
    patches: list[Patch] = []
    for shift, high in ((0.0, 0.42), (0.12, 0.3)):
        tip = (0.98 + shift, neck - high * dice.between(0.8, 1.1))
        patches.append((stroke([(0.88, neck), tip], 0.028, 0.02), shaded(flesh, 0.9)))
        patches.append((ellipse(tip[0], tip[1], 0.045, 0.045, steps=8), shaded(flesh, 0.6)))
    patches.append((ribbon(sole, widths), flesh))
    big = dice.between(0.46, 0.64)
    x, y = dice.between(-0.25, -0.05), 0.5 - big * dice.between(0.85, 1.0)
    round_ = dice.between(0.82, 1.0)
    patches.append((ellipse(x, y, big, big * round_, steps=28), shell))
    patches.append(
        (
            _coil(x, y, big, round_, dice.between(1.6, 2.6), dice.number()),
            shaded(shell, dice.pick((0.5, 0.6, 1.5))),
        )
    )
    return patches


def _coil(x: float, y: float, radius: float, round_: float, turns: float, start: float) -> Outline:
    spine: Outline = []
    for i in range(41):
        t = i / 40
        r = radius * (0.97 - 0.93 * t)
        turn = start + turns * t
        spine.append((x + r * cosine(turn), y + r * round_ * sine(turn)))
    return stroke(spine, 0.05, 0.02)


def starfish(dice: Dice) -> list[Patch]:
    """A starfish from above: mostly five tapering arms, often with rows of knobs."""
    colour = tint(dice, BRIGHTS, BRIGHTS, BROWNS, GREYS, PALES)
    arms = dice.pick((5, 5, 5, 5, 5, 4, 6, 7))
    waist = dice.between(0.3, 0.48)
    reach = [dice.between(0.85, 1.02) for _ in range(arms)]
    start = dice.number()
    blunt = dice.between(0.05, 0.12)
    patches: list[Patch] = []
    knob = shaded(colour, dice.pick((0.65, 1.35))) if dice.chance(0.7) else tint(dice, PALES, BRIGHTS)
    rows = dice.chance(0.75)
    bow = dice.between(-0.02, 0.02)
    marks: list[Patch] = []
    for i in range(arms):
        turn = start + (i + dice.between(-0.06, 0.06)) / arms
        tip = polar(0, 0, reach[i], turn + bow)
        spine = curve((0, 0), polar(0, 0, reach[i] * 0.5, turn), tip, 6)
        base = waist * (1.0 if arms < 6 else 0.8)
        widths = [
            base * 0.75,
            base * 0.66,
            base * 0.5,
            base * 0.38,
            base * 0.29,
            base * 0.2 + blunt * 0.3,
            blunt * 0.6,
        ]
        patches.append((ribbon(spine, widths), colour))
        for x, y in spine[1:6] if rows else ():
            marks.append((ellipse(x, y, 0.04, 0.04, steps=8), knob))
    hub = waist * 0.78
    patches.append((radial(0, 0, lambda _: hub, steps=20), colour))
    patches.extend(marks)
    if rows:
        patches.append((ellipse(0, 0, 0.06, 0.06, steps=8), knob))
    return patches


def feather(dice: Dice) -> list[Patch]:
    """A feather: quill and shaft, two vanes with barbs, notches, at times bars and down."""
    colour = tint(dice, GREYS, BROWNS, PALES, DARKS, BRIGHTS, GREENS)
    quill = mixed(colour, (245, 238, 222), 0.7) if dice.chance(0.8) else shaded(colour, 0.5)
    steps = 30
    spine = curve((-0.98, 0.1), (0.0, dice.between(-0.45, 0.1)), (1.0, dice.between(-0.05, 0.3)), steps)
    broad, lop = dice.between(0.15, 0.3), dice.between(0.45, 1.0)
    left, right = _vane(dice, steps, broad), _vane(dice, steps, broad * lop)
    patches: list[Patch] = []
    if dice.chance(0.6):
        for _ in range(8):
            i = dice.whole(4, 8)
            tip = polar(
                spine[i][0],
                spine[i][1],
                dice.between(0.12, 0.24),
                dice.pick((-1, 1)) * dice.between(0.12, 0.3),
            )
            patches.append((stroke([spine[i], tip], 0.02, 0.015), mixed(colour, (240, 236, 228), 0.5)))
    patches.append((ribbon(spine, left, right), colour))
    bars = tint(dice, DARKS, PALES, BROWNS) if dice.chance(0.4) else None
    if bars is not None:
        for i in range(9, 28, dice.pick((4, 5))):
            patches.append((ribbon(spine[i : i + 3], left[i : i + 3], right[i : i + 3]), bars))
    barb = shaded(colour, dice.pick((0.72, 0.8, 1.2)))
    for i in range(7, steps - 2, 2):
        x, y = spine[i]
        for side, widths in ((1, left), (-1, right)):
            end = min(i + 3, steps)
            tip = (spine[end][0] + 0.03, spine[end][1] + side * widths[end] * 0.95)
            patches.append((stroke([(x, y), tip], 0.011, 0.009), barb))
    patches.append((stroke(spine[: steps - 1], 0.034, 0.01), quill))
    return patches


def _vane(dice: Dice, steps: int, broad: float) -> list[float]:
    """Half widths of one side: bare quill, quick rise, slow fall, and now and then a torn notch."""
    widths = []
    for i in range(steps + 1):
        t = (i / steps - 0.2) / 0.8
        full = 0.0 if t <= 0 else min(1.0, 5 * t) * (1 - t * t * t * t)
        widths.append(broad * full)
    for _ in range(dice.whole(0, 3)):
        torn = dice.whole(9, steps - 4)
        widths[torn] *= dice.between(0.2, 0.6)
    return widths
