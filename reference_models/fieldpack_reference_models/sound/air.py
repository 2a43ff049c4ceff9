"""What lies between a caller and the microphone: distance, echoes, and the noise of the place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.sound.voice import RATE_HZ, Sound, band, coloured, count, glide, hiss

DISTANCES: dict[str, tuple[float, float, float]] = {
    "near": (0.0, 9000.0, 0.05),
    "middle": (-9.0, 5500.0, 0.25),
    "far": (-18.0, 3200.0, 0.6),
}
"""Name -> level in dB, where air and leaves begin to take the treble away in Hz, share of the echo."""
ECHO_S = 0.25


def decibels(level: float) -> float:
    """Factor of an amplitude."""
    return float(10 ** (level / 20))


def carried(sound: Sound, distance: str, dice: Dice) -> Sound:
    """A call as it arrives from a distance: less of it, duller, and with more echo."""
    level, treble_hz, echo = DISTANCES[distance]
    dull = coloured(sound, lambda f: 1 / np.sqrt(1 + (f / treble_hz) ** 2))
    tail = hiss(dice, count(ECHO_S)) * np.exp(-np.arange(count(ECHO_S)) / (0.07 * RATE_HZ))
    size = len(dull) + len(tail) - 1
    echoed: Sound = np.fft.irfft(np.fft.rfft(dull, size) * np.fft.rfft(tail, size), size)[: len(dull)]
    loudest = max(float(np.abs(echoed).max()), 1e-9)
    arrived: Sound = decibels(level) * ((1 - echo) * dull + echo * echoed / loudest)
    return arrived


def rain(dice: Dice, samples: int) -> Sound:
    """A patter: bright noise, and single drops."""
    drops = np.where(dice.raw(samples) < 1, hiss(dice, samples), 0.0)
    return coloured(hiss(dice, samples) + 25 * drops, band(1200, 7000))


def still(dice: Dice, samples: int) -> Sound:
    """A quiet place: noise that falls by 3 dB an octave."""
    return 0.3 * coloured(hiss(dice, samples), lambda f: 1 / np.sqrt(np.maximum(f, 30.0)))


def stream(dice: Dice, samples: int) -> Sound:
    """Running water: broad noise that gurgles."""
    gurgle = glide([dice.between(0.5, 1.5) for _ in range(24)], samples / RATE_HZ)
    return coloured(hiss(dice, samples), band(300, 2800)) * gurgle


def wind(dice: Dice, samples: int) -> Sound:
    """Low noise in gusts."""
    gust = glide([dice.between(0.2, 2.0) for _ in range(7)], samples / RATE_HZ)
    return coloured(hiss(dice, samples), lambda f: 1 / (1 + (f / 160) ** 2)) * gust


PLACES: dict[str, Callable[[Dice, int], Sound]] = {
    place.__name__: place for place in (rain, still, stream, wind)
}
NOISE_DB: dict[str, tuple[float, float]] = {
    "rain": (-30.0, -20.0),
    "still": (-46.0, -36.0),
    "stream": (-30.0, -20.0),
    "wind": (-24.0, -12.0),
}
"""Name -> deviation of the noise in dB, where a near caller peaks at 0."""
