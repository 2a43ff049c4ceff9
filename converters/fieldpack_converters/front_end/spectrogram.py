"""From a window of sound to its spectrogram patch: value scale, padding, transform, mel, normalisation.

The definitions are those of :mod:`fieldpack.preprocess.spectrogram`, whose numpy is what every graph is
compared with. ``compression.py`` has what comes between mel and normalisation.
"""

from __future__ import annotations

import numpy as np

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.sound import Int16Scale, MinMaxScale, PeakScale, ValueScale
from fieldpack.contract.spectrogram import Decibel, MelSpec
from fieldpack.errors import SpecError
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import TINY, window_of, window_samples
from fieldpack.preprocess.value_scale import INT16, SILENT
from fieldpack_converters.front_end.compression import compressed
from fieldpack_converters.front_end.operations import Constant, Graph, Value
from fieldpack_converters.front_end.transforms import TRANSFORMS, Framing

MOST_PARTS = 64
"""Frames put together from more blocks than this are left to the convolution."""


def graph_of(contract: SpectrogramInput, *transforms: str) -> Graph:
    """The front-end of a spectrogram model as a graph.

    Parameters
    ----------
    contract : SpectrogramInput
        The graph sees one window of sound, so no patch may depend on more of the clip.
    *transforms : str
        A key of ``transforms.TRANSFORMS`` for each channel.

    Returns
    -------
    Graph
        float32 [N, samples] in -1..1 at the front-end's rate to [N, *contract.shape].

    Raises
    ------
    SpecError
        The spectrogram depends on more than one window of sound, or the window gives too few frames.
    """
    samples = window_samples(contract)
    if samples is None:
        raise SpecError(
            "a front-end whose patches depend on the whole clip is no graph of one window",
            came='windows.samples = "none" with centring, a level, a scale or a state taken over the clip',
            allowed="the number of samples of one window",
        )
    graph = Graph()
    sound = _valued(graph, graph.input(samples), contract.front_end.value_scale)
    channels = [
        _channel(graph, sound, spec, contract.frames, transform)
        for spec, transform in zip(contract.channels, transforms, strict=True)
    ]
    _arranged(graph, channels, contract)
    return graph


def transforms_of(spec: MelSpec) -> tuple[str, ...]:
    """The transforms that suit: few blocks a frame, an even window, a power of two for the FFT."""
    if spec.n_fft > MOST_PARTS * spec.hop_length:
        return ("convolution",)
    window = window_of(spec)
    even = spec.n_fft % 2 == 0 and np.allclose(window[1:], window[:0:-1], atol=1e-12)
    power_of_two = spec.n_fft & (spec.n_fft - 1) == 0
    fitting = {"folded": even, "fft": power_of_two}
    return tuple(name for name in TRANSFORMS if fitting.get(name, True))


def _valued(graph: Graph, sound: Value, scale: ValueScale) -> Value:
    if isinstance(scale, Int16Scale):
        return graph.scaled(sound, INT16)
    if isinstance(scale, MinMaxScale):
        risen = graph.minus(sound, graph.reduced(sound, "min"))
        spread = graph.shifted(graph.reduced(risen, "max"), scale.epsilon)
        return graph.shifted(graph.scaled(graph.over(risen, spread), 2.0), -1.0)
    if isinstance(scale, PeakScale):
        centred = graph.minus(sound, graph.reduced(sound, "mean")) if scale.remove_mean else sound
        loudest = graph.at_least(graph.reduced(graph.magnitude(centred), "max"), SILENT)
        return graph.scaled(graph.over(centred, loudest), scale.peak)
    return sound


