"""The polyphase resampler against scipy, exact tones and soxr; chunks against the whole."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fieldpack.contract import Polyphase, Resampler, SoxrHq
from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.resampler import (
    SOURCE_RATES_HZ,
    PolyphaseChange,
    half_filter,
    open_resampler,
    ratio,
    resample,
)

NEEDS_SOUND = 'pip install "fieldpack[sound]"'
POLYPHASE = Polyphase(kind="polyphase", zero_crossings=32, kaiser_beta=9.0, rolloff=0.91)
SOXR = SoxrHq(kind="soxr_hq")
PAIRS = list(itertools.permutations(SOURCE_RATES_HZ, 2))


def decibel(power: float) -> float:
    return 10 * math.log10(max(power, 1e-30))


def tone(rate_hz: int, frequency_hz: float, count: int) -> np.ndarray:
    samples: np.ndarray = np.sin(2 * np.pi * frequency_hz * np.arange(count) / rate_hz)
    return samples.astype(np.float32)


def middle(samples: np.ndarray) -> np.ndarray:
    quarter = len(samples) // 4
    return samples[quarter:-quarter].astype(np.float64)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_every_pair_of_rates_equals_scipy_in_float64(pair: tuple[int, int]) -> None:
    signal = pytest.importorskip("scipy.signal", reason="pip install scipy")
    samples = np.random.default_rng(0).normal(size=5003).astype(np.float32)
    up, down = ratio(*pair)
    half = half_filter(up, down, POLYPHASE).astype(np.float64)
    whole = np.concatenate([half[:0:-1], half])
    reference = signal.resample_poly(samples.astype(np.float64), up, down, window=whole / up)
    made = resample(samples, *pair, POLYPHASE)
    assert made.shape == reference.shape == (math.ceil(5003 * pair[1] / pair[0]),)
    assert np.abs(made - reference).max() < 4e-7


@given(
    pair=st.sampled_from(PAIRS),
    sizes=st.lists(st.integers(0, 4000), min_size=1, max_size=8),
    zeros=st.integers(4, 40),
)
def test_chunks_give_the_bits_of_the_whole(pair: tuple[int, int], sizes: list[int], zeros: int) -> None:
    settings = POLYPHASE.model_copy(update={"zero_crossings": zeros})
    samples = np.random.default_rng(len(sizes)).normal(size=sum(sizes)).astype(np.float32)
    change = open_resampler(*pair, settings)
    parts = [change.push(part) for part in np.split(samples, np.cumsum(sizes)[:-1])]
    assert np.array_equal(np.concatenate([*parts, change.finish()]), resample(samples, *pair, settings))


@given(pair=st.sampled_from(PAIRS), share=st.floats(0.01, 0.82))
def test_a_tone_below_the_edge_passes_unchanged(pair: tuple[int, int], share: float) -> None:
    frequency = share * min(pair) / 2
    made = resample(tone(pair[0], frequency, 6000), *pair, POLYPHASE)
    error = middle(made) - middle(tone(pair[1], frequency, len(made)))
    assert decibel(np.mean(np.square(error)) / 0.5) < -80


@given(pair=st.sampled_from([pair for pair in PAIRS if pair[1] < pair[0]]), share=st.floats(0.0, 0.97))
def test_what_the_lower_rate_cannot_hold_is_suppressed(pair: tuple[int, int], share: float) -> None:
    frequency = (pair[1] + share * (pair[0] - pair[1])) / 2
    made = resample(tone(pair[0], frequency, 12000), *pair, POLYPHASE)
    assert decibel(np.mean(np.square(middle(made))) / 0.5) < -80


@given(pair=st.sampled_from([pair for pair in PAIRS if pair[1] > pair[0]]), share=st.floats(0.01, 0.8))
def test_a_higher_rate_gets_no_images(pair: tuple[int, int], share: float) -> None:
    """Whatever lies above half of the lower rate was made by the resampler."""
    made = middle(resample(tone(pair[0], share * pair[0] / 2, 6000), *pair, POLYPHASE))
    power = np.square(np.abs(np.fft.rfft(made * np.kaiser(len(made), 20.0))))
    edge = math.ceil(len(power) * pair[0] / pair[1] * 1.02)
    assert decibel(power[edge:].sum() / power.sum()) < -80


@pytest.mark.parametrize("pair", [(48000, 16000), (44100, 16000), (22050, 24000), (16000, 48000)], ids=str)
def test_a_band_limited_sound_is_that_of_soxr(pair: tuple[int, int]) -> None:
    """soxr HQ itself is 77 dB from these exact tones at 44.1 to 16 kHz, 135 dB at 48 to 16; ours 102 dB."""
    pytest.importorskip("soxr", reason=NEEDS_SOUND)
    frequencies = np.linspace(50, 0.4 * min(pair), 7)

    def chord(rate: int, count: int) -> np.ndarray:
        time = np.arange(count)[:, None] / rate
        mixed: np.ndarray = np.sin(2 * np.pi * frequencies * time + frequencies).mean(axis=1)
        return mixed

    sound = chord(pair[0], 30000).astype(np.float32)
    ours, other = resample(sound, *pair, POLYPHASE), resample(sound, *pair, SOXR)
    exact = middle(chord(pair[1], len(ours)))
    power = np.mean(np.square(exact))
    assert decibel(np.mean(np.square(middle(ours) - exact)) / power) < -95
    assert decibel(np.mean(np.square(middle(ours) - middle(other))) / power) < -75


def test_a_constant_stays_and_nothing_gives_nothing() -> None:
    for pair in PAIRS[::5]:
        flat = middle(resample(np.full(4000, 0.5, np.float32), *pair, POLYPHASE))
        assert np.abs(flat - 0.5).max() < 1e-4
        assert resample(np.zeros(0, np.float32), *pair, POLYPHASE).shape == (0,)
        assert resample(np.ones(1, np.float32), *pair, POLYPHASE).shape == (math.ceil(pair[1] / pair[0]),)


def test_an_awkward_ratio_and_a_filter_from_a_bundle() -> None:
    signal = pytest.importorskip("scipy.signal", reason="pip install scipy")
    up, down = ratio(11127, 16000)
    half = half_filter(up, down, POLYPHASE)
    samples = np.random.default_rng(2).normal(size=3000).astype(np.float32)
    change = PolyphaseChange(up, down, np.array(half))
    made = np.concatenate([change.push(samples), change.finish()])
    whole = np.concatenate([half[:0:-1], half]).astype(np.float64)
    reference = signal.resample_poly(samples.astype(np.float64), up, down, window=whole / up)
    assert np.abs(made - reference).max() < 4e-7


@pytest.mark.parametrize("pair", [(44100, 16000), (8000, 22050)], ids=str)
def test_soxr_equals_librosa_whole_and_in_chunks(pair: tuple[int, int]) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    samples = np.random.default_rng(3).normal(size=10001).astype(np.float32)
    made = resample(samples, *pair, SOXR)
    assert made.dtype == np.float32
    assert np.array_equal(made, librosa.resample(samples, orig_sr=pair[0], target_sr=pair[1]))
    change = open_resampler(*pair, SOXR)
    parts = [change.push(part) for part in np.array_split(samples, 7)]
    assert np.abs(np.concatenate([*parts, change.finish()]) - made).max() < 1e-6


@pytest.mark.parametrize("resampler", [POLYPHASE, SOXR], ids=lambda item: item.kind)
def test_the_same_rate_is_left_alone(resampler: Resampler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    samples = tone(8000, 440.0, 100)
    assert resample(samples, 8000, 8000, resampler) is samples
    change = open_resampler(8000, 8000, resampler)
    assert np.array_equal(np.concatenate([change.push(samples), change.finish()]), samples)


def test_soxr_is_named_when_absent_and_polyphase_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(MissingDependencyError, match=r"fieldpack\[sound\]"):
        resample(tone(8000, 440.0, 100), 8000, 16000, SOXR)
    assert resample(tone(8000, 440.0, 100), 8000, 16000, POLYPHASE).shape == (200,)


def test_no_field_has_a_default() -> None:
    with pytest.raises(ValidationError, match="3 validation errors"):
        Polyphase.model_validate({"kind": "polyphase"})


def test_a_rate_that_no_recorder_has_is_refused_before_it_costs_memory() -> None:
    assert resample(np.ones(50, np.float32), 44101, 16000, POLYPHASE).shape == (19,)
    with pytest.raises(InputError, match="from 4294967295 to 16000 Hz"):
        open_resampler(4294967295, 16000, POLYPHASE)


@pytest.mark.parametrize("resampler", [POLYPHASE, SOXR])
def test_a_header_of_one_hertz_is_refused_before_it_makes_days_of_sound(resampler: Resampler) -> None:
    for refused in (
        lambda: open_resampler(1, 16000, resampler),
        lambda: resample(np.ones(4, np.float32), 62, 16000, resampler),
    ):
        with pytest.raises(InputError, match="made up") as caught:
            refused()
        assert "63 Hz or more" in str(caught.value)
    assert open_resampler(63, 16000, POLYPHASE) is not None
