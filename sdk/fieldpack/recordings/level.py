"""What the samples of a recording say of how it was made: silent, too loud, clipped, or off centre.

None of these stops an answer; each makes one that nobody should trust without a look.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import SoundSpec
from fieldpack.errors import InputError
from fieldpack.preprocess.sound import open_sound_file

_OVERSHOOT = 2.0
"""Full scale is 1; decoders of lossy formats go somewhat beyond. What lies above this has another scale."""
_LARGEST = 2.0**32
"""No recorder has samples of more bits, and front-ends overflow on them."""
_OTHER_SCALE = (
    "where full scale is 1: the file has another scale, and every level that the model hears is off"
)
_CLIPPED_FROM = 0.999
_CLIPPED_RUN = 3
_CLIPPED_SHARE = 1e-3
_OFFSET, _OFFSET_SAMPLES = 0.05, 4096


class LevelMeter:
    """Reads the samples of one recording as they come."""

    def __init__(self) -> None:
        self._count = self._clipped = 0
        self._peak = 0.0
        self._sum = 0.0
        self._tail: NDArray[np.float32] = np.zeros(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take float32 [n] more, finite.

        Raises
        ------
        InputError
            A sample is larger than any scale explains.
        """
        if not samples.shape[0]:
            return
        self._count += samples.shape[0]
        self._sum += float(samples.sum(dtype=np.float64))
        self._peak = max(self._peak, float(np.abs(samples).max()))
        if self._peak > _LARGEST:
            raise InputError(
                "a recording holds samples that are no sound",
                came=f"{self._peak:.4g}",
                allowed="-1 to 1",
                hint="write the file again",
            )
        joined = np.concatenate([self._tail, samples])
        self._clipped += _flat_tops(joined)
        self._tail = joined[-(_CLIPPED_RUN - 1) :]

    def findings(self) -> list[str]:
        """What is odd about the recording; nothing where it is as recordings are."""
        if not self._count:
            return []
        if self._peak == 0:
            return ["every sample is 0"]
        if self._peak > _OVERSHOOT:
            return [f"samples reach {self._peak:.4g} ({20 * math.log10(self._peak):+.0f} dB), {_OTHER_SCALE}"]
        return [*self._clipping(), *self._offset()]

    def _clipping(self) -> list[str]:
        share = self._clipped / self._count
        if share < _CLIPPED_SHARE:
            return []
        return [f"{100 * share:.1f} % of the samples lie at full scale, one after the other: it is clipped"]

    def _offset(self) -> list[str]:
        mean = self._sum / self._count
        if self._count < _OFFSET_SAMPLES or abs(mean) < _OFFSET:
            return []
        return [f"the samples lie around {mean:+.2f} and not around 0"]


def file_findings(path: Path, sound: SoundSpec) -> list[str]:
    """What is odd about a sound file and the part of it that a clip is made from.

    Raises
    ------
    InputError
        It cannot be read, or holds numbers that are no sound.
    """
    meter = LevelMeter()
    with open_sound_file(path) as file:
        left = int(sound.max_seconds * file.sample_rate_hz)
        for block in file.blocks(sound.channel_mix):
            meter.push(block[:left])
            left -= block.shape[0]
            if left <= 0:
                break
        remark = [] if file.remark is None else [file.remark]
    return [*remark, *meter.findings()]


def _flat_tops(samples: NDArray[np.float32]) -> int:
    """Samples at full scale that end a run of at least three of one sign."""
    count = 0
    for sign in (samples >= _CLIPPED_FROM, samples <= -_CLIPPED_FROM):
        run = sign[: 1 - _CLIPPED_RUN].copy()
        for later in range(1, _CLIPPED_RUN):
            run &= sign[later : sign.shape[0] - _CLIPPED_RUN + 1 + later]
        count += int(run.sum())
    return count
