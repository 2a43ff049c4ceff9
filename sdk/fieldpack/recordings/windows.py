"""From a stream of samples to prepared windows, one after the other.

Each window is what :mod:`fieldpack.preprocess` would make of its samples alone, so that offline and
streamed answers agree; columns that several windows hold are computed once. A recording is heard as it lies:
``min_seconds``, ``max_seconds`` and ``remove_silence`` are rules for clips and not applied, and "clip" in a
contract whose ``windows.samples`` is "none" means the window here, but for its spectrogram, which is padded
at the ends of the recording only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import SoundInput, SpectrogramInput
from fieldpack.contract.spectrogram import MelSpec
from fieldpack.errors import InputError
from fieldpack.preprocess.spectrogram import Spectrogram, arranged, first_frames, spectrogram
from fieldpack.preprocess.value_scale import scaled
from fieldpack.recordings.columns import (
    ColumnStream,
    SampleBuffer,
    SharedSpectrum,
    frame_span,
    scaled_by_window,
)


@dataclass(frozen=True, slots=True)
class Window:
    """One prepared window.

    Attributes
    ----------
    start, end : int
        Its place in the recording, samples at the model's rate.
    array : ndarray
        float32 [*contract.shape].
    """

    start: int
    end: int
    array: NDArray[np.float32]


class WindowStream(Protocol):
    """Prepared windows of samples that arrive in chunks, at the model's rate."""

    step: int

    def push(self, samples: NDArray[np.float32]) -> list[Window]:
        """Take float32 [n] more; the windows that are complete."""

    def finish(self) -> list[Window]:
        """The recording has ended: the windows that ``windows.last`` still gives."""


def open_windows(contract: SoundInput, step_s: float | None = None) -> WindowStream:
    """Begin a recording.

    Parameters
    ----------
    contract : SoundInput
        The input.
    step_s : float, optional
        Seconds from one window to the next, rounded to whole hops of the front-end; by default the overlap
        of the contract.

    Raises
    ------
    InputError
        The step is not above 0, or longer than a window.
    """
    windows = contract.front_end.windows
    if isinstance(contract, SpectrogramInput) and isinstance(windows.samples, str):
        hop = contract.front_end.hop_length
        columns = _step(contract, contract.frames, step_s, hop) // hop
        return PatchStream(contract, columns)
    hop = contract.front_end.hop_length if isinstance(contract, SpectrogramInput) else 1
    return SoundStream(contract, _step(contract, int(windows.samples), step_s, hop))


def _step(contract: SoundInput, size: int, step_s: float | None, hop: int) -> int:
    """Samples from one window to the next."""
    rate, windows = contract.front_end.sample_rate_hz, contract.front_end.windows
    unit = hop if isinstance(windows.samples, str) else 1
    if step_s is None:
        return unit * (size - math.floor(size * windows.overlap))
    longest = size * unit
    if not 0 < step_s <= longest / rate:
        raise InputError(
            "windows cannot follow each other at this step",
            came=f"{step_s:g} s",
            allowed=f"above 0 and at most the window, {longest / rate:.3f} s",
        )
    return min(longest, max(1, round(step_s * rate / hop)) * hop)


class SoundStream:
    """Windows of sound, each prepared as if it were alone.

    Parameters
    ----------
    contract : SoundInput
        ``windows.samples`` is a number.
    step : int
        Samples from one window to the next.
    """

    def __init__(self, contract: SoundInput, step: int) -> None:
        self._contract, self.step = contract, step
        self._size = int(contract.front_end.windows.samples)
        self._samples = SampleBuffer()
        self._next = 0
        self._channels = (
            [_channel(spec, self._size, step, contract.frames) for spec in contract.channels]
            if isinstance(contract, SpectrogramInput)
            else []
        )

    def push(self, samples: NDArray[np.float32]) -> list[Window]:
        """Take float32 [n] more; the windows that are complete."""
        self._samples.push(samples)
        for channel in self._channels:
            channel.extend(self._samples)
        made = []
        while self._next + self._size <= self._samples.end:
            made.append(self._window(self._next, self._samples.take(self._next, self._next + self._size)))
            self._next += self.step
        self._forget()
        return made

    def finish(self) -> list[Window]:
        """The last window, by the rule of the contract; at most one."""
        last, end = self._contract.front_end.windows.last, self._samples.end
        covered = self._next - self.step + self._size if self._next else 0
        if last == "drop" or end <= covered:
            return []
        if last == "shift" and self._next:
            start = end - self._size
            return [self._alone(start, self._samples.take(start, end))]
        tail = self._samples.take(self._next, end)
        return [self._alone(self._next, np.pad(tail, (0, self._size - tail.shape[0])))]

    def _forget(self) -> None:
        needed = [self._next, max(0, self._samples.end - self._size)]
        for channel in self._channels:
            channel.forget(self._next)
            needed.append(channel.needs(self._samples.end))
        self._samples.forget(min(needed))

    def _window(self, start: int, sound: NDArray[np.float32]) -> Window:
        if not isinstance(self._contract, SpectrogramInput):
            return self._alone(start, sound)
        patches = [channel.patch(start, sound) for channel in self._channels]
        return Window(start, start + self._size, arranged(patches, self._contract).astype(np.float32))

    def _alone(self, start: int, sound: NDArray[np.float32]) -> Window:
        return Window(start, start + self._size, prepared_window(sound, self._contract))


