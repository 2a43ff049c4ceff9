"""Every sound lies within the stated range, and the loudest one nearly fills it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fieldpack.contract import MelSpec, SpectrogramInput
from fieldpack.contract.presets import PRESETS
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import patch_of, spectrogram, window_of
from fieldpack.preprocess.spectrogram_range import Range, value_range
from fieldpack.recordings.testing import tone_contract

Sound = NDArray[np.float32]
OPEN: dict[str, Any] = {
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.0,
    "max_seconds": 60.0,
    "remove_silence": "none",
}
OWN: dict[str, dict[str, Any]] = {
    "birdnet_2_4": {"log": [{"kind": "root", "exponent": 0.2295}, {"kind": "root", "exponent": 0.1905}]},
    "perch": {"mel": {"bands": 160, "fmax_hz": 10000.0}, "power": 1},
}
GAPS = {
    "librosa": 3.5,  # dB
    "yamnet": 0.403,  # 3.5 dB in nats
    "birdnet_2_4": 0.05,  # of 19.5: 16-bit silence beside full scale is not quite silent
    "perch": 0.0403,  # 3.5 dB in tenths of nats
    "esc10_yamnet256": 0.403,
    "esc10_miniresnet": 1e-9,
    "birdnet_stm32": 1e-9,
}
"""How far the loudest sound may stay from an end of the range, in the unit of the preset's values."""
KINDS = ("tone", "square", "chirp", "noise", "signs", "clipped", "constant", "click", "silence")
SOUNDS = {
    "kind": st.sampled_from(KINDS),
    "cycles": st.floats(0, 0.5),
    "phase": st.floats(0, 6.2),
    "seed": st.integers(0, 999),
}


def preset_input(name: str) -> SpectrogramInput:
    """One window of six transforms, all of its frames."""
    preset = PRESETS[name]
    longest = max([preset.fields["n_fft"], *(more["n_fft"] for more in preset.more_channels)])
    windows = {"samples": 6 * longest, "overlap": 0.0, "last": "drop", "pooling": "mean"}
    rest = {field: value for field, value in OPEN.items() if field in preset.missing}
    first, *others = preset.front_ends(**rest, windows=windows, **OWN.get(name, {}))
    silence = np.zeros(6 * longest, np.float32)
    return SpectrogramInput(
        kind="spectrogram",
        name="spectrogram",
        bands=first.bands,
        frames=min(spectrogram(silence, spec).shape[1] for spec in (first, *others)),
        axes=("band", "frame", "channel"),
        front_end=first,
        more_channels=tuple(others),
    )


