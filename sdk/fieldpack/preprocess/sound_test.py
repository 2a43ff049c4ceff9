"""WAV files by the standard library, by libsndfile and by hand."""

from __future__ import annotations

import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from fieldpack.contract import ChannelMix, LowRate
from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.preprocess.sound import open_sound, open_sound_file, rate_finding

NEEDS_SOUND = 'pip install "fieldpack[sound]"'


def tone(count: int = 1000) -> np.ndarray:
    samples: np.ndarray = 0.5 * np.sin(np.arange(count) * 0.05)
    return samples.astype(np.float32)


def riff(fmt: bytes, data: bytes, size: int | None = None, extra: bytes = b"") -> bytes:
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + extra
    chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def fmt(coding: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    return struct.pack(
        "<HHIIHH", coding, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits
    )


def test_stereo_of_the_standard_library_is_mixed_as_stated(tmp_path: Path) -> None:
    left, right = np.array([0, 16384, -32768], "<i2"), np.array([0, 0, -32768], "<i2")
    path = tmp_path / "stereo.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.stack([left, right], axis=1).tobytes())
    samples, rate = open_sound(path, ChannelMix.MEAN)
    assert rate == 44100
    assert samples.dtype == np.float32
    assert samples.tolist() == [0.0, 0.25, -1.0]
    assert open_sound(path, ChannelMix.FIRST)[0].tolist() == [0.0, 0.5, -1.0]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_every_wav_coding_equals_libsndfile(
    subtype: str, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile = pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(), 22050, subtype=subtype, format=container)
    reference, _ = soundfile.read(path, dtype="float32")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    samples, rate = open_sound(path, ChannelMix.MEAN)
    assert rate == 22050
    assert np.array_equal(samples, reference)


def test_other_formats_go_through_soundfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile = pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / "tone.flac"
    soundfile.write(path, tone(), 22050, subtype="PCM_16")
    samples, rate = open_sound(path, ChannelMix.MEAN)
    assert rate == 22050
    assert np.abs(samples - tone()).max() < 1e-4
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDependencyError, match=r"fieldpack\[sound\]"):
        open_sound(path, ChannelMix.MEAN)


def test_chunks_around_the_samples_and_open_ends_are_read(tmp_path: Path) -> None:
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = np.array([8192, -8192], "<i2").tobytes()
    for number, content in enumerate((riff(fmt(), data, extra=odd), riff(fmt(), data, size=0xFFFFFFFF))):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(content)
        assert open_sound(path, ChannelMix.MEAN)[0].tolist() == [0.25, -0.25]


