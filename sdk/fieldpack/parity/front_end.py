"""How far a front-end's file is from the numpy reference, in decibels, on sounds that show faults.

A hundredth of a decibel is more than a float32 front-end needs; half floats and integers miss it by far. What
lies more than 80 dB below a clip's maximum does not count: there float32 itself has no digits left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.spectrogram import Decibel, Linear, MelSpec, NaturalLog, Pcen, Root
from fieldpack.preprocess.spectrogram import patch_of, spectrogram

MAX_DB, RMS_DB = 0.01, 0.001
"""What a front-end may differ from the reference: the largest gap, and the root of the mean square."""
RANGE_DB = 80.0
"""Only values within so much of the clip's maximum are compared."""
LEVELS_DBFS = (0.0, -60.0)
_DECIBELS = 10 / math.log(10)
SMALLEST = 1e-30

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Gap:
    """Difference of two spectrograms.

    Attributes
    ----------
    max_db, rms_db : float
        Over the values compared; infinite where a number is not finite.
    """

    max_db: float
    rms_db: float

    @property
    def holds(self) -> bool:
        """Whether it is within the bars."""
        return self.max_db <= MAX_DB and self.rms_db <= RMS_DB


def worst(gaps: Iterable[Gap]) -> Gap:
    """The largest of each figure."""
    found = list(gaps)
    return Gap(max(one.max_db for one in found), max(one.rms_db for one in found))


@dataclass(frozen=True, slots=True)
class Reference:
    """What a front-end should make of one window.

    Attributes
    ----------
    patch : ndarray
        float64 [*contract.shape].
    heard : ndarray
        bool [*contract.shape]: what lies within 80 dB of the clip's maximum power, before compression and
        over all channels. Of a ``real_part`` the maximum is that of the magnitudes, since real parts of
        neighbouring bins cancel each other.
    """

    patch: NDArray[np.float64]
    heard: NDArray[np.bool_]


def reference_of(window: Sound, contract: SpectrogramInput, range_db: float = RANGE_DB) -> Reference:
    """The numpy reference of one window, float32 [n]; heard is what lies within `range_db` of its maximum."""
    patch = patch_of(window, contract)
    specs = contract.channels
    powers = patch if all(map(_has_levels, specs)) else patch_of(window, _plain(contract))
    levels = [
        _levels(one if _has_levels(spec) else power, spec if _has_levels(spec) else _plain_spec(spec))
        for one, power, spec in zip(
            _channels(patch, contract), _channels(powers, contract), specs, strict=True
        )
    ]
    loudest = max(_loudest(window, level, spec) for level, spec in zip(levels, specs, strict=True))
    masks = [level >= loudest - range_db for level in levels]
    place = contract.axes.index("channel") if "channel" in contract.axes else None
    return Reference(patch, masks[0] if place is None else np.stack(masks, axis=place))


def _loudest(window: Sound, level: NDArray[np.float64], spec: MelSpec) -> float:
    if spec.spectrum == "real_part":
        level = _levels(spectrogram(window, _plain_spec(spec)), _plain_spec(spec))
    return float(level.max())


def _plain_spec(spec: MelSpec) -> MelSpec:
    """The same front-end with its power, of magnitudes, as it is."""
    plain = {"log": Linear(kind="linear"), "normalization": "none", "spectrum": "magnitude"}
    return spec.model_copy(update=plain)


def _plain(contract: SpectrogramInput) -> SpectrogramInput:
    first, *others = map(_plain_spec, contract.channels)
    return contract.model_copy(update={"front_end": first, "more_channels": tuple(others)})


def gap_of(reference: Reference, got: NDArray[Any], contract: SpectrogramInput) -> Gap:
    """Compare one patch with the reference, where it is heard.

    Values are taken back to the level before compression: 10 log10 of power, or of power plus the floor that
    is added. What has no level any more (normalised patches, energy normalisation) is compared as a share of
    its largest value, 20 log10(1 + share).

    Parameters
    ----------
    reference : Reference
        From :func:`reference_of`.
    got : ndarray
        [*contract.shape], what is judged.
    contract : SpectrogramInput
        The front-end of every channel.
    """
    if not np.isfinite(got).all():
        return Gap(math.inf, math.inf)
    triples = zip(*(_channels(one, contract) for one in (reference.patch, got, reference.heard)), strict=True)
    gaps = [
        _gap(wanted, other, spec)[heard.astype(np.bool_)]
        for (wanted, other, heard), spec in zip(triples, contract.channels, strict=True)
    ]
    compared = np.concatenate(gaps)
    return Gap(float(compared.max()), float(np.sqrt(np.mean(np.square(compared)))))


def tolerances_of(
    references: Iterable[Reference], contract: SpectrogramInput
) -> tuple[tuple[float, float], ...]:
    """``MAX_DB`` in the unit of the patches, for a runtime that knows no decibels.

    Parameters
    ----------
    references : iterable of Reference
        The patches that are compared; the quietest sets the bar of values without a level.
    contract : SpectrogramInput
        The front-end of every channel.

    Returns
    -------
    tuple of (float, float)
        Absolute and relative, one pair a channel: a value within ``absolute + relative * abs(patch)`` of a
        heard value is at most ``MAX_DB`` from it.
    """
    patches = [_channels(one.patch, contract) for one in references]
    found = []
    for place, spec in enumerate(contract.channels):
        largest = min(float(np.abs(patch[place]).max()) for patch in patches)
        found.append(_tolerance(spec, largest))
    return tuple(found)


