"""The study of recordings end to end on the tiny bundle, and its figures on known cases."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from fieldpack.errors import MissingDependencyError
from fieldpack.recordings.testing import tone_bundle
from fieldpack_benchmarks.studies import sound_recordings
from fieldpack_benchmarks.studies.sound_recordings import POLYPHASE, SOXR, alias_db, tone_error_db
from fieldpack_benchmarks.study import load_study


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def test_the_study_runs_on_the_tiny_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("soxr", reason='pip install "fieldpack[sound]"')
    monkeypatch.setattr(sound_recordings, "PAIRS", ((48000, 16000), (22050, 24000)))
    monkeypatch.setattr(sound_recordings, "SOUND_S", 8)
    yamnet = sound_recordings.front_ends()["yamnet"]
    monkeypatch.setattr(sound_recordings, "front_ends", lambda: {"yamnet": yamnet})
    study = sound_recordings.study_of(tone_bundle(tmp_path / "tones"), 1, 1, True, nothing)
    assert [row["part"] for row in study.rows] == [*["resampling"] * 2, "streaming", *["analysis"] * 2]
    streaming = study.rows[2]
    assert streaming["difference"] == 0.0
    assert {bar.name for bar in study.bars if "memory" in bar.name or "alias" in bar.name} == {
        "resampler, worst alias, dB",
        "tflite-float32, memory of 1 min over 1 min",
    }
    path = tmp_path / "study.json"
    path.write_text(json.dumps(study.as_dict()))
    assert load_study(path).bars == study.bars


def test_a_bad_filter_is_seen() -> None:
    poor = POLYPHASE.model_copy(update={"zero_crossings": 4, "rolloff": 1.0})
    assert tone_error_db(48000, 16000, POLYPHASE) < -95
    assert tone_error_db(48000, 16000, poor) > -60
    assert alias_db(48000, 16000, POLYPHASE) < -80
    assert alias_db(48000, 16000, poor) > -20


def test_every_front_end_is_streamed_in_whole_hops() -> None:
    for contract in sound_recordings.front_ends().values():
        assert contract.front_end.windows.samples == 5 * contract.front_end.sample_rate_hz


def test_a_recording_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        sound_recordings.write_recording(tmp_path / name, 1)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    with wave.open(str(tmp_path / "a.wav"), "rb") as file:
        assert (file.getframerate(), file.getnframes()) == (48000, 60 * 48000)


def test_it_needs_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="real models"):
        sound_recordings.study(True, nothing)
    assert SOXR.kind == "soxr_hq"
