"""From one sample rate to another, as the contract states, on whole arrays and by chunks.

``soxr_hq`` is librosa's default and needs ``soxr``. ``polyphase`` is our own and needs numpy alone: a Kaiser
windowed sinc sampled ``up`` times a source sample, where ``up / down`` is the ratio of the rates in lowest
terms. Its right half is all that is stored (``half_filter``, float32), since it is symmetric; a phone that
reads it from the bundle computes the same sums. Those are added in float64 over fixed tiles of the output,
so that chunks of any size give the same bits as the whole.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.resampling import Polyphase, Resampler, SoxrHq
from fieldpack.errors import InputError, MissingDependencyError

INSTALL = 'pip install "fieldpack[sound]"'
SOURCE_RATES_HZ = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
"""Rates of recorders and phones, for which a bundle carries the coefficients."""

Samples = NDArray[np.float32]
_TILE = 4096
_MOST_COEFFICIENTS = 8_000_000
_MOST_UP = 256
"""Samples that may come out for one that goes in; a header of 1 Hz would make days of seconds."""


class RateChange(Protocol):
    """A sound that arrives in chunks, at another rate. Made by :func:`open_resampler`."""

    def push(self, samples: Samples) -> Samples:
        """Take float32 [n] more, return what can be said, float32 [m], m >= 0."""

    def finish(self) -> Samples:
        """The sound has ended: the rest, float32 [m]."""


def open_resampler(from_hz: int, to_hz: int, resampler: Resampler) -> RateChange:
    """Begin a sound that arrives in chunks.

    All chunks together give ``ceil(n * to_hz / from_hz)`` samples, as ``resample`` does for the whole.

    Raises
    ------
    InputError
        The two rates have no ratio of small numbers, so that the filter would be huge; or the sound's is
        no rate of sound beside the wanted one.
    MissingDependencyError
        soxr is asked for and not installed.
    """
    if from_hz == to_hz:
        return _Unchanged()
    _check_rate(from_hz, to_hz)
    if isinstance(resampler, SoxrHq):
        return _SoxrChange(from_hz, to_hz)
    up, down = ratio(from_hz, to_hz)
    coefficients = 2 * resampler.zero_crossings / resampler.rolloff * max(up, down)
    if coefficients > _MOST_COEFFICIENTS:
        raise InputError(
            f"a sound cannot be resampled from {from_hz} to {to_hz} Hz by an exact filter",
            came=f"the ratio {up} / {down}, which takes {coefficients:,.0f} coefficients",
            allowed=f"at most {_MOST_COEFFICIENTS:,}",
            hint="check the rate that the file states, or resample it beforehand",
        )
    return PolyphaseChange(up, down, half_filter(up, down, resampler))


def resample(samples: Samples, from_hz: int, to_hz: int, resampler: Resampler) -> Samples:
    """Change the sample rate of a whole sound.

    Parameters
    ----------
    samples : ndarray
        float32 [n].
    from_hz, to_hz : int
        Sample rates.
    resampler : Resampler
        Of the contract; ``soxr_hq`` equals ``librosa.resample``.

    Returns
    -------
    ndarray
        float32 [ceil(n * to_hz / from_hz)].

    Raises
    ------
    InputError
        As for :func:`open_resampler`.
    MissingDependencyError
        The rates differ, soxr is asked for, and it is not installed.
    """
    if from_hz == to_hz:
        return samples
    _check_rate(from_hz, to_hz)
    if isinstance(resampler, SoxrHq):
        soxr = _soxr(from_hz, to_hz)
        changed = np.asarray(soxr.resample(samples, from_hz, to_hz, quality="HQ"), np.float32)
        return _fitted(changed, math.ceil(samples.shape[0] * to_hz / from_hz))
    change = open_resampler(from_hz, to_hz, resampler)
    return np.concatenate([change.push(samples), change.finish()])


def _check_rate(from_hz: int, to_hz: int) -> None:
    if to_hz > _MOST_UP * from_hz:
        raise InputError(
            f"a sound cannot be resampled from {from_hz} to {to_hz} Hz: nearly all of it would be made up",
            came=f"{from_hz} Hz",
            allowed=f"{math.ceil(to_hz / _MOST_UP)} Hz or more",
            hint="check the rate that the file states",
        )


def ratio(from_hz: int, to_hz: int) -> tuple[int, int]:
    """(up, down) in lowest terms: ``up`` samples come out for ``down`` that go in."""
    common = math.gcd(from_hz, to_hz)
    return to_hz // common, from_hz // common


@lru_cache(maxsize=16)
def half_filter(up: int, down: int, settings: Polyphase) -> NDArray[np.float32]:
    """The right half of the filter, from its centre outwards, one coefficient each 1 / up source samples.

    Parameters
    ----------
    up, down : int
        The ratio of the rates in lowest terms.
    settings : Polyphase
        Of the contract.

    Returns
    -------
    ndarray
        float32 [n], read-only. With ``h[-k] = h[k]`` output ``m`` is the sum over source samples ``i`` of
        ``x[i] h[m down - i up]``; all coefficients together sum to ``up``.
    """
    cutoff = settings.rolloff * min(1.0, up / down)
    reach = settings.zero_crossings / cutoff
    time = np.arange(math.floor(reach * up) + 1) / up
    window = np.i0(settings.kaiser_beta * np.sqrt(np.maximum(0.0, 1.0 - np.square(time / reach))))
    half = np.sinc(cutoff * time) * window
    stored: NDArray[np.float32] = (half * up / (half[0] + 2 * half[1:].sum())).astype(np.float32)
    stored.flags.writeable = False
    return stored


class PolyphaseChange:
    """The sums of :func:`half_filter`, over tiles of the output.

    A tile is some rows of ``rows_down`` source samples; each row gives ``rows_up`` outputs, in groups whose
    filters lie close together, so that a group is one product of matrices.

    Parameters
    ----------
    up, down : int
        The ratio in lowest terms.
    half : ndarray
        float32 [n], from :func:`half_filter` or from a bundle.
    """

    def __init__(self, up: int, down: int, half: NDArray[np.float32]) -> None:
        self.up, self.down = up, down
        self._reach = -(-(half.shape[0] - 1) // up)
        taps = 2 * self._reach + 1
        rows = -(-2 * taps // down)
        self._row_up, self._row_down = rows * up, rows * down
        self._rows = max(1, _TILE // self._row_up)
        self._groups = _banks(up, down, half.tobytes(), self._row_up, max(1, taps * up // down))
        self._kept: Samples = np.zeros(self._reach, np.float32)
        self._came = self._gone = 0

    def push(self, samples: Samples) -> Samples:
        """Take float32 [n] more, return whole tiles."""
        self._came += samples.shape[0]
        self._kept = np.concatenate([self._kept, samples])
        made = self._tiles()
        self._gone += made.shape[0]
        return made

    def finish(self) -> Samples:
        """The rest, as if silence followed."""
        left = -(-self._came * self.up // self.down) - self._gone
        silence = self._rows * self._row_down + 2 * self._reach
        self._kept = np.concatenate([self._kept, np.zeros(silence, np.float32)])
        return self._tiles()[: max(0, left)]

    def _tiles(self) -> Samples:
        step = self._rows * self._row_down
        count = max(0, (self._kept.shape[0] - 2 * self._reach) // step)
        made = np.empty((count, self._rows, self._row_up), np.float32)
        for tile in range(count):
            source = self._kept[tile * step : (tile + 1) * step + 2 * self._reach].astype(np.float64)
            for first, start, bank in self._groups:
                rows = np.lib.stride_tricks.as_strided(
                    source[start:], (self._rows, bank.shape[0]), (self._row_down * 8, 8), writeable=False
                )
                made[tile, :, first : first + bank.shape[1]] = rows @ bank
        self._kept = self._kept[count * step :].copy()
        return made.reshape(-1)


@lru_cache(maxsize=4)
def _banks(
    up: int, down: int, data: bytes, row_up: int, width: int
) -> tuple[tuple[int, int, NDArray[np.float64]], ...]:
    """For each group of outputs of a row: first output, first source sample, weights [samples, outputs]."""
    half = np.frombuffer(data, np.float32).astype(np.float64)
    last = half.shape[0] - 1
    reach = -(-last // up)
    banks = []
    for first in range(0, row_up, width):
        steps = np.arange(first, min(first + width, row_up)) * down
        low, high = -((last - steps[0]) // up), (steps[-1] + last) // up
        distance = np.abs(steps[None, :] - np.arange(low, high + 1)[:, None] * up)
        weights = np.where(distance <= last, half[np.minimum(distance, last)], 0.0)
        banks.append((first, int(low) + reach, weights))
    return tuple(banks)


class _Unchanged:
    """The same rate."""

    def push(self, samples: Samples) -> Samples:
        return samples

    def finish(self) -> Samples:
        return np.zeros(0, np.float32)


class _SoxrChange:
    """soxr's own stream, cut or filled to the length that ``resample`` gives."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        soxr = _soxr(from_hz, to_hz)
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
        self._from, self._to = from_hz, to_hz
        self._came = self._gone = 0

    def push(self, samples: Samples) -> Samples:
        self._came += samples.shape[0]
        made = np.asarray(self._stream.resample_chunk(samples), np.float32)
        self._gone += made.shape[0]
        return made

    def finish(self) -> Samples:
        rest = np.asarray(self._stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)
        return _fitted(rest, max(0, math.ceil(self._came * self._to / self._from) - self._gone))


def _soxr(from_hz: int, to_hz: int) -> Any:
    try:
        import soxr
    except ImportError as error:
        raise MissingDependencyError(
            f"resampling from {from_hz} to {to_hz} Hz needs soxr", hint=INSTALL
        ) from error
    return soxr


def _fitted(samples: Samples, length: int) -> Samples:
    return np.pad(samples[:length], (0, max(0, length - samples.shape[0])))