HOSTILE = {
    "empty.wav": b"",
    "text.wav": b"not a sound at all",
    "header.wav": b"RIFF\0\0\0\0WAVE",
    "truncated.wav": riff(fmt(), bytes(100))[:-50],
    "short_format.wav": riff(b"\1\0", bytes(4)),
    "no_channels.wav": riff(fmt(channels=0), bytes(4)),
    "no_rate.wav": riff(fmt(rate=0), bytes(4)),
    "no_samples.wav": riff(fmt(), b""),
    "nan.wav": riff(fmt(3, bits=32), np.array([0, np.nan], "<f4").tobytes()),
    "unknown_coding.wav": riff(fmt(0x4321), bytes(4)),
    "text.ogg": b"OggS but not really",
    "three_ms_missing.wav": riff(fmt(), bytes(48), size=96),
    "wide_frames.wav": riff(struct.pack("<HHIIHH", 1, 1, 8000, 32000, 4, 24), bytes(8)),
    "half_a_frame.wav": riff(fmt(channels=2), bytes(2)),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_files_are_refused_by_name(name: str, tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(InputError, match=name):
        open_sound(path, ChannelMix.MEAN)


def test_samples_that_the_header_does_not_count_are_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "short_header.wav"
    path.write_bytes(riff(fmt(), np.full(100, -3, "<i2").tobytes(), size=40))
    with open_sound_file(path) as file:
        assert file.frames == 20
        assert file.remark is not None
        assert "160 bytes follow" in file.remark
        assert sum(len(block) for block in file.blocks(ChannelMix.MEAN)) == 20


def test_a_file_that_shrinks_after_it_was_opened_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "shrinks.wav"
    path.write_bytes(riff(fmt(), bytes(400000)))
    with open_sound_file(path) as file:
        with path.open("r+b") as other:
            other.truncate(300000)
        with pytest.raises(InputError, match="truncated"):
            list(file.blocks(ChannelMix.MEAN))


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_flac_is_refused(kept: float, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / "cut.flac"
    noise = 0.3 * np.random.default_rng(0).normal(size=50000)
    soundfile.write(path, noise, 22050, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(InputError, match=r"cut\.flac"):
        open_sound(path, ChannelMix.MEAN)


def test_a_cut_ogg_is_heard_and_told(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / "cut.ogg"
    soundfile.write(path, 0.3 * np.random.default_rng(0).normal(size=100000), 22050)
    with open_sound_file(path) as file:
        assert (file.frames, file.remark) == (100000, None)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_sound_file(path) as file:
        assert file.frames < 90000
        assert "no end mark" in (file.remark or "")


@pytest.mark.parametrize("data", [b"not a sound at all", b"fLaC\0\0\0\x22" + bytes(12)])
def test_no_object_of_python_is_in_a_message(data: bytes, tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / "text.flac"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"text\.flac is not a sound") as caught:
        open_sound(path, ChannelMix.MEAN)
    assert "<" not in str(caught.value)
    assert "FLAC" in str(caught.value)


def test_a_folder_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_sound(tmp_path, ChannelMix.MEAN)


def test_many_channels_are_read_in_blocks_of_few_samples(tmp_path: Path) -> None:
    path = tmp_path / "wide.wav"
    samples = np.arange(4000, dtype="<i2").repeat(1000)
    path.write_bytes(riff(fmt(channels=1000), samples.tobytes()))
    with open_sound_file(path) as file:
        blocks = list(file.blocks(ChannelMix.MEAN))
    assert max(map(len, blocks)) * 1000 <= 2**20
    assert np.allclose(np.concatenate(blocks), np.arange(4000) / 32768, atol=1e-7)


def test_what_a_clip_does_not_need_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    late = np.zeros(400_000, "<f4")
    late[390_000] = np.nan
    path.write_bytes(riff(fmt(3, bits=32), late.tobytes()))
    samples, rate = open_sound(path, ChannelMix.MEAN, most_s=10.0)
    assert 10 * rate <= len(samples) < 300_000
    with pytest.raises(InputError, match="NaN"):
        open_sound(path, ChannelMix.MEAN)


def test_nan_is_located(tmp_path: Path) -> None:
    samples = np.zeros(20000, "<f4")
    samples[12000] = np.nan
    path = tmp_path / "nan.wav"
    path.write_bytes(riff(fmt(3, rate=8000, bits=32), samples.tobytes()))
    with pytest.raises(InputError, match="NaN") as caught:
        open_sound(path, ChannelMix.MEAN)
    assert "1.500 s" in str(caught.value)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
@pytest.mark.parametrize("mix", list(ChannelMix))
def test_blocks_are_the_whole(name: str, mix: ChannelMix, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason=NEEDS_SOUND)
    path = tmp_path / name
    stereo = np.stack([tone(50000), -0.5 * tone(50000)], axis=1)
    soundfile.write(path, stereo, 44100)
    whole, rate = open_sound(path, mix)
    with open_sound_file(path) as file:
        assert (file.sample_rate_hz, file.channels, file.frames) == (rate, 2, 50000)
        parts = list(file.blocks(mix, 777))
        assert max(len(part) for part in parts) == 777
        assert np.array_equal(np.concatenate(parts), whole)
        assert np.array_equal(np.concatenate(list(file.blocks(mix, 4096))), whole)
    expected = stereo[:, 0] if mix is ChannelMix.FIRST else stereo.mean(axis=1)
    assert np.abs(whole - expected).max() < (0.02 if name == "a.ogg" else 1e-4)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.wav"):
        open_sound(tmp_path / "absent.wav", ChannelMix.MEAN)


def test_a_rate_below_the_models_is_refused_or_told() -> None:
    assert rate_finding(16000, 16000, LowRate.REFUSE) is None
    with pytest.raises(InputError, match="between 4 and 24 kHz"):
        rate_finding(8000, 48000, LowRate.REFUSE)
    told = rate_finding(8000, 48000, LowRate.WARN)
    assert told is not None
    assert "8000 Hz for a model of 48000 Hz" in told
