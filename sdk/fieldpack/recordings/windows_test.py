"""Streamed windows against the same sound prepared whole, for every way that a contract can go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.contract import SoundInput, SoundSpec, SpectrogramInput, WaveformInput
from fieldpack.errors import InputError
from fieldpack.preprocess import prepare
from fieldpack.preprocess.value_scale import scaled
from fieldpack.recordings import windows as windows_module
from fieldpack.recordings.columns import ColumnStream, SharedSpectrum, affine, frame_span
from fieldpack.recordings.testing import FFT, HOP, RATE_HZ, WINDOW, tone_contract
from fieldpack.recordings.windows import Window, open_windows, prepared_window

DECIBEL = {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0}
FIXED = DECIBEL | {"reference": 1.0, "top_db": "none"}
PCEN = {
    "kind": "pcen", "gain": 0.98, "bias": 2.0, "exponent": 0.5, "smoothing": 0.05, "epsilon": 1e-6,
    "initial": "first_frame",
}  # fmt: skip
SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "centred": {"center": True},
    "reflected": {"center": True, "pad_mode": "reflect"},
    "fixed_decibel": {"log": FIXED, "center": True},
    "clip_decibel": {"log": DECIBEL, "center": True},
    "clip_max": {"normalization": "clip_max", "log": FIXED},
    "patch_mean": {"normalization": "patch_mean_std", "band_order": "falling"},
    "pcen": {"log": PCEN, "band_order": "falling", "center": True},
    "short_window": {"win_length": 200, "window_at": "start", "center": True},
    "real_part": {"spectrum": "real_part", "stft_scale": "window_sum"},
    "int16": {"value_scale": {"kind": "int16"}},
    "min_max": {"value_scale": {"kind": "min_max", "epsilon": 1e-6}},
    "peak": {"value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": True}},
    "peak_with_mean": {"value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": False}, "center": True},
    "birdnet": {
        "value_scale": {"kind": "min_max", "epsilon": 1e-6},
        "spectrum": "real_part",
        "center": True,
        "pad_mode": "reflect",
        "log": {"kind": "root", "exponent": 0.4},
        "band_order": "falling",
    },
    "peak_decibel": {"value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": True}, "log": DECIBEL},
}
BY_CLIP = {"clip_decibel", "clip_max", "pcen"}
SCALED_BY_CLIP = {"min_max", "peak", "peak_with_mean", "birdnet", "peak_decibel"}


def sound(count: int, seed: int = 0) -> np.ndarray:
    """Noise that swells and fades, so that no two windows are alike."""
    time = np.arange(count) / RATE_HZ
    swell = np.exp(2 * np.sin(2 * np.pi * 0.7 * time)) * np.sin(2 * np.pi * (400 + 300 * time) * time)
    noise = np.random.default_rng(seed).normal(size=count)
    samples: np.ndarray = (0.05 * swell + 0.01 * noise).astype(np.float32)
    return samples


def contract(windows: dict[str, Any] | None = None, frames: int = 97, **front_end: Any) -> SpectrogramInput:
    made = tone_contract(front_end, windows, frames=frames).inputs[0]
    assert isinstance(made, SpectrogramInput)
    return made


def streamed(taken: SoundInput, samples: np.ndarray, chunk: int, step_s: float | None = None) -> list[Window]:
    stream = open_windows(taken, step_s)
    made: list[Window] = []
    for start in range(0, len(samples), chunk):
        made += stream.push(samples[start : start + chunk])
    return made + stream.finish()


def stacked(made: list[Window]) -> np.ndarray:
    return np.stack([window.array for window in made])


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal to 1e-5 of the values' size."""
    return one.shape == other.shape and bool(
        np.abs(one - other).max() <= 1e-5 * max(1.0, float(np.abs(other).max()))
    )


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("last", ["drop", "pad", "shift"])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 1 - 10 * HOP / WINDOW])
def test_windows_of_sound_equal_the_offline_result(name: str, last: str, overlap: float) -> None:
    taken = contract({"last": last, "overlap": overlap, "samples": WINDOW}, **SPECS[name])
    samples = sound(3 * WINDOW + 777)
    assert close(stacked(streamed(taken, samples, 1111)), prepare(taken, (samples, RATE_HZ)))


@pytest.mark.parametrize("name", [name for name in SPECS if name not in BY_CLIP | SCALED_BY_CLIP])
@pytest.mark.parametrize("last", ["drop", "pad", "shift"])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.9])
def test_patches_of_the_spectrogram_equal_the_offline_result(name: str, last: str, overlap: float) -> None:
    taken = contract({"samples": "none", "last": last, "overlap": overlap}, frames=40, **SPECS[name])
    samples = sound(2 * RATE_HZ + 333)
    assert close(stacked(streamed(taken, samples, 1111)), prepare(taken, (samples, RATE_HZ)))


@pytest.mark.parametrize("name", sorted(BY_CLIP))
def test_what_hangs_on_the_clip_hangs_on_the_patch_in_a_recording(name: str) -> None:
    spec = SPECS[name] | {"center": False}
    patch = (40 - 1) * HOP + FFT
    taken = contract({"samples": "none", "last": "drop", "overlap": 0.5}, frames=40, **spec)
    alone = contract({"samples": patch, "last": "drop"}, frames=40, **spec)
    samples = sound(2 * RATE_HZ)
    made = streamed(taken, samples, 500)
    wanted = [prepared_window(samples[one.start : one.start + patch], alone) for one in made]
    assert len(made) > 3
    assert close(stacked(made), np.stack(wanted))


@pytest.mark.parametrize("name", sorted(SCALED_BY_CLIP))
def test_a_scale_of_the_whole_recording_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"no one {SPECS[name]['value_scale']['kind']} scale"):
        open_windows(contract({"samples": "none"}, **SPECS[name]))


