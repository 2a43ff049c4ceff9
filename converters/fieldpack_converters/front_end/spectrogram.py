"""From a window of sound to its spectrogram patch: padding, transform, mel, compression, normalisation.

The definitions are those of :mod:`fieldpack.preprocess.spectrogram`, whose numpy is what every graph is
compared with.
"""

from __future__ import annotations

import math

import numpy as np

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.spectrogram import Decibel, MelSpec, NaturalLog
from fieldpack.errors import SpecError
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import TINY, window_of
from fieldpack_converters.front_end.operations import Constant, Graph, Value
from fieldpack_converters.front_end.transforms import TRANSFORMS, Framing

MOST_PARTS = 64
"""Frames put together from more blocks than this are left to the convolution."""


def graph_of(contract: SpectrogramInput, transform: str) -> Graph:
    """The front-end of a spectrogram model as a graph.

    Parameters
    ----------
    contract : SpectrogramInput
        Its ``front_end.windows.samples`` must be a number: the graph sees one window of sound.
    transform : str
        A key of ``transforms.TRANSFORMS``.

    Returns
    -------
    Graph
        float32 [N, samples] in -1..1 at the front-end's rate to [N, *contract.shape].

    Raises
    ------
    SpecError
        The spectrogram depends on more than one window of sound, or the window gives too few frames.
    """
    end = contract.front_end
    samples = end.windows.samples
    if isinstance(samples, str):
        raise SpecError(
            "a front-end that cuts the spectrogram of the whole clip is no graph of one window",
            came='windows.samples = "none"',
            allowed="the number of samples of one window",
        )
    graph = Graph()
    sound = graph.input(samples)
    if end.center:
        sound = graph.pad(sound, end.n_fft // 2, end.n_fft // 2, end.pad_mode)
    bands = _bands(graph, sound, end, contract.frames, transform)
    _arranged(graph, _normalised(graph, _compressed(graph, bands, end), end, contract.frames), contract)
    return graph


def transforms_of(contract: SpectrogramInput) -> tuple[str, ...]:
    """The transforms that suit: few blocks a frame, an even window, a power of two for the FFT."""
    end = contract.front_end
    if end.n_fft // math.gcd(end.n_fft, end.hop_length) > MOST_PARTS:
        return ("convolution",)
    window = window_of(end)
    even = end.n_fft % 2 == 0 and np.allclose(window[1:], window[:0:-1], atol=1e-12)
    power_of_two = end.n_fft & (end.n_fft - 1) == 0
    fitting = {"folded": even, "fft": power_of_two}
    return tuple(name for name in TRANSFORMS if fitting.get(name, True))


def _bands(graph: Graph, sound: Value, end: MelSpec, frames: int, transform: str) -> Value:
    """Power or magnitude of every band and frame, [frames, bands]."""
    filters = _filters(end)
    used = np.flatnonzero(filters.any(axis=0))
    bins = np.arange(used[0], used[-1] + 1)
    framing = Framing(end.n_fft, end.hop_length, window_of(end), bins)
    there = framing.frames(sound.shape[0])
    if there < frames:
        raise SpecError(
            "one window of sound gives too few frames",
            came=f"{there} frames",
            allowed=f"at least {frames}",
            hint="raise windows.samples",
        )
    # A reference or a normalisation taken over the window sees all its frames, as the numpy does.
    if there > frames and not _looks_at_all(end):
        sound = graph.part(sound, 0, 0, (frames - 1) * end.hop_length + end.n_fft)
    power = TRANSFORMS[transform](graph, sound, framing)
    values = power if end.power == 2 else graph.root(power)
    return values if isinstance(end.mel, str) else graph.matmul(values, filters[:, bins].T)


def _looks_at_all(end: MelSpec) -> bool:
    log = end.log
    of_clip = isinstance(log, Decibel) and (isinstance(log.reference, str) or not isinstance(log.top_db, str))
    return of_clip or end.normalization == "clip_max"


def _filters(end: MelSpec) -> Constant:
    """[bands, n_fft // 2 + 1]; every bin is a band of its own without mel."""
    if isinstance(end.mel, str):
        return np.eye(end.n_fft // 2 + 1)
    return mel_filters(end.mel, end.sample_rate_hz, end.n_fft)


def _compressed(graph: Graph, values: Value, end: MelSpec) -> Value:
    log = end.log
    if isinstance(log, NaturalLog):
        return graph.logarithm(graph.scaled(values, 1.0, log.offset))
    if not isinstance(log, Decibel):
        return values
    power = graph.squared(values) if end.power == 1 else values
    decibels = 10 / math.log(10)
    level = graph.scaled(graph.logarithm(graph.at_least(power, log.floor)), decibels)
    if isinstance(log.reference, str):
        level = graph.minus(level, graph.reduced(level, "max"))
    else:
        level = graph.scaled(level, 1.0, -10 * math.log10(max(log.reference, log.floor)))
    if isinstance(log.top_db, str):
        return level
    return graph.larger(level, graph.scaled(graph.reduced(level, "max"), 1.0, -log.top_db))


def _normalised(graph: Graph, values: Value, end: MelSpec, frames: int) -> Value:
    if end.normalization == "clip_max":
        largest = graph.at_least(graph.reduced(graph.magnitude(values), "max"), TINY)
        values = graph.over(values, largest)
    if values.shape[0] > frames:
        values = graph.part(values, 0, 0, frames)
    if end.normalization == "patch_mean_std":
        centred = graph.minus(values, graph.reduced(values, "mean"))
        spread = graph.root(graph.reduced(graph.squared(centred), "mean"))
        return graph.over(centred, graph.scaled(spread, 1.0, TINY))
    if end.normalization == "patch_min_max":
        risen = graph.minus(values, graph.reduced(values, "min"))
        return graph.over(risen, graph.scaled(graph.reduced(risen, "max"), 1.0, TINY))
    return values


def _arranged(graph: Graph, values: Value, contract: SpectrogramInput) -> Value:
    """[frames, bands] in the axes of the contract."""
    axes = {"frame": 0, "band": 1}
    order = [axes[axis] for axis in contract.axes if axis != "channel"]
    if order == [1, 0]:
        values = graph.transpose(values, 1, 0)
    return graph.reshape(values, *contract.shape)
