"""Columns of a recording's spectrogram, each computed once and shared by all windows that hold it.

A column stands for one transform. What hangs on the whole window is done per window, on columns that are
shared up to there: decibels below its largest power, energy normalisation, and the scale of its samples. That
scale is ``a x + b``; a transform is linear, so ``a`` comes out of it, and what ``b`` adds is known
beforehand, provided that the real part is taken or no band hears a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.sound import Int16Scale, MinMaxScale, PeakScale, UnitScale, ValueScale
from fieldpack.contract.spectrogram import Decibel, Linear, Log, MelSpec, Pcen
from fieldpack.preprocess.compression import compressed
from fieldpack.preprocess.spectrogram import TINY, Spectrogram, spectrogram
from fieldpack.preprocess.value_scale import INT16, SILENT

DEAF = 1e-12
"""Share of a constant's power up to which a band counts as not hearing it."""


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


def frame_span(spec: MelSpec) -> int:
    """Samples that one column hangs on."""
    return spec.win_length if spec.window_at == "start" else spec.n_fft


def scaled_by_window(spec: MelSpec) -> bool:
    """Whether the scale of the samples hangs on the window."""
    return not isinstance(spec.value_scale, UnitScale | Int16Scale)


def affine(samples: NDArray[Any], scale: ValueScale) -> tuple[float, float]:
    """(a, b) so that ``a x + b`` are the samples in the scale of one window, [n], n > 0."""
    if isinstance(scale, MinMaxScale):
        low, high = float(samples.min()), float(samples.max())
        slope = 2.0 / (high - low + scale.epsilon)
        return slope, -slope * low - 1.0
    if isinstance(scale, PeakScale):
        mean = float(samples.mean(dtype=np.float64)) if scale.remove_mean else 0.0
        loudest = max(abs(float(samples.max()) - mean), abs(float(samples.min()) - mean), SILENT)
        return scale.peak / loudest, -scale.peak / loudest * mean
    return (INT16 if isinstance(scale, Int16Scale) else 1.0), 0.0


class SharedSpectrum:
    """How the columns of one front-end are shared, and finished for a window.

    Parameters
    ----------
    spec : MelSpec
        The front-end.
    """

    def __init__(self, spec: MelSpec) -> None:
        self.spec = spec
        self._late = scaled_by_window(spec)
        update: dict[str, Any] = {
            "center": False,
            "band_order": "rising",
            "normalization": "none",
            "log": _shared_log(spec.log),
        }
        if self._late:
            update |= {"value_scale": UnitScale(kind="unit"), "log": Linear(kind="linear")}
            update |= {"power": 1} if spec.spectrum == "real_part" else {}
        self._base = spec.model_copy(update=update)
        self._constant = self.columns(np.ones(frame_span(spec), np.float32))

    @property
    def possible(self) -> bool:
        """Whether columns can be shared at all."""
        if not self._late or self.spec.spectrum == "real_part":
            return True
        loudest = float(frame_span(self.spec)) ** self.spec.power
        return float(np.abs(self._constant).max()) <= DEAF * loudest

    @property
    def by_window(self) -> bool:
        """Whether a finished column hangs on the others of its window."""
        log = self.spec.log
        return isinstance(log, Pcen) or _is_clipped(log) or self.spec.normalization == "clip_max"

    def columns(self, samples: NDArray[Any]) -> Spectrogram:
        """Columns of samples as they lie, without padding; float64 [bands, n]."""
        return spectrogram(samples, self._base)

    def scale(self, sound: NDArray[np.float32]) -> tuple[float, float]:
        """(a, b) of a window's samples where it hangs on the window; else it is in the columns: (1, 0)."""
        return affine(sound, self.spec.value_scale) if self._late else (1.0, 0.0)

    def scaled(self, columns: Spectrogram, scale: tuple[float, float]) -> Spectrogram:
        """The columns that ``a x + b`` would have given."""
        slope, shift = scale
        if not self._late:
            return columns
        if self.spec.spectrum == "real_part":
            return slope * columns + shift * self._constant
        return slope**self.spec.power * columns

    def finished(self, columns: Spectrogram) -> Spectrogram:
        """All columns of one window, scaled, float64 [bands, n], as :func:`spectrogram` gives them."""
        values, spec = columns, self.spec
        if self._late:
            values = compressed(values**spec.power if spec.spectrum == "real_part" else values, spec)
        elif isinstance(spec.log, Pcen):
            values = compressed(values, spec)
        elif isinstance(spec.log, Decibel):
            values = _clipped(values, spec.log)
        if spec.band_order == "falling":
            values = values[::-1]
        if spec.normalization == "clip_max":
            values = values / max(float(np.abs(values).max()), TINY)
        return values


def _is_clipped(log: Log) -> bool:
    """Whether decibels are counted from the window's largest power, or cut below it."""
    return isinstance(log, Decibel) and (log.reference == "clip_max" or log.top_db != "none")


def _shared_log(log: Log) -> Log:
    """The part of the compression that each column has for itself."""
    if isinstance(log, Pcen):
        return Linear(kind="linear")
    if isinstance(log, Decibel):
        reference = 1.0 if log.reference == "clip_max" else log.reference
        return log.model_copy(update={"reference": reference, "top_db": "none"})
    return log


def _clipped(decibels: Spectrogram, log: Decibel) -> Spectrogram:
    """The rest of :class:`Decibel`."""
    values = decibels - decibels.max() if log.reference == "clip_max" else decibels
    return values if isinstance(log.top_db, str) else np.maximum(values, values.max() - log.top_db)


class ColumnStream:
    """Columns ``j`` on a grid, ``j`` beginning at sample ``j * hop + offset``.

    Parameters
    ----------
    shared : SharedSpectrum
        What a column is.
    offset : int
        Sample at which column 0 begins; columns that would begin before sample 0 are not made.
    """

    def __init__(self, shared: SharedSpectrum, offset: int = 0) -> None:
        self._shared, self._offset, self._hop = shared, offset, shared.spec.hop_length
        self._span = frame_span(shared.spec)
        self.start: int = -(offset // self._hop) if offset < 0 else 0
        self._kept: Spectrogram = np.zeros((shared.spec.bands, 0))

    @property
    def end(self) -> int:
        """Columns made so far, those forgotten included."""
        return self.start + int(self._kept.shape[1])

    def needs(self) -> int:
        """The first sample that columns to come hang on."""
        return self.end * self._hop + self._offset

    def extend(self, samples: SampleBuffer) -> None:
        """Make every column whose samples are there."""
        first = self.needs()
        count = (samples.end - first - self._span) // self._hop + 1
        if count < 1:
            return
        piece = samples.take(first, first + (count - 1) * self._hop + self._span)
        self._kept = np.concatenate([self._kept, self._shared.columns(piece)], axis=1)

    def take(self, start: int, end: int) -> Spectrogram:
        """Columns `start` up to `end`, which must not have been forgotten."""
        return self._kept[:, start - self.start : end - self.start]

    def forget(self, before: int) -> None:
        """Drop every column before this one."""
        drop = min(max(0, before - self.start), self._kept.shape[1])
        self._kept = self._kept[:, drop:].copy()
        self.start += drop
