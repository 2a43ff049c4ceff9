"""Recordings as they should not be, at every level and in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack.recordings.level import LevelMeter

TONE = np.sin(np.arange(48_000) * 0.05).astype(np.float32)
NOISE = np.random.default_rng(0).normal(size=48_000).astype(np.float32)


def said(samples: NDArray[np.float32], block: int = 65_536) -> list[str]:
    meter = LevelMeter()
    for start in range(0, len(samples), block):
        meter.push(samples[start : start + block])
    return meter.findings()


@pytest.mark.parametrize("level_dbfs", [-60, -40, -20, -6, -0.5])
def test_no_level_is_odd(level_dbfs: float) -> None:
    assert said(np.float32(10 ** (level_dbfs / 20)) * TONE) == []
    assert said(np.float32(10 ** (level_dbfs / 20) / 5) * NOISE) == []


def test_a_high_tone_at_full_scale_is_not_clipped() -> None:
    high = np.sin(np.arange(48_000) * 1.3).astype(np.float32)
    assert said(high) == []
    assert said(np.float32(1.4) * high) == []
    assert "another scale" in said(np.float32(3) * high)[0]


@pytest.mark.parametrize("block", [1, 2, 3, 777, 65_536])
@pytest.mark.parametrize("sign", [1, -1])
def test_flat_tops_are_clipping_whatever_the_blocks(block: int, sign: int) -> None:
    clipped = np.minimum(sign * 3 * TONE[:6000], 1) * sign
    (found,) = said(np.clip(clipped, -1, 1), block)
    assert found == said(np.clip(clipped, -1, 1))[0]
    assert "is clipped" in found
    assert float(found.split(" %")[0]) == pytest.approx(76, abs=6)


def test_silence_offset_and_another_scale_are_told() -> None:
    assert said(np.zeros(100, np.float32)) == ["every sample is 0"]
    assert said(np.float32(0.2) * TONE - np.float32(0.5)) == ["the samples lie around -0.50 and not around 0"]
    (found,) = said(np.float32(32_767) * TONE)
    assert "samples reach 3.277e+04 (+90 dB)" in found
    assert said(np.full(200, 0.5, np.float32)) == []
    assert said(np.zeros(0, np.float32)) == []


def test_numbers_that_no_recorder_writes_are_refused() -> None:
    with pytest.raises(InputError, match="no sound"):
        said(np.float32(3e38) * TONE)
    assert said(np.float32(2.0**31) * TONE)