@given(
    name=st.sampled_from(sorted(SPECS)),
    count=st.integers(1, 3 * WINDOW),
    chunks=st.lists(st.integers(0, 4000), max_size=12),
    whole=st.booleans(),
    last=st.sampled_from(["drop", "pad", "shift"]),
    overlap=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_chunks_never_matter(
    name: str, count: int, chunks: list[int], whole: bool, last: str, overlap: float
) -> None:
    spec = SPECS[name] if whole or name not in SCALED_BY_CLIP else {}
    size: Any = WINDOW if whole else "none"
    taken = contract({"samples": size, "last": last, "overlap": overlap}, frames=60, **spec)
    samples = sound(count)
    stream, made = open_windows(taken), []
    for part in np.split(samples, np.minimum(np.cumsum(chunks), count).astype(int)):
        made += stream.push(part)
    made += stream.finish()
    other = streamed(taken, samples, 100000)
    assert [(one.start, one.end) for one in made] == [(one.start, one.end) for one in other]
    assert not made or close(stacked(made), stacked(other))


def test_a_step_in_seconds_is_rounded_to_whole_hops_and_kept_inside_the_window() -> None:
    taken = contract()
    assert open_windows(taken).step == WINDOW - math.floor(WINDOW * 0.5)
    assert open_windows(taken, 0.25).step == 25 * HOP
    assert open_windows(taken, 0.0001).step == HOP
    assert open_windows(contract({"samples": "none"}, frames=50), 0.101).step == 10 * HOP
    for wrong in (0.0, -1.0, 1.1, math.nan):
        with pytest.raises(InputError, match="follow each other"):
            open_windows(taken, wrong)


def test_two_spectrograms_of_one_window_and_waveforms() -> None:
    first = contract({"overlap": 0.9, "last": "drop"})
    finer = first.front_end.model_copy(update={"hop_length": HOP // 2})
    both = SpectrogramInput(
        kind="spectrogram", name="spectrogram", bands=16, frames=97,
        axes=("band", "frame", "channel"), front_end=first.front_end, more_channels=(finer,),
    )  # fmt: skip
    samples = sound(3 * WINDOW)
    assert close(stacked(streamed(both, samples, 999)), prepare(both, (samples, RATE_HZ)))
    spec = {name: getattr(first.front_end, name) for name in SoundSpec.model_fields}
    waveform = WaveformInput.model_validate(
        {"kind": "waveform", "name": "sound", "axes": ["sample", "channel"], "front_end": spec}
    )
    made = streamed(waveform, samples, 999)
    assert np.array_equal(stacked(made), prepare(waveform, (samples, RATE_HZ)))


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_column_is_computed_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of a second that begin at every tenth of it."""
    computed = 0
    real = ColumnStream.extend

    def counted(stream: ColumnStream, samples: Any) -> None:
        nonlocal computed
        before = stream.end
        real(stream, samples)
        computed += stream.end - before

    monkeypatch.setattr(ColumnStream, "extend", counted)
    monkeypatch.setattr(windows_module, "spectrogram", None)
    samples = sound(10 * RATE_HZ)
    taken = contract({"samples": WINDOW, "last": "drop"}, **SPECS[name])
    made = streamed(taken, samples, 3000, step_s=0.1)
    assert len(made) == (len(samples) - WINDOW) // (10 * HOP) + 1
    assert computed <= (len(samples) - frame_span(taken.front_end)) // HOP + 1


@pytest.mark.parametrize("name", sorted(SCALED_BY_CLIP))
def test_a_scale_is_a_slope_and_a_shift(name: str) -> None:
    scale = contract(**SPECS[name]).front_end.value_scale
    for samples in (sound(500), sound(500) + 0.3, np.zeros(9, np.float32)):
        slope, shift = affine(samples, scale)
        assert slope * samples.astype(np.float64) + shift == pytest.approx(scaled(samples, scale), abs=1e-6)


def test_columns_are_not_shared_where_a_band_hears_the_mean() -> None:
    low = contract().front_end.mel.model_copy(update={"fmin_hz": 0.0})  # type: ignore[union-attr]
    spec = contract(value_scale={"kind": "peak", "peak": 0.25, "remove_mean": True}).front_end
    assert SharedSpectrum(spec).possible
    assert not SharedSpectrum(spec.model_copy(update={"mel": low})).possible
    taken = contract({"overlap": 0.9}).model_copy(update={"front_end": spec.model_copy(update={"mel": low})})
    samples = sound(3 * WINDOW) + np.float32(0.2)
    assert close(stacked(streamed(taken, samples, 1000, 0.1)), stacked(alone(taken, samples, 10 * HOP)))


def alone(taken: SpectrogramInput, samples: np.ndarray, step: int) -> list[Window]:
    """Each window by itself, the last filled up."""
    starts = range(0, len(samples) - WINDOW + step, step)
    padded = np.pad(samples, (0, WINDOW))
    return [Window(at, at + WINDOW, prepared_window(padded[at : at + WINDOW], taken)) for at in starts]


def test_memory_stays_flat() -> None:
    stream: Any = open_windows(contract({"samples": WINDOW, "last": "drop"}, center=True), 0.1)
    patches: Any = open_windows(contract({"samples": "none", "last": "drop"}, frames=50, center=True), 0.1)
    kept = set()
    for _ in range(40):
        stream.push(sound(RATE_HZ))
        patches.push(sound(RATE_HZ))
        kept.add(max(held._samples.end - held._samples.start for held in (stream, patches)))
    assert max(kept) <= WINDOW + FFT + 2 * HOP
