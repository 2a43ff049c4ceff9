"""How a call is put together: tones along a curve, clicks that ring, noise of a colour; seconds and hertz."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.dice import Dice

RATE_HZ = 16_000
Sound = NDArray[np.float64]


def count(seconds: float) -> int:
    """Samples in so many seconds."""
    return round(seconds * RATE_HZ)


def glide(points: Sequence[float], seconds: float) -> Sound:
    """A curve through evenly spaced points, in straight lines."""
    steps = count(seconds)
    curve: Sound = np.interp(np.linspace(0, len(points) - 1, steps), np.arange(len(points)), points)
    return curve


def tone(frequency_hz: Sound, overtones: Sequence[float] = (1.0,)) -> Sound:
    """A sine that follows a frequency, with overtones of the given strengths; it swells and fades."""
    phase = 2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ
    audible = [
        strength * np.sin((number + 1) * phase) * ((number + 1) * frequency_hz < RATE_HZ / 2.1)
        for number, strength in enumerate(overtones)
    ]
    return swell(np.sum(audible, axis=0))


def swell(sound: Sound, share: float = 0.2) -> Sound:
    """Fade the first and the last `share` in and out by a cosine."""
    size = max(1, round(len(sound) * share))
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)
    shape = np.ones(len(sound))
    shape[:size] *= edge
    shape[-size:] *= edge[::-1]
    return sound * shape


def ring(frequency_hz: float, decay_s: float, seconds: float) -> Sound:
    """A click that rings at one frequency and dies away."""
    time = np.arange(count(seconds)) / RATE_HZ
    click: Sound = np.sin(2 * np.pi * frequency_hz * time) * np.exp(-time / decay_s)
    return click


def in_turn(parts: Iterable[tuple[float, Sound]]) -> Sound:
    """Lay sounds at their starting times, in seconds, one over the other."""
    laid = [(count(start), part) for start, part in parts]
    whole = np.zeros(max(start + len(part) for start, part in laid))
    for start, part in laid:
        whole[start : start + len(part)] += part
    return whole


def hiss(dice: Dice, samples: int) -> Sound:
    """White noise: a sum of four uniform numbers, deviation 1."""
    noise: Sound = (dice.raw(samples, 4).astype(np.float64).sum(axis=1) - 510) / 147.8
    return noise


def coloured(sound: Sound, gain: Callable[[Sound], Sound]) -> Sound:
    """A sound whose spectrum is multiplied by a gain over frequency in Hz."""
    frequencies = np.asarray(np.fft.rfftfreq(len(sound), 1 / RATE_HZ), np.float64)
    changed: Sound = np.fft.irfft(np.fft.rfft(sound) * gain(frequencies), len(sound))
    return changed


def band(low_hz: float, high_hz: float) -> Callable[[Sound], Sound]:
    """A gain that is 1 inside a band and falls by 24 dB an octave outside."""
    return lambda f: 1 / (1 + (low_hz / np.maximum(f, 1.0)) ** 4) / (1 + (f / high_hz) ** 4)
