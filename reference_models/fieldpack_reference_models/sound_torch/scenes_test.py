"""Windows stay where the class is heard, levels come out as asked, and masks cover no more than they may."""

import math

import numpy as np
import pytest

from fieldpack_reference_models.sound_torch import scenes

SIZE = 1000


def _tone(level_db: float, cycles: int = 50) -> np.ndarray:
    wave = np.sin(2 * np.pi * cycles * np.arange(SIZE) / SIZE) * math.sqrt(2)
    return (wave * 10 ** (level_db / 20)).astype(np.float32)


def test_a_window_has_its_middle_in_a_span() -> None:
    sound = np.arange(10 * SIZE, dtype=np.float32)
    dice = np.random.default_rng(1)
    spans = ((3000, 3200), (7000, 7400))
    middles = [float(scenes.window(sound, spans, SIZE, dice)[0]) + SIZE // 2 for _ in range(200)]
    assert all(any(start <= middle < end for start, end in spans) for middle in middles)
    assert min(middles) < 3200 < 7000 < max(middles)


def test_a_window_does_not_leave_the_sound_and_zeros_fill_a_short_one() -> None:
    sound = np.arange(1, 1201, dtype=np.float32)
    dice = np.random.default_rng(2)
    starts = {float(scenes.window(sound, ((0, 1200),), SIZE, dice)[0]) for _ in range(50)}
    assert min(starts) == 1
    assert max(starts) == 201
    short = scenes.window(sound[:300], ((0, 300),), SIZE, dice)
    assert short.shape == (SIZE,)
    assert np.array_equal(short[:300], sound[:300])
    assert not short[300:].any()


def test_a_span_is_cut_into_windows_half_a_window_apart() -> None:
    sound = np.arange(10 * SIZE, dtype=np.float32)
    assert [float(piece[0]) for piece in scenes.cut(sound, (2000, 4600), SIZE)] == [2000, 2500, 3000, 3500]
    assert [float(piece[0]) for piece in scenes.cut(sound, (2000, 2100), SIZE)] == [2000]
    assert [piece.shape for piece in scenes.cut(sound[:300], (0, 300), SIZE)] == [(SIZE,)]


@pytest.mark.parametrize("level", [-59.0, -20.0, -3.0])
def test_levels_are_in_decibels_of_full_scale(level: float) -> None:
    assert scenes.level_db(_tone(level)) == pytest.approx(level, abs=1e-3)
    assert not scenes.is_silent(_tone(level))


def test_silence_is_told() -> None:
    assert scenes.level_db(np.zeros(SIZE, np.float32)) == -120
    assert scenes.is_silent(np.zeros(SIZE, np.float32))
    assert scenes.is_silent(_tone(-61))


def test_two_sounds_are_heard_by_their_share_whatever_their_levels() -> None:
    first, second = _tone(-6, 50), _tone(-40, 120)
    both = scenes.together(first, second, 0.25)
    spectrum = np.abs(np.fft.rfft(both))
    # Amplitudes in the mixture stand as 0.25 to 0.75.
    assert spectrum[50] / spectrum[120] == pytest.approx(1 / 3, rel=1e-3)
    assert both.dtype == np.float32
    assert np.allclose(scenes.together(first, second, 1 - 1e-9), first, atol=1e-6)


@pytest.mark.parametrize("snr", [0.0, 12.0, 30.0])
def test_a_background_is_as_much_softer_as_asked(snr: float) -> None:
    sound, background = _tone(-12, 50), _tone(-50, 120)
    added = scenes.placed(sound, background, snr) - sound
    assert scenes.level_db(sound) - scenes.level_db(added) == pytest.approx(snr, abs=0.05)
    assert np.array_equal(scenes.placed(sound, np.zeros(SIZE, np.float32), snr), sound)


def test_gain_stops_at_full_scale() -> None:
    loud = scenes.amplified(_tone(-3), 6)
    assert (loud.min(), loud.max()) == (-1, 1)
    assert scenes.level_db(scenes.amplified(_tone(-10), -20)) == pytest.approx(-30, abs=1e-3)


def test_masks_cover_one_stretch_of_each_axis() -> None:
    patch = np.random.default_rng(3).normal(size=(96, 64)).astype(np.float32)
    dice = np.random.default_rng(4)
    for _ in range(50):
        changed = scenes.masked(patch, dice) != patch
        frames, bands = changed.all(axis=1), changed.all(axis=0)
        assert frames.sum() <= scenes.MOST_FRAMES
        assert bands.sum() <= scenes.MOST_BANDS
        assert np.array_equal(changed, frames[:, None] | bands[None, :])
        for axis in (frames, bands):
            assert np.abs(np.diff(axis.astype(int))).sum() <= 2