def prepared_window(sound: NDArray[np.float32], contract: SoundInput) -> NDArray[np.float32]:
    """One window of sound at the model's rate, float32 [n], prepared alone; float32 [*contract.shape]."""
    if isinstance(contract, SpectrogramInput):
        patches = [first_frames(spectrogram(sound, spec), contract.frames) for spec in contract.channels]
        return arranged(patches, contract).astype(np.float32)
    made: NDArray[np.float32] = scaled(sound, contract.front_end.value_scale).astype(np.float32)
    return made.reshape(contract.shape)


class _Channel(Protocol):
    """One spectrogram of every window."""

    def extend(self, samples: SampleBuffer) -> None: ...

    def patch(self, start: int, sound: NDArray[np.float32]) -> Spectrogram: ...

    def forget(self, before: int) -> None: ...

    def needs(self, end: int) -> int: ...


def _channel(spec: MelSpec, size: int, step: int, frames: int) -> _Channel:
    half = spec.n_fft // 2 if spec.center else 0
    whole = (size - frame_span(spec) - half) // spec.hop_length > -(-half // spec.hop_length)
    if step % spec.hop_length == 0 and step < size and whole:
        shared = SharedSpectrum(spec)
        if shared.possible:
            return _SharedChannel(shared, size, frames)
    return _LoneChannel(spec, frames)


class _LoneChannel:
    """Every window by itself."""

    def __init__(self, spec: MelSpec, frames: int) -> None:
        self._spec, self._frames = spec, frames

    def extend(self, samples: SampleBuffer) -> None:
        return None

    def patch(self, start: int, sound: NDArray[np.float32]) -> Spectrogram:
        return first_frames(spectrogram(sound, self._spec), self._frames)

    def forget(self, before: int) -> None:
        return None

    def needs(self, end: int) -> int:
        return end


