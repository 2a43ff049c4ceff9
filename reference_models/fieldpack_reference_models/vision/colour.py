"""Colours of the world: pools that several classes share, so that colour alone names nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack_reference_models.dice import Dice

Colour = tuple[float, float, float]

GREENS: tuple[Colour, ...] = ((74, 122, 48), (110, 150, 62), (52, 92, 58), (140, 160, 70), (88, 124, 90))
BROWNS: tuple[Colour, ...] = ((120, 84, 52), (150, 112, 74), (92, 66, 48), (176, 142, 100), (134, 70, 44))
GREYS: tuple[Colour, ...] = ((128, 128, 130), (88, 92, 98), (176, 174, 170), (150, 142, 132))
DARKS: tuple[Colour, ...] = ((44, 40, 40), (62, 48, 38), (38, 50, 48), (56, 40, 62))
PALES: tuple[Colour, ...] = ((232, 228, 218), (222, 208, 180), (240, 236, 236), (206, 212, 220))
BRIGHTS: tuple[Colour, ...] = (
    (206, 62, 48),
    (228, 130, 44),
    (236, 196, 66),
    (168, 82, 160),
    (78, 110, 188),
    (222, 122, 150),
    (60, 148, 150),
)


def tint(dice: Dice, *pools: Sequence[Colour]) -> Colour:
    """A colour (0..255 a channel) from one of the pools, each pool equally likely, then varied."""
    red, green, blue = dice.pick(dice.pick(pools))
    level = dice.between(0.8, 1.2)
    return (
        bounded(red * level + dice.between(-16, 16)),
        bounded(green * level + dice.between(-16, 16)),
        bounded(blue * level + dice.between(-16, 16)),
    )


def shaded(colour: Colour, factor: float) -> Colour:
    """The colour made darker (factor below 1) or lighter (above 1), within 0..255."""
    red, green, blue = colour
    return bounded(red * factor), bounded(green * factor), bounded(blue * factor)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0..1) of `other` in it."""
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def bounded(value: float) -> float:
    """The value held within 0..255."""
    return 0.0 if value < 0 else 255.0 if value > 255 else value