def _tolerance(spec: MelSpec, largest: float) -> tuple[float, float]:
    log, of_power = spec.log, 2.0 if spec.power == 1 else 1.0
    if not _has_levels(spec):
        return largest * (10 ** (MAX_DB / 20) - 1), 0.0
    if isinstance(log, Decibel):
        return MAX_DB, 0.0
    if isinstance(log, NaturalLog):
        return MAX_DB * log.factor / (_DECIBELS * of_power), 0.0
    exponent = log.exponent if isinstance(log, Root) else 1.0
    return 0.0, -math.expm1(-MAX_DB * exponent / (_DECIBELS * of_power))


def _channels(patch: NDArray[Any], contract: SpectrogramInput) -> list[NDArray[np.float64]]:
    values = np.asarray(patch, np.float64)
    if "channel" not in contract.axes:
        return [values]
    return list(np.moveaxis(values, contract.axes.index("channel"), 0))


def _has_levels(spec: MelSpec) -> bool:
    return spec.normalization == "none" and not isinstance(spec.log, Pcen)


def _gap(wanted: NDArray[np.float64], got: NDArray[np.float64], spec: MelSpec) -> NDArray[np.float64]:
    """Differences in dB of one channel; where nothing is heard they may be infinite or not a number."""
    if not _has_levels(spec):
        share = np.abs(got - wanted) / max(float(np.abs(wanted).max()), SMALLEST)
        return np.asarray(20 * np.log10(1 + share), np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(_levels(got, spec) - _levels(wanted, spec)), np.float64)


def _levels(values: NDArray[np.float64], spec: MelSpec) -> NDArray[np.float64]:
    """Decibels of power before compression."""
    log = spec.log
    if isinstance(log, Decibel):
        return values
    of_power = 2.0 if spec.power == 1 else 1.0
    if isinstance(log, NaturalLog):
        return values * (_DECIBELS * of_power / log.factor)
    exponent = log.exponent if isinstance(log, Root) else 1.0
    with np.errstate(divide="ignore"):
        level: NDArray[np.float64] = np.log10(np.maximum(values, 0.0)) * (10 * of_power / exponent)
    return level


def front_end_sounds(samples: int, sample_rate_hz: int) -> dict[str, Sound]:
    """Six windows with their peak at full scale, by name.

    Chirps over pink noise, white noise, a tone, an impulse, silence with a click, and calls: sweeps with
    harmonics and pauses over faint noise.

    Parameters
    ----------
    samples : int
        Of each window.
    sample_rate_hz : int
        Rate.

    Returns
    -------
    dict
        Name -> float32 [samples], largest absolute value 1.
    """
    generator = np.random.default_rng(11)
    time = np.arange(samples) / sample_rate_hz
    made = {name: make(time, sample_rate_hz, generator) for name, make in _SOUNDS.items()}
    return {name: (one / np.abs(one).max()).astype(np.float32) for name, one in made.items()}


def sounds_at_levels(samples: int, sample_rate_hz: int) -> dict[tuple[str, float], Sound]:
    """The six windows at every level, by name and dBFS: what front-ends are judged on."""
    made = front_end_sounds(samples, sample_rate_hz)
    return {
        (name, level): (sound * 10 ** (level / 20)).astype(np.float32)
        for name, sound in made.items()
        for level in LEVELS_DBFS
    }


_Make = Callable[[NDArray[np.float64], int, np.random.Generator], NDArray[np.float64]]


def _chirps(time: NDArray[np.float64], rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    span, low, high = time[-1] + 1 / rate, 0.01 * rate, 0.45 * rate
    rising = np.sin(2 * np.pi * (low + (high - low) / 2 * time / span) * time)
    falling = np.sin(2 * np.pi * (high - (high - low) / 2 * time / span) * time)
    return np.asarray(rising + 0.3 * falling + 0.05 * _pink(len(time), generator), np.float64)


def _pink(samples: int, generator: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(generator.standard_normal(samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, samples)
    return np.asarray(noise / noise.std(), np.float64)


def _tone(time: NDArray[np.float64], rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * 0.0937 * rate * time), np.float64)


def _impulse(time: NDArray[np.float64], rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    made = np.zeros(len(time))
    made[len(time) // 2] = 1.0
    return made


def _click(time: NDArray[np.float64], rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    made, length = np.zeros(len(time)), min(64, len(time) // 4)
    start = 2 * len(time) // 3
    decay = np.exp(-np.arange(length) / 12)
    made[start : start + length] = decay * generator.standard_normal(length)
    return made


def _calls(time: NDArray[np.float64], rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    beat = (time * 6) % 1.0
    envelope = np.where(beat < 0.6, np.sin(np.pi * beat / 0.6) ** 2, 0.0)
    phase = 2 * np.pi * np.cumsum(0.08 * rate + 0.03 * rate * np.sin(2 * np.pi * 6 * time)) / rate
    voice = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.1 * np.sin(3 * phase)
    return np.asarray(envelope * voice + 0.003 * generator.standard_normal(len(time)), np.float64)


_SOUNDS: dict[str, _Make] = {
    "chirps over pink noise": _chirps,
    "noise": lambda time, rate, generator: generator.standard_normal(len(time)),
    "tone": _tone,
    "impulse": _impulse,
    "silence with a click": _click,
    "calls": _calls,
}
