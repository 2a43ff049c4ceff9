"""What of a sound contract is legal and yet goes wrong on phones: numbers beyond half floats, empty bands.

Half floats (IEEE 754-2008 binary16) end at 65504, their normal numbers at 2 to the -14; below lie subnormal
ones, which some accelerators take as zero, and below 3e-8 there is nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from fieldpack.contract import Contract, MelSpec, SpectrogramInput
from fieldpack.contract.sound import Int16Scale, MinMaxScale, PeakScale
from fieldpack.contract.spectrogram import Decibel, NaturalLog, Pcen
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import window_of
from fieldpack.preprocess.value_scale import INT16

LEAST_NORMAL = 2.0**-14
LARGEST = 65504.0
NAMED = 5


def sound_warnings(contract: Contract, halves: Sequence[str]) -> list[str]:
    """What makes the front-ends of a contract doubtful.

    Parameters
    ----------
    contract : Contract
        Inputs that are no spectrograms have no front-end here.
    halves : sequence of str
        Flavours that compute in float16; a front-end at their precision sees no finer number.

    Returns
    -------
    list of str
        Sentences with figures; none where nothing is wrong.
    """
    found = []
    for item in contract.inputs:
        if not isinstance(item, SpectrogramInput):
            continue
        for place, spec in enumerate(item.channels):
            where = f"input {item.name}" + (f", channel {place}" if item.more_channels else "")
            found += [f"{where}: {text}" for text in _of(spec, halves)]
    return found


def _of(spec: MelSpec, halves: Sequence[str]) -> Iterator[str]:
    yield from _empty_bands(spec)
    if halves:
        advice = f"at the precision of {', '.join(halves)}; keep the front-end in float32"
        yield from (f"{text} {advice}" for text in (*_floors(spec), *_peak(spec)))


def _empty_bands(spec: MelSpec) -> Iterator[str]:
    if isinstance(spec.mel, str):
        return
    filters = mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft)
    empty = np.flatnonzero(~filters.any(axis=1))
    if len(empty):
        names = ", ".join(map(str, empty[:NAMED])) + (" and others" if len(empty) > NAMED else "")
        yield (
            f"{len(empty)} of {spec.mel.bands} mel bands touch no bin of the transform ({names}) and never "
            f"change; bins are {spec.sample_rate_hz / spec.n_fft:.1f} Hz apart: fewer bands or a larger n_fft"
        )


def _floors(spec: MelSpec) -> Iterator[str]:
    for name, floor in _small_numbers(spec):
        if floor < LEAST_NORMAL:
            yield (
                f"{name} is {floor:g}, below the least normal half float {LEAST_NORMAL:.2g}: float16 makes "
                f"{_halved(floor)} of it"
            )


def _small_numbers(spec: MelSpec) -> Iterator[tuple[str, float]]:
    log = spec.log
    if isinstance(log, NaturalLog | Decibel):
        yield "log.floor", log.floor
    if isinstance(log, Pcen):
        yield "log.epsilon", log.epsilon
    if isinstance(spec.value_scale, MinMaxScale):
        yield "value_scale.epsilon", spec.value_scale.epsilon


def _halved(number: float) -> str:
    """What a half float holds of a small number, and how far that moves a level."""
    half = float(np.float16(number))
    if half == 0:
        return "0"
    moved = 10 * math.log10(half / number)
    return f"{half:.3g}, or 0 where subnormal numbers are cut" + (
        f" ({moved:+.1f} dB)" if abs(moved) >= 0.1 else ""
    )


def _peak(spec: MelSpec) -> Iterator[str]:
    """A tone at full scale has the magnitude of half the window's sum."""
    loudest = float(window_of(spec).sum()) / 2 * _full_scale(spec)
    widest = 1.0
    if not isinstance(spec.mel, str):
        widest = float(mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft).max())
    largest = max(loudest**spec.power, loudest**spec.power * widest)
    if spec.spectrum == "real_part":
        largest = (loudest * max(widest, 1.0)) ** spec.power
    if largest > LARGEST:
        yield f"a tone at full scale reaches {largest:.3g}, above the largest half float {LARGEST:g},"


def _full_scale(spec: MelSpec) -> float:
    scale = spec.value_scale
    if isinstance(scale, Int16Scale):
        return INT16
    return scale.peak if isinstance(scale, PeakScale) else 1.0
