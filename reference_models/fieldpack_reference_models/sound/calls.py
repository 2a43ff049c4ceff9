"""Twelve callers. Each call is drawn anew: pitch, tempo and number of notes differ, the pattern stays.

They are sketches of a kind and no imitation of a species. Some are close on purpose: cricket and cicada, toad
and frog, owl and cuckoo, warbler and chiffchaff.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.sound.voice import (
    RATE_HZ,
    Sound,
    band,
    coloured,
    glide,
    hiss,
    in_turn,
    ring,
    swell,
    tone,
)


def bee(dice: Dice) -> Sound:
    """A steady hum with many overtones that flutters."""
    seconds, pitch = dice.between(1.3, 1.9), dice.between(170, 260)
    hum = tone(
        glide([pitch * dice.between(0.94, 1.06) for _ in range(6)], seconds), [1 / n for n in range(1, 13)]
    )
    return hum * (1 + 0.5 * np.sin(2 * np.pi * dice.between(4, 9) * np.arange(len(hum)) / RATE_HZ))


def blackbird(dice: Dice) -> Sound:
    """Slow, fluted notes, each with a glide of its own."""
    start, parts = 0.0, []
    for _ in range(dice.whole(3, 5)):
        seconds, pitch = dice.between(0.18, 0.4), dice.between(1500, 2900)
        notes = [pitch, pitch * dice.between(0.8, 1.25), pitch * dice.between(0.85, 1.15)]
        parts.append((start, tone(glide(notes, seconds), (1.0, 0.2))))
        start += seconds + dice.between(0.02, 0.08)
    return in_turn(parts)


def chiffchaff(dice: Dice) -> Sound:
    """Two short falling notes, high and less high, in an irregular order."""
    high, gap = dice.between(4600, 5600), dice.between(0.2, 0.28)
    parts = []
    for number in range(dice.whole(5, 7)):
        pitch = high if dice.chance(0.5) else high * 0.78
        parts.append((number * gap, tone(glide([pitch * 1.25, pitch, pitch * 0.9], 0.09))))
    return in_turn(parts)


def cicada(dice: Dice) -> Sound:
    """A buzz between 5 and 7.5 kHz whose strength beats fast and swells slowly."""
    seconds = dice.between(1.4, 1.9)
    buzz = coloured(
        hiss(dice, round(seconds * RATE_HZ)), band(dice.between(4700, 5300), dice.between(6800, 7500))
    )
    beats = 1 + 0.9 * np.sin(2 * np.pi * dice.between(110, 190) * np.arange(len(buzz)) / RATE_HZ)
    return swell(buzz * beats, 0.4)


def cricket(dice: Dice) -> Sound:
    """Chirps of three or four pulses of one high tone."""
    pitch, gap, pulses = dice.between(4200, 5300), dice.between(0.3, 0.5), dice.whole(3, 4)
    pulse = tone(np.full(round(0.022 * RATE_HZ), pitch))
    starts = [chirp * gap + number * 0.034 for chirp in range(dice.whole(3, 5)) for number in range(pulses)]
    return in_turn((start, pulse) for start in starts)


def cuckoo(dice: Dice) -> Sound:
    """Two notes, the second a minor third lower."""
    pitch, gap = dice.between(600, 740), dice.between(0.85, 1.05)
    first = tone(np.full(round(dice.between(0.15, 0.2) * RATE_HZ), pitch), (1.0, 0.15))
    second = tone(np.full(round(dice.between(0.22, 0.3) * RATE_HZ), pitch * 0.84), (1.0, 0.15))
    return in_turn(part for turn in range(2) for part in ((turn * gap, first), (turn * gap + 0.3, second)))


def frog(dice: Dice) -> Sound:
    """Croaks: bursts of low, ringing pulses."""
    resonance, speed, gap = dice.between(600, 1100), dice.between(32, 52), dice.between(0.45, 0.65)
    pulse, length = ring(resonance, 0.006, 0.03), dice.whole(7, 12)
    starts = [turn * gap + number / speed for turn in range(dice.whole(2, 3)) for number in range(length)]
    return in_turn((start, pulse) for start in starts)


def gull(dice: Dice) -> Sound:
    """Wails with strong overtones that rise and fall."""
    pitch, gap = dice.between(750, 1100), dice.between(0.5, 0.7)
    curve = [pitch, pitch * dice.between(1.25, 1.5), pitch * 1.2, pitch * 0.85]
    wail = tone(glide(curve, dice.between(0.35, 0.5)), (1.0, 0.8, 0.7, 0.5, 0.3))
    return in_turn((turn * gap, wail) for turn in range(dice.whole(2, 3)))


def owl(dice: Dice) -> Sound:
    """Hoots: one long, a pause, then short ones."""
    pitch = dice.between(310, 470)
    long, short = (
        tone(glide([pitch * 0.96, pitch, pitch * 0.97], seconds), (1.0, 0.12))
        for seconds in (dice.between(0.4, 0.55), dice.between(0.16, 0.24))
    )
    later = dice.between(0.75, 0.95)
    return in_turn([(0.0, long), *((later + number * 0.3, short) for number in range(dice.whole(2, 3)))])


def toad(dice: Dice) -> Sound:
    """A long trill on one middle pitch."""
    pitch, speed = dice.between(1150, 1750), dice.between(17, 30)
    pulse = tone(np.full(round(0.6 / speed * RATE_HZ), pitch), (1.0, 0.1))
    return in_turn((number / speed, pulse) for number in range(round(speed * dice.between(1.2, 1.7))))


def warbler(dice: Dice) -> Sound:
    """A trill of fast falling sweeps."""
    top, bottom, speed = dice.between(6200, 7300), dice.between(3400, 4300), dice.between(11, 17)
    sweep = tone(glide([top, bottom * 1.1, bottom], 0.7 / speed))
    return in_turn((number / speed, sweep) for number in range(round(speed * dice.between(1.0, 1.5))))


def woodpecker(dice: Dice) -> Sound:
    """A drum roll on wood that slows down."""
    speed, wood = dice.between(14, 22), dice.between(900, 1900)
    knock = ring(wood, 0.008, 0.05) + 0.6 * ring(wood * 2.3, 0.004, 0.05)
    starts, now = [], 0.0
    for number in range(dice.whole(12, 18)):
        starts.append(now)
        now += (1 + 0.02 * number) / speed
    return in_turn((start, knock) for start in starts)


CALLERS: tuple[Callable[[Dice], Sound], ...] = (
    bee, blackbird, chiffchaff, cicada, cricket, cuckoo, frog, gull, owl, toad, warbler, woodpecker,
)  # fmt: skip
CLASSES: tuple[str, ...] = tuple(caller.__name__ for caller in CALLERS)
