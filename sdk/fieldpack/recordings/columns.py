"""Columns of a recording's spectrogram, each computed once and shared by all windows that hold it.

A column stands for one transform. What hangs on the whole window (its largest power, energy normalisation)
is done per window, on columns that are shared up to there; where the samples themselves are scaled by the
window nothing can be shared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.sound import Int16Scale, UnitScale
from fieldpack.contract.spectrogram import Decibel, Linear, Log, MelSpec, Pcen
from fieldpack.preprocess.compression import compressed
from fieldpack.preprocess.spectrogram import TINY, Spectrogram, spectrogram


class SampleBuffer:
    """The last samples of a stream, addressed by their place in it."""

    def __init__(self) -> None:
        self._kept = np.zeros(0, np.float32)
        self.start = 0

    @property
    def end(self) -> int:
        """Samples that came so far."""
        return self.start + self._kept.shape[0]

    def push(self, samples: NDArray[np.float32]) -> None:
        """Add float32 [n]."""
        self._kept = np.concatenate([self._kept, samples])

    def take(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples `start` up to `end`, which must not have been forgotten."""
        return self._kept[start - self.start : end - self.start]

    def forget(self, before: int) -> None:
        """Drop everything before this sample."""
        drop = min(max(0, before - self.start), self._kept.shape[0])
        self._kept = self._kept[drop:].copy()
        self.start += drop


def shareable(spec: MelSpec) -> bool:
    """Whether a column is the same in every window that holds it."""
    return isinstance(spec.value_scale, UnitScale | Int16Scale)


def frame_span(spec: MelSpec) -> int:
    """Samples that one column hangs on."""
    return spec.win_length if spec.window_at == "start" else spec.n_fft


def by_window(spec: MelSpec) -> bool:
    """Whether a finished column hangs on the others of its window."""
    return isinstance(spec.log, Pcen) or _is_clipped(spec.log) or spec.normalization == "clip_max"


def finished(columns: Spectrogram, spec: MelSpec) -> Spectrogram:
    """Shared columns of one window, float64 [bands, n], as :func:`spectrogram` gives them."""
    values = compressed(columns, spec) if isinstance(spec.log, Pcen) else columns
    if isinstance(spec.log, Decibel):
        if spec.log.reference == "clip_max":
            values = values - values.max()
        if not isinstance(spec.log.top_db, str):
            values = np.maximum(values, values.max() - spec.log.top_db)
    if spec.band_order == "falling":
        values = values[::-1]
    if spec.normalization == "clip_max":
        values = values / max(float(np.abs(values).max()), TINY)
    return values


def shared_part(samples: NDArray[Any], spec: MelSpec) -> Spectrogram:
    """Columns of samples as they lie, without padding, up to what hangs on the window; float64 [bands, n]."""
    update: dict[str, Any] = {"center": False, "band_order": "rising", "normalization": "none"}
    if isinstance(spec.log, Pcen):
        update["log"] = Linear(kind="linear")
    if isinstance(spec.log, Decibel):
        reference = 1.0 if spec.log.reference == "clip_max" else spec.log.reference
        update["log"] = spec.log.model_copy(update={"reference": reference, "top_db": "none"})
    return spectrogram(samples, spec.model_copy(update=update))


def _is_clipped(log: Log) -> bool:
    """Whether decibels are counted from the window's largest power, or cut below it."""
    return isinstance(log, Decibel) and (log.reference == "clip_max" or log.top_db != "none")


class ColumnStream:
    """Columns ``j`` on a grid, ``j`` beginning at sample ``j * hop + offset``.

    Parameters
    ----------
    spec : MelSpec
        Front-end, shareable.
    offset : int
        Sample at which column 0 begins; columns that would begin before sample 0 are not made.
    """

    def __init__(self, spec: MelSpec, offset: int = 0) -> None:
        self._spec, self._offset = spec, offset
        self._span = frame_span(spec)
        self.start: int = -(offset // spec.hop_length) if offset < 0 else 0
        self._kept: Spectrogram = np.zeros((spec.bands, 0))

    @property
    def end(self) -> int:
        """Columns made so far, those forgotten included."""
        return self.start + int(self._kept.shape[1])

    def needs(self) -> int:
        """The first sample that columns to come hang on."""
        return int(self.end * self._spec.hop_length + self._offset)

    def extend(self, samples: SampleBuffer) -> None:
        """Make every column whose samples are there."""
        first = self.needs()
        count = (samples.end - first - self._span) // self._spec.hop_length + 1
        if count < 1:
            return
        piece = samples.take(first, first + (count - 1) * self._spec.hop_length + self._span)
        self._kept = np.concatenate([self._kept, shared_part(piece, self._spec)], axis=1)

    def take(self, start: int, end: int) -> Spectrogram:
        """Columns `start` up to `end`, which must not have been forgotten."""
        return self._kept[:, start - self.start : end - self.start]

    def forget(self, before: int) -> None:
        """Drop every column before this one."""
        drop = min(max(0, before - self.start), self._kept.shape[1])
        self._kept = self._kept[:, drop:].copy()
        self.start += drop