def sound(samples: int, kind: str, cycles: float, phase: float, seed: int) -> Sound:
    """A sound whose peak is 1, or silence; `cycles` a sample."""
    time = np.arange(samples)
    wave = np.cos(2 * np.pi * cycles * time + phase)
    noise = np.random.default_rng(seed).uniform(-1, 1, samples)
    made: dict[str, NDArray[Any]] = {
        "tone": wave,
        "square": np.where(wave >= 0, 1, -1),
        "chirp": np.sign(np.cos(np.pi * cycles * time**2 / samples + phase)),
        "noise": noise,
        "signs": np.sign(noise),
        "clipped": np.clip(8 * wave * noise, -1, 1),
        "constant": np.ones(samples) if seed % 2 else -np.ones(samples),
        "click": (time == samples // 2).astype(float),
        "silence": np.zeros(samples),
    }
    return made[kind].astype(np.float32)


def loudest_frame(spec: MelSpec) -> NDArray[np.float64]:
    """Signs [n_fft] that one band answers to most: climbed to from random ones, band by band."""
    filters = np.eye(spec.n_fft // 2 + 1) if isinstance(spec.mel, str) else filters_of(spec)
    angles = np.outer(np.arange(filters.shape[1]), np.arange(spec.n_fft))
    waves = np.exp(-2j * np.pi / spec.n_fft * angles) * window_of(spec)
    starts = np.sign(np.random.default_rng(0).normal(size=(4, spec.n_fft)))
    found = [_climbed(row[row > 0], waves[row > 0], spec, starts) for row in filters if row.any()]
    return max(found, key=lambda pair: pair[0])[1]


def filters_of(spec: MelSpec) -> NDArray[np.float64]:
    assert not isinstance(spec.mel, str)
    return mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft)


def _climbed(
    weights: NDArray[np.float64], waves: NDArray[np.complex128], spec: MelSpec, signs: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """What is summed is convex, so each step to the signs of its slope makes it larger."""
    for _ in range(20):
        seen = signs @ waves.T
        pull = np.ones_like(seen) if spec.spectrum == "real_part" else seen
        if spec.power == 1:
            pull = pull / np.maximum(np.abs(seen), 1e-12)
        signs = np.where(((weights * pull) @ waves.conj()).real >= 0, 1.0, -1.0)
    seen = signs @ waves.T
    summed = seen.real @ weights if spec.spectrum == "real_part" else np.abs(seen) ** spec.power @ weights
    return float(summed.max()), signs[summed.argmax()]


def within(values: NDArray[np.float64], ends: Range | None) -> bool:
    low, high = ends or (math.nan, math.nan)
    slack = 1e-9 * max(abs(low), abs(high))
    return bool(low - slack <= values.min() and values.max() <= high + slack)


@pytest.mark.parametrize("name", PRESETS)
def test_no_sound_leaves_the_range_of_a_preset(name: str) -> None:
    contract = preset_input(name)
    samples, ends = int(contract.front_end.windows.samples), value_range(contract)

    @settings(max_examples=40)
    @given(**SOUNDS)
    def holds(kind: str, cycles: float, phase: float, seed: int) -> None:
        assert within(patch_of(sound(samples, kind, cycles, phase, seed), contract), ends)

    holds()


@pytest.mark.parametrize("name", PRESETS)
def test_the_loudest_sound_and_silence_nearly_meet_the_ends(name: str) -> None:
    contract = preset_input(name)
    spec = contract.front_end
    samples = np.zeros(int(spec.windows.samples), np.float32)
    silent = patch_of(samples, contract)
    first = -(-(spec.n_fft // 2) // spec.hop_length) * spec.hop_length - spec.n_fft // 2 if spec.center else 0
    samples[first : first + spec.n_fft] = loudest_frame(spec)
    loud = patch_of(samples, contract)
    low, high = value_range(contract) or (math.nan, math.nan)
    assert within(loud, (low, high))
    assert high - loud.max() < GAPS[name]
    assert min(loud.min(), silent.min()) - low < GAPS[name]


ROOT = {"kind": "root", "exponent": 0.25}
PEAK = {"kind": "peak", "peak": 0.25, "remove_mean": False}
LEAST = {"kind": "ln", "floor": 1.0, "floor_kind": "least", "factor": 0.5}
RELATIVE = {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": "none"}
PCEN = {
    "kind": "pcen",
    "gain": 0.98,
    "bias": 2.0,
    "exponent": 0.5,
    "smoothing": 0.025,
    "epsilon": 1e-6,
    "initial": "one",
}


def one_input(**front_end: Any) -> SpectrogramInput:
    """Bins of a transform of 256 samples, whose window sums to 128, unless there are other fields."""
    (made,) = tone_contract(front_end={"mel": "none", "power": 1, **front_end}).inputs
    assert isinstance(made, SpectrogramInput)
    return made


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({}, (math.log(1e-4), math.log(128 + 1e-4))),
        ({"power": 2}, (math.log(1e-4), math.log(128**2 + 1e-4))),
        ({"stft_scale": "window_sum"}, (math.log(1e-4), math.log(1 + 1e-4))),
        ({"log": LEAST, "value_scale": {"kind": "int16"}}, (0.0, 0.5 * math.log(32768 * 128))),
        ({"log": LEAST, "value_scale": PEAK}, (0.0, 0.5 * math.log(32))),
        ({"log": ROOT, "value_scale": PEAK}, (0.0, 32**0.25)),
        ({"log": RELATIVE}, (-100 - 20 * math.log10(128), 0.0)),
        ({"log": {**RELATIVE, "top_db": 80.0}}, (-80.0, 0.0)),
        ({"log": {**RELATIVE, "reference": 0.01}}, (-80.0, 20 + 20 * math.log10(128))),
        ({"log": RELATIVE, "normalization": "clip_max"}, (-1.0, 0.0)),
        ({"normalization": "clip_max"}, (-1.0, 1.0)),
        ({"log": {"kind": "linear"}, "normalization": "clip_max"}, (0.0, 1.0)),
        ({"log": PCEN, "normalization": "clip_max"}, (0.0, 1.0)),
        ({"log": {"kind": "linear"}, "normalization": "patch_min_max"}, (0.0, 1.0)),
    ],
)
def test_ranges_worked_out_by_hand(fields: dict[str, Any], ends: tuple[float, float]) -> None:
    assert value_range(one_input(**fields)) == pytest.approx(ends)


@pytest.mark.parametrize(
    "fields",
    [
        {"log": {"kind": "linear"}},
        {"log": PCEN},
        {"log": ROOT},
        {"normalization": "patch_mean_std"},
        {"log": {**LEAST, "floor": 200.0}},
        {"log": {**RELATIVE, "floor": 1e6}},
    ],
)
def test_no_range_is_made_up(fields: dict[str, Any]) -> None:
    assert value_range(one_input(**fields)) is None


def test_channels_share_a_range_that_all_must_have() -> None:
    one = one_input()
    louder = one.front_end.model_copy(update={"power": 2})
    both = one.model_copy(update={"more_channels": (louder,)})
    assert value_range(both) == pytest.approx((math.log(1e-4), math.log(128**2 + 1e-4)))
    other = one_input(log={"kind": "linear"}).front_end
    assert value_range(one.model_copy(update={"more_channels": (other,)})) is None


@settings(max_examples=80)
@given(
    power=st.sampled_from([1, 2]),
    window=st.sampled_from(["hann", "hann_symmetric"]),
    bands=st.integers(1, 40),
    scale=st.sampled_from(["slaney", "htk"]),
    norm=st.sampled_from(["slaney", "none"]),
    triangles=st.sampled_from(["hz", "mel"]),
    real_part=st.booleans(),
    **SOUNDS,
)
def test_no_sound_leaves_the_range_of_other_front_ends(
    power: int,
    window: str,
    bands: int,
    scale: str,
    norm: str,
    triangles: str,
    real_part: bool,
    kind: str,
    cycles: float,
    phase: float,
    seed: int,
) -> None:
    mel = {"bands": bands, "fmin_hz": 0.0, "fmax_hz": 4000.0, "scale": scale, "norm": norm}
    spectrum = {"spectrum": "real_part", "power": 2} if real_part else {"power": power}
    contract = one_input(mel={**mel, "triangles": triangles}, window=window, **spectrum)
    made = sound(int(contract.front_end.windows.samples), kind, cycles, phase, seed)
    assert within(patch_of(made, contract), value_range(contract))