def _channel(graph: Graph, sound: Value, spec: MelSpec, frames: int, transform: str) -> Value:
    """One patch, [frames, bands]."""
    if spec.center:
        sound = graph.pad(sound, spec.n_fft // 2, spec.n_fft // 2, spec.pad_mode)
    if spec.window_at == "start" and spec.win_length < spec.n_fft:
        sound = graph.pad(sound, 0, spec.n_fft - spec.win_length, "constant")
    values = compressed(graph, _bands(graph, sound, spec, frames, transform), spec)
    return _normalised(graph, values, spec, frames)


def _bands(graph: Graph, sound: Value, spec: MelSpec, frames: int, transform: str) -> Value:
    """Power or magnitude of every band and frame, [frames, bands]."""
    filters = _filters(spec)
    used = np.flatnonzero(filters.any(axis=0))
    bins = np.arange(used[0], used[-1] + 1)
    real_only = spec.spectrum == "real_part"
    framing = Framing(spec.n_fft, spec.hop_length, window_of(spec), bins, real_only)
    sound = _long_enough(graph, sound, framing, frames, spec)
    spectrum = TRANSFORMS[transform](graph, sound, framing)
    values = spectrum.value
    if not real_only and spec.power == 1:
        values = graph.root(values)
    if isinstance(spec.mel, str):
        places = spectrum.places if spec.band_order == "rising" else spectrum.places[::-1]
        values = graph.pick(values, places)
    else:
        ordered = filters if spec.band_order == "rising" else filters[::-1]
        matrix = np.zeros((values.shape[1], len(filters)))
        matrix[spectrum.places] = ordered[:, bins].T
        values = graph.matmul(values, matrix)
    return graph.squared(values) if real_only else values


def _long_enough(graph: Graph, sound: Value, framing: Framing, frames: int, spec: MelSpec) -> Value:
    """The sound of the wanted frames, or of all where something is taken over the whole window."""
    there = framing.frames(sound.shape[0])
    if there < frames:
        raise SpecError(
            "one window of sound gives too few frames",
            came=f"{there} frames",
            allowed=f"at least {frames}",
            hint="raise windows.samples",
        )
    if there == frames or _looks_at_all(spec):
        return sound
    return graph.part(sound, 0, 0, (frames - 1) * spec.hop_length + spec.n_fft)


def _looks_at_all(spec: MelSpec) -> bool:
    log = spec.log
    of_clip = isinstance(log, Decibel) and (isinstance(log.reference, str) or not isinstance(log.top_db, str))
    return of_clip or spec.normalization == "clip_max"


def _filters(spec: MelSpec) -> Constant:
    """[bands, n_fft // 2 + 1]; every bin is a band of its own without mel."""
    if isinstance(spec.mel, str):
        return np.eye(spec.n_fft // 2 + 1)
    return mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft)


def _normalised(graph: Graph, values: Value, spec: MelSpec, frames: int) -> Value:
    if spec.normalization == "clip_max":
        largest = graph.at_least(graph.reduced(graph.magnitude(values), "max"), TINY)
        values = graph.over(values, largest)
    if values.shape[0] > frames:
        values = graph.part(values, 0, 0, frames)
    if spec.normalization == "patch_mean_std":
        centred = graph.minus(values, graph.reduced(values, "mean"))
        spread = graph.root(graph.reduced(graph.squared(centred), "mean"))
        return graph.over(centred, graph.shifted(spread, TINY))
    if spec.normalization == "patch_min_max":
        risen = graph.minus(values, graph.reduced(values, "min"))
        return graph.over(risen, graph.shifted(graph.reduced(risen, "max"), TINY))
    return values


def _arranged(graph: Graph, channels: list[Value], contract: SpectrogramInput) -> Value:
    """Patches [frames, bands] in the axes of the contract."""
    sizes = (contract.frames, contract.bands)
    if len(channels) > 1:
        stacked = graph.concatenate([graph.reshape(one, *sizes, 1) for one in channels], 2)
        places = {"frame": 0, "band": 1, "channel": 2}
        return graph.transpose(stacked, *(places[axis] for axis in contract.axes))
    turned = [axis for axis in contract.axes if axis != "channel"] == ["band", "frame"]
    values = graph.transpose(channels[0], 1, 0) if turned else channels[0]
    return graph.reshape(values, *contract.shape)
