"""What training hears instead of the recording itself: a window of it, mixed, in a place, loud or soft.

Sounds are mixed as sounds, before the front-end, since magnitudes of a sum are not the sum of magnitudes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldpack.preprocess.resampler import Samples
from fieldpack_reference_models.sound_torch.recordings import Span

SILENCE_DB = -60.0
"""A window whose level is below this, dB of full scale, says nothing of its recording's class."""
GAIN_DB = (-20.0, 6.0)
SNR_DB = (0.0, 30.0)
MOST_FRAMES, MOST_BANDS = 24, 12
Real = NDArray[np.float32]


def window(sound: Samples, spans: Sequence[Span], size: int, dice: np.random.Generator) -> Samples:
    """`size` samples whose middle lies in one of the spans if that is possible; zeros fill a short sound."""
    start, end = spans[int(dice.integers(len(spans)))]
    return _around(sound, int(dice.uniform(start, end)), size)


def cut(sound: Samples, span: Span, size: int) -> list[Samples]:
    """Windows of `size` samples through a span, half a window apart, at least one; zeros fill up."""
    middles = range(span[0] + size // 2, max(span[1] - size // 2, span[0] + size // 2) + 1, size // 2)
    return [_around(sound, middle, size) for middle in middles]


def _around(sound: Samples, middle: int, size: int) -> Samples:
    """The window whose middle is nearest to `middle` without leaving the sound."""
    begin = max(0, min(middle - size // 2, len(sound) - size))
    piece = sound[begin : begin + size]
    return np.pad(piece, (0, size - len(piece)))


def level_db(sound: Samples) -> float:
    """Root mean square in dB of full scale; -120 dB and less is -120."""
    return 10 * math.log10(max(float(np.square(sound, dtype=np.float64).mean()), 1e-12))


def is_silent(sound: Samples) -> bool:
    """Whether a window holds nothing to be heard."""
    return level_db(sound) < SILENCE_DB


def together(first: Samples, second: Samples, share: float) -> Samples:
    """Two sounds at once, so loud that they are heard as `share` to 1 - `share` (arXiv:1711.10282, eq. 2).

    Parameters
    ----------
    first, second : ndarray
        float32 [n].
    share : float
        Of the first, 0..1 without the ends.

    Returns
    -------
    ndarray
        float32 [n].
    """
    distance = 10 ** ((level_db(first) - level_db(second)) / 20)
    weight = 1 / (1 + distance * (1 - share) / share)
    mixed = weight * first + (1 - weight) * second
    return (mixed / math.hypot(weight, 1 - weight)).astype(np.float32)


def placed(sound: Samples, background: Samples, snr_db: float) -> Samples:
    """A sound over a background that is `snr_db` softer, both float32 [n]; a silent one adds nothing."""
    if is_silent(background):
        return sound
    factor = 10 ** ((level_db(sound) - level_db(background) - snr_db) / 20)
    return (sound + factor * background).astype(np.float32)


def amplified(sound: Samples, gain_db: float) -> Samples:
    """Louder or softer, cut off at full scale as a recorder does."""
    return np.clip(sound * np.float32(10 ** (gain_db / 20)), -1, 1)


def masked(patch: Real, dice: np.random.Generator) -> Real:
    """One stretch of time and one of frequency set to the patch's mean (SpecAugment, arXiv:1904.08779).

    Parameters
    ----------
    patch : ndarray
        float32 [frames, bands].
    dice : numpy.random.Generator
        Every draw comes from it.

    Returns
    -------
    ndarray
        A copy.
    """
    found, mean = patch.copy(), patch.mean()
    for axis, most in ((0, MOST_FRAMES), (1, MOST_BANDS)):
        width = int(dice.integers(0, most + 1))
        start = int(dice.integers(0, patch.shape[axis] - width + 1))
        cut = (slice(start, start + width), slice(None))
        found[cut if axis == 0 else cut[::-1]] = mean
    return found
