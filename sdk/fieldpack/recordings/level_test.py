"""Recordings as they should not be, at every level and in blocks of any size."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.contract import SoundInput
from fieldpack.errors import InputError
from fieldpack.recordings.level import LevelMeter, file_findings
from fieldpack.recordings.testing import RATE_HZ, tone_contract

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


def test_of_a_file_the_part_is_read_that_a_clip_is_made_from(tmp_path: Path) -> None:
    heard = tone_contract(front_end={"max_seconds": 2.0}).inputs[0]
    assert isinstance(heard, SoundInput)
    late = np.concatenate([np.zeros(2 * RATE_HZ), np.full(9 * RATE_HZ, 0.9)])
    with wave.open(str(tmp_path / "late.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((late * 32767).astype("<i2").tobytes())
    assert file_findings(tmp_path / "late.wav", heard.front_end) == ["every sample is 0"]
    (tmp_path / "late.wav").write_bytes((tmp_path / "late.wav").read_bytes() + b"\xff" * 64)
    assert "64 bytes follow" in file_findings(tmp_path / "late.wav", heard.front_end)[0]


def test_numbers_that_no_recorder_writes_are_refused() -> None:
    with pytest.raises(InputError, match="no sound"):
        said(np.float32(3e38) * TONE)
    assert said(np.float32(2.0**31) * TONE)
