"""Recordings heard by the tiny bundle: the right tone at the right time, whatever the file is."""

from __future__ import annotations

import sys
import tracemalloc
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Contract, SoundSpec
from fieldpack.errors import InputError
from fieldpack.predict import Predictor
from fieldpack.recordings.analyser import Analyser, Analysis, Settings
from fieldpack.recordings.testing import (
    RATE_HZ,
    TONE_LABELS,
    TONES_HZ,
    WINDOW,
    SoundModel,
    sound_content,
    tone,
    tone_bundle,
    tone_contract,
)
from fieldpack.testing import dense_tflite, tiny_bundle
from fieldpack.verdict import Outcome
from fieldpack.verification import verify


def song(rate_hz: int = RATE_HZ, level: float = 0.3) -> np.ndarray:
    """Silence, the owl from 2 to 4 s, silence, the toad from 6 to 7 s, silence up to 9 s."""
    parts = [(2.0, 0.0, 0), (2.0, level, 1), (2.0, 0.0, 0), (1.0, level, 0), (2.0, 0.0, 0)]
    pieces = [tone(seconds, TONES_HZ[number], strength, rate_hz) for seconds, strength, number in parts]
    return np.concatenate(pieces)


def write(path: Path, channels: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """A 16-bit WAV file of [n] or [n, channels]."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if channels.ndim == 1 else channels.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((channels * 32767).astype("<i2").tobytes())
    return path


def analysed(folder: Path, contract: Contract | None = None, **settings: Any) -> Analyser:
    path = folder / "tones.fieldpack"
    if not path.exists():
        tone_bundle(path, contract)
    return Analyser(open_bundle(path), settings=Settings(**settings))


def told(analysis: Analysis) -> list[tuple[str, float, float]]:
    return [(item.name, round(item.start_s, 2), round(item.end_s, 2)) for item in analysis.detections]


def test_the_right_animals_at_the_right_times(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, step_s=0.25).analyse(write(tmp_path / "song.wav", song()))
    assert [item.label for item in analysis.detections] == [TONE_LABELS[1], TONE_LABELS[0]]
    owl, toad = analysis.detections
    assert (owl.scientific, owl.name) == (None, "Athene noctua_Little Owl")
    assert owl.start_s < 2.0 < 4.0 < owl.end_s
    assert toad.start_s < 6.0 < 7.0 < toad.end_s
    assert toad.end_s - toad.start_s < 2.5
    assert min(owl.score, toad.score) > 0.5
    assert analysis.duration_s == pytest.approx(9.0)
    assert analysis.step_s == pytest.approx(0.25)
    assert analysis.warnings == ()
    assert analysis.pooled["scores"].argmax() in (0, 1)


def test_values_of_windows_are_what_the_model_gives(tmp_path: Path) -> None:
    heard = analysed(tmp_path, step_s=0.25, keep_values=True)
    analysis = heard.analyse_samples(song(), RATE_HZ)
    kept = analysis.values
    assert kept is not None
    assert kept.outputs["scores"].shape == (analysis.windows, len(TONE_LABELS))
    assert kept.outputs["scores"].dtype == np.float32
    assert np.allclose(np.diff(kept.start_s), analysis.step_s)
    assert np.allclose(kept.end_s - kept.start_s, analysis.window_s)
    assert np.array_equal(kept.outputs["scores"].max(axis=0), analysis.pooled["scores"].astype(np.float32))
    owl = (kept.start_s >= 2.0) & (kept.end_s <= 4.0)
    assert set(kept.outputs["scores"][owl].argmax(axis=1)) == {1}
    assert analysed(tmp_path).analyse_samples(song(), RATE_HZ).values is None


def test_scores_of_windows_are_those_of_predict(tmp_path: Path) -> None:
    """No clip rule of the contract stands between them, so both hear the same windows."""
    analyser = analysed(tmp_path)
    path = write(tmp_path / "song.wav", song())
    analysis = analyser.analyse(path)
    other = Predictor(open_bundle(tmp_path / "tones.fieldpack")).scores(path)["scores"]
    assert analysis.pooled["scores"] == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("chunk", [1, 997, 100000])
def test_chunks_and_a_microphone_give_what_the_file_gives(chunk: int, tmp_path: Path) -> None:
    analyser = analysed(tmp_path, step_s=0.25)
    sound = song()[: 20000 if chunk == 1 else None]
    whole = analyser.analyse_samples(sound, RATE_HZ)
    hearing = analyser.begin(RATE_HZ)
    live = [
        item for start in range(0, len(sound), chunk) for item in hearing.push(sound[start : start + chunk])
    ]
    streamed = hearing.finish()
    assert streamed.detections == whole.detections
    assert all(any(item.label == other.label for other in whole.detections) for item in live)
    assert np.array_equal(streamed.pooled["scores"], whole.pooled["scores"])


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
def test_the_rate_of_the_file_does_not_matter(rate_hz: int, tmp_path: Path) -> None:
    analyser = analysed(tmp_path, step_s=0.25)
    reference = analyser.analyse_samples(song(), RATE_HZ)
    other = analyser.analyse(write(tmp_path / "song.wav", song(rate_hz), rate_hz))
    assert [item.label for item in other.detections] == [item.label for item in reference.detections]
    for one, two in zip(other.detections, reference.detections, strict=True):
        assert abs(one.start_s - two.start_s) <= 0.2501
        assert abs(one.score - two.score) < 0.03


@pytest.mark.parametrize(
    ("suffix", "subtype"), [("wav", "PCM_24"), ("wav", "FLOAT"), ("flac", None), ("ogg", None)]
)
def test_formats(suffix: str, subtype: str | None, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason='pip install "fieldpack[sound]"')
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, song(), RATE_HZ, subtype=subtype)
    analysis = analysed(tmp_path, step_s=0.25).analyse(path)
    assert [item.label for item in analysis.detections] == [TONE_LABELS[1], TONE_LABELS[0]]


@pytest.mark.parametrize(("mix", "found"), [("mean", True), ("first", False)])
def test_channels_are_mixed_as_the_contract_says(mix: str, found: bool, tmp_path: Path) -> None:
    silent = np.zeros_like(song())
    path = write(tmp_path / "stereo.wav", np.stack([silent, song(level=0.6)], axis=1))
    analysis = analysed(tmp_path, tone_contract(front_end={"channel_mix": mix}), step_s=0.25).analyse(path)
    assert bool(analysis.detections) is found


def test_a_low_rate_is_refused_or_told(tmp_path: Path) -> None:
    path = write(tmp_path / "low.wav", song(), 8000)
    strict = tone_contract(
        front_end={"sample_rate_hz": 16000, "hop_length": 160, "n_fft": 512, "win_length": 512},
        windows={"samples": 2 * WINDOW},
    )
    (tmp_path / "strict").mkdir()
    with pytest.raises(InputError, match="lower rate than the model"):
        analysed(tmp_path / "strict", strict).analyse(path)
    (tmp_path / "mild").mkdir()
    fields = strict.model_dump()
    fields["inputs"][0]["front_end"]["low_rate"] = "warn"
    analysis = analysed(tmp_path / "mild", Contract.model_validate(fields), step_s=0.25).analyse(path)
    assert [item.label for item in analysis.detections] == [TONE_LABELS[1], TONE_LABELS[0]]
    assert "8000 Hz for a model of 16000 Hz" in analysis.warnings[0]


def test_silence_three_milliseconds_and_nothing(tmp_path: Path) -> None:
    analyser = analysed(tmp_path)
    silence = analyser.analyse_samples(np.zeros(3 * RATE_HZ, np.float32), RATE_HZ)
    assert silence.detections == ()
    assert silence.warnings == ("every sample is 0",)
    short = analyser.analyse_samples(tone(0.003, 500.0), RATE_HZ)
    assert (short.windows, short.detections) == (1, ())
    assert short.warnings == ("it lasts 0.003 s, less than the window of 0.99 s, which silence fills up",)
    with pytest.raises(InputError, match="too short for one window"):
        analyser.begin(RATE_HZ).finish()
    (tmp_path / "drop").mkdir()
    dropping = analysed(tmp_path / "drop", tone_contract(windows={"last": "drop"}))
    with pytest.raises(InputError, match="too short for one window") as caught:
        dropping.analyse_samples(tone(0.003, 500.0), RATE_HZ)
    assert "0.003 s" in str(caught.value)
    few = write(tmp_path / "few.wav", tone(0.003, 500.0))
    few.write_bytes(few.read_bytes() + b"\xff" * 64)
    with pytest.raises(InputError, match=r"0\.003 s; 64 bytes follow"):
        dropping.analyse(few)


def test_silence_that_clips_never_held_is_told(tmp_path: Path) -> None:
    silence = {"top_db": 60.0, "frame_length": 800, "hop_length": 800}
    analysis = analysed(tmp_path, tone_contract({"remove_silence": silence})).analyse_samples(song(), RATE_HZ)
    assert analysis.warnings == (
        "the model learnt from clips without silence; here silence is heard as well",
    )
    assert analysis.duration_s == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("log", "named"),
    [
        ({"reference": "clip_max", "top_db": 80.0}, "log.reference, log.top_db"),
        ({"reference": 1.0, "top_db": 80.0}, "log.top_db"),
        ({"reference": 1.0, "top_db": "none"}, None),
    ],
)
def test_what_clips_have_and_recordings_lack_is_told(
    log: dict[str, Any], named: str | None, tmp_path: Path
) -> None:
    front_end = {"log": {"kind": "decibel", "floor": 1e-4, **log}, "center": True}
    analyser = analysed(tmp_path, tone_contract(front_end=front_end, windows={"samples": "none"}))
    told = analyser.analyse_samples(song(), RATE_HZ).warnings
    assert told == (
        ()
        if named is None
        else (f"the contract takes {named} over a clip; here each window stands in its place",)
    )


def test_nan_and_damaged_files_are_refused(tmp_path: Path) -> None:
    analyser = analysed(tmp_path)
    with pytest.raises(InputError, match="NaN"):
        analyser.begin(RATE_HZ).push(np.array([0.0, np.nan], np.float32))
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.wav is empty"):
        analyser.analyse(tmp_path / "empty.wav")
    whole = write(tmp_path / "whole.wav", song()).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:-1000])
    with pytest.raises(InputError, match=r"cut\.wav is truncated"):
        analyser.analyse(tmp_path / "cut.wav")
    (tmp_path / "more.wav").write_bytes(whole + b"\xff" * 64)
    assert "64 bytes follow" in analyser.analyse(tmp_path / "more.wav").warnings[0]


def test_thresholds_sensitivity_and_label_format(tmp_path: Path) -> None:
    output = {
        "activation": "logits", "threshold": 0.5, "label_format": "scientific_common",
        "sensitivity": {"value": 1.0, "limit": 15.0},
    }  # fmt: skip
    contract = tone_contract(output=output)
    plain = analysed(tmp_path, contract, step_s=0.25).analyse_samples(song(), RATE_HZ)
    assert told(plain)[0][0] == "Little Owl"
    assert plain.detections[0].scientific == "Athene noctua"
    keen = analysed(tmp_path, contract, step_s=0.25, sensitivity=1.5).analyse_samples(song(), RATE_HZ)
    assert keen.detections[0].score > plain.detections[0].score
    picky = analysed(tmp_path, contract, threshold=1.0).analyse_samples(song(), RATE_HZ)
    assert picky.detections == ()
    every = analysed(tmp_path, contract, threshold=0.0, merge=False).analyse_samples(song(), RATE_HZ)
    assert len(every.detections) == 3 * every.windows


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": 1.5}, "threshold is a score"),
        ({"sensitivity": 1.5}, "no sensitivity"),
        ({"step_s": 2.0}, "follow each other"),
    ],
)
def test_settings_that_do_not_fit_are_refused_at_once(
    settings: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        analysed(tmp_path, **settings)


def test_a_bundle_that_takes_no_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not hear recordings"):
        Analyser(open_bundle(tiny_bundle(tmp_path / "tiny")))


def test_wav_and_polyphase_need_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("soundfile", "soxr", "librosa", "scipy"):
        monkeypatch.setitem(sys.modules, name, None)
    analysis = analysed(tmp_path, step_s=0.25).analyse(write(tmp_path / "song.wav", song(44100), 44100))
    assert len(analysis.detections) == 2


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    analyser = analysed(tmp_path)

    def peak(minutes: int) -> int:
        hearing = analyser.begin(16000)
        block = tone(10.0, 500.0, rate_hz=16000)
        tracemalloc.start()
        for _ in range(6 * minutes):
            hearing.push(block)
        hearing.finish()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(1)
    assert peak(4) < 1.2 * peak(1)


def test_a_model_of_the_waveform_hears_recordings_too(tmp_path: Path) -> None:
    """It answers to the mean of half a second, which a recording has from 2 to 4 s."""
    sound = tone_contract(windows={"samples": RATE_HZ // 2, "last": "drop"}).model_dump()["inputs"][0][
        "front_end"
    ]
    front_end = {name: sound[name] for name in SoundSpec.model_fields}
    waveform = {"kind": "waveform", "name": "sound", "axes": ["sample"], "front_end": front_end}
    outputs = tone_contract().model_dump()["outputs"]
    contract = Contract.model_validate({"inputs": [waveform], "outputs": outputs})
    count = RATE_HZ // 2
    weights = np.stack([np.full(count, 40.0 / count), np.zeros(count)]).astype(np.float32)
    data = dense_tflite("sound", (1, count), weights, np.array([-4.0, -4.0], np.float32), "sigmoid")
    silence = np.zeros((1, count), np.float32)
    scores = np.full((1, 2), 1 / (1 + np.exp(4.0)), np.float32)
    with BundleWriter(tmp_path / "offset") as writer:
        writer.commit(sound_content(writer, contract, SoundModel(data, ("offset", "never"), silence, scores)))
    assert verify(tmp_path / "offset").outcome is Outcome.PASS
    recording = np.concatenate([np.full(2 * RATE_HZ, level, np.float32) for level in (0.0, 0.2, 0.0)])
    analysis = Analyser(open_bundle(tmp_path / "offset"), settings=Settings(step_s=0.1)).analyse_samples(
        recording, RATE_HZ
    )
    (found,) = analysis.detections
    assert found.label == "offset"
    assert abs(found.start_s - 1.75) <= 0.11
    assert abs(found.end_s - 4.25) <= 0.11


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "logits"])
def test_every_activation_of_the_tiny_bundle_verifies(activation: str, tmp_path: Path) -> None:
    contract = tone_contract(output={"activation": activation})
    assert verify(tone_bundle(tmp_path / activation, contract)).outcome is Outcome.PASS
