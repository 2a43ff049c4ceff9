"""The power of a recording over time and frequency, as many columns as a picture is wide.

Nothing here is a front-end of a model: it shows a person what there is to hear. Memory is the picture's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TRANSFORM_S = 0.04
"""Length of one transform, at least; rounded up to a power of two samples."""


class Spectrograph:
    """Mean power in each column of a picture, over samples that arrive in chunks.

    Parameters
    ----------
    length : int
        Samples of the whole recording.
    sample_rate_hz : int
        Their rate.
    width : int
        Columns of the picture.
    """

    def __init__(self, length: int, sample_rate_hz: int, width: int) -> None:
        self._length, self._width = max(1, length), width
        self._size = 1 << math.ceil(math.log2(TRANSFORM_S * sample_rate_hz))
        self._hop = max(1, min(self._size // 2, length // width))
        self._window = np.hanning(self._size + 1)[:-1]
        self._kept = np.zeros(self._size // 2)
        self._next = 0
        self._power = np.zeros((width, self._size // 2 + 1))
        self._counts = np.zeros(width)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take float32 [n] more."""
        self._kept = np.concatenate([self._kept, samples.astype(np.float64)])
        count = (self._kept.shape[0] - self._size) // self._hop + 1
        if count < 1:
            return
        frames = np.lib.stride_tricks.sliding_window_view(self._kept, self._size)[:: self._hop][:count]
        for start in range(0, count, 256):
            self._add(frames[start : start + 256])
        self._kept = self._kept[count * self._hop :].copy()

    def _add(self, frames: NDArray[np.float64]) -> None:
        centres = self._next + np.arange(frames.shape[0]) * self._hop
        columns = np.minimum(centres * self._width // self._length, self._width - 1)
        power = np.square(np.abs(np.fft.rfft(frames * self._window, axis=1)))
        np.add.at(self._power, columns, power)
        np.add.at(self._counts, columns, 1.0)
        self._next += frames.shape[0] * self._hop

    def decibels(self) -> NDArray[np.float64]:
        """Level of every column in dB below the loudest, [frequencies, width]; low frequencies first."""
        self.push(np.zeros(self._size, np.float32))
        filled = np.maximum.accumulate(np.where(self._counts > 0, np.arange(self._width), 0))
        mean = self._power[filled].T / np.maximum(self._counts[filled], 1.0)
        loudest = max(float(mean.max()), 1e-20)
        return np.asarray(10 * np.log10(np.maximum(mean, loudest * 1e-12) / loudest))