class _SharedChannel:
    """Inner columns are shared; those that reach over the window's ends, where it is padded, are its own."""

    def __init__(self, shared: SharedSpectrum, size: int, frames: int) -> None:
        spec = shared.spec
        self._shared, self._spec, self._size, self._frames = shared, spec, size, frames
        self._half = spec.n_fft // 2 if spec.center else 0
        self._span, self._hop = frame_span(spec), spec.hop_length
        self._count = (size + 2 * self._half - self._span) // self._hop + 1
        if not shared.by_window:
            self._count = min(self._count, frames)
        self._first = -(-self._half // self._hop)
        self._last = min(self._count, (size + self._half - self._span) // self._hop + 1)
        self._stream = ColumnStream(shared, -self._half)

    def extend(self, samples: SampleBuffer) -> None:
        self._stream.extend(samples)

    def patch(self, start: int, sound: NDArray[np.float32]) -> Spectrogram:
        column = start // self._hop
        scale = self._shared.scale(sound)
        columns = self._shared.scaled(self._stream.take(column + self._first, column + self._last), scale)
        if self._first or self._last < self._count:
            left, right = self._edges(sound, scale)
            columns = np.concatenate([left, columns, right], axis=1)
        return first_frames(self._shared.finished(columns), self._frames)

    def forget(self, before: int) -> None:
        self._stream.forget(before // self._hop)

    def needs(self, end: int) -> int:
        return self._stream.needs()

    def _edges(
        self, sound: NDArray[np.float32], scale: tuple[float, float]
    ) -> tuple[Spectrogram, Spectrogram]:
        """The columns before and behind the shared ones, made in one go; those between are of no use.

        They see padding beside the sound, which is not scaled, so the sound is scaled before.
        """
        left, right = self._left(sound, scale), self._right(sound, scale)
        gap = -left.shape[0] % self._hop
        columns = self._shared.columns(np.concatenate([left, np.zeros(gap), right]))
        behind = (left.shape[0] + gap) // self._hop
        return columns[:, : self._first], columns[:, behind : behind + self._count - self._last]

    def _left(self, sound: NDArray[np.float32], scale: tuple[float, float]) -> NDArray[np.float64]:
        if not self._first:
            return np.zeros(0)
        begin = sound[: self._spec.n_fft + self._half + 1].astype(np.float64) * scale[0] + scale[1]
        head = np.pad(begin, (self._half, 0), mode=self._spec.pad_mode)
        return head[: (self._first - 1) * self._hop + self._span]

    def _right(self, sound: NDArray[np.float32], scale: tuple[float, float]) -> NDArray[np.float64]:
        if self._last == self._count:
            return np.zeros(0)
        begin = self._last * self._hop - self._half
        kept = max(0, min(begin, self._size - self._half - 1))
        end = sound[kept:].astype(np.float64) * scale[0] + scale[1]
        tail = np.pad(end, (0, self._half), mode=self._spec.pad_mode)[begin - kept :]
        return tail[: (self._count - 1 - self._last) * self._hop + self._span]


class PatchStream:
    """Patches of the spectrogram of the whole recording, which is padded at its two ends only.

    Parameters
    ----------
    contract : SpectrogramInput
        ``windows.samples`` is "none".
    columns : int
        Columns from one patch to the next.
    """

    def __init__(self, contract: SpectrogramInput, columns: int) -> None:
        self._contract, self._columns = contract, columns
        self._spec = contract.front_end
        if scaled_by_window(self._spec):
            raise InputError(
                f"a recording has no one {self._spec.value_scale.kind} scale",
                allowed='value_scale unit or int16 where windows.samples is "none"',
                hint="state windows.samples in the contract, so that each window is scaled by itself",
            )
        self.step = columns * self._spec.hop_length
        self._half = self._spec.n_fft // 2 if self._spec.center else 0
        self._begun = not self._half
        self._shared = SharedSpectrum(self._spec)
        self._samples, self._stream = SampleBuffer(), ColumnStream(self._shared)
        self._next, self._seen, self._least = 0, 0, math.inf

    def push(self, samples: NDArray[np.float32]) -> list[Window]:
        """Take float32 [n] more; the patches that are complete."""
        self._samples.push(samples)
        if not self._begun and self._samples.end > self._half:
            self._begin((self._half, 0))
        return self._complete() if self._begun else []

    def finish(self) -> list[Window]:
        """The patches at the end of the recording, by the rule of the contract."""
        if not self._begun:
            self._begin((self._half, self._half))
        elif self._half:
            known = self._samples.take(self._samples.end - self._half - 1, self._samples.end)
            self._samples.push(np.pad(known, (0, self._half), mode=self._spec.pad_mode)[len(known) :])
        return [*self._complete(), *self._rest()]

    def _begin(self, widths: tuple[int, int]) -> None:
        known = self._samples.take(0, self._samples.end)
        self._samples = SampleBuffer()
        self._samples.push(np.pad(known, widths, mode=self._spec.pad_mode) if known.size else known)
        self._begun = True

    def _complete(self) -> list[Window]:
        self._stream.extend(self._samples)
        frames = self._contract.frames
        fresh = self._stream.take(max(self._seen, self._stream.start), self._stream.end)
        self._least = min(self._least, float(fresh.min(initial=math.inf)))
        self._seen = self._stream.end
        made = []
        while self._next + frames <= self._stream.end:
            made.append(self._patch(self._next, self._stream.take(self._next, self._next + frames)))
            self._next += self._columns
        self._stream.forget(min(self._next, max(0, self._stream.end - frames)))
        self._samples.forget(min(self._stream.needs(), self._samples.end - self._half - 1))
        return made

    def _rest(self) -> list[Window]:
        frames, last, end = self._contract.frames, self._contract.front_end.windows.last, self._stream.end
        covered = self._next - self._columns + frames if self._next else 0
        if last == "drop" or end <= covered:
            return []
        if last == "shift" and self._next:
            return [self._patch(end - frames, self._stream.take(end - frames, end))]
        return [self._patch(self._next, self._stream.take(self._next, end))]

    def _patch(self, column: int, columns: Spectrogram) -> Window:
        hop, frames = self._spec.hop_length, self._contract.frames
        values = self._shared.finished(columns)
        missing = frames - values.shape[1]
        if missing:
            least = float(values.min()) if self._shared.by_window else self._least
            values = np.pad(values, ((0, 0), (0, missing)), constant_values=least)
        array: NDArray[Any] = arranged([values], self._contract)
        return Window(column * hop, (column + frames) * hop, array.astype(np.float32))
