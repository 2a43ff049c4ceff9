"""``fieldpack predict`` on recordings: times, formats, files, and options that do not fit."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldpack.cli.main import main
from fieldpack.recordings.testing import RATE_HZ, TONE_LABELS, TONES_HZ, tone, tone_bundle, tone_contract
from fieldpack.testing import tiny_bundle, tiny_golden


@pytest.fixture
def recording(tmp_path: Path) -> str:
    """The owl from 2 to 4 s of 6 s."""
    parts = [tone(2.0, 100.0, 0.0), tone(2.0, TONES_HZ[1]), tone(2.0, 100.0, 0.0)]
    path = tmp_path / "night.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.concatenate(parts) * 32767).astype("<i2").tobytes())
    return str(path)


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    contract = tone_contract(output={"label_format": "scientific_common"})
    return str(tone_bundle(tmp_path / "tones.fieldpack", contract))


def test_detections_have_times_and_names(
    bundle: str, recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", bundle, recording, "--step", "0.25"]) == 0
    head, header, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("night.wav: 6.0 s at 8000 Hz; ")
    assert head.endswith("one each 0.25 s; labels from 0.5; tflite-float32 (host)")
    assert header.split("  ")[:2] == ["start s", "end s"]
    start, end, *names, score = row.split()
    assert 1.0 <= float(start) <= 2.0 < 4.0 <= float(end) <= 5.0
    assert names == ["Little", "Owl", "Athene", "noctua"]
    assert float(score) > 0.5


def test_json_keeps_the_shape_of_other_answers(
    bundle: str, recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["predict", bundle, recording, "--top", "1"]
    assert main([*arguments, "--json"]) == 0
    first = capsys.readouterr().out
    (answer,) = json.loads(first)["answers"]
    assert answer["evidence"] == "host"
    assert [item["label"] for item in answer["outputs"]["scores"]] == [TONE_LABELS[1]]
    assert answer["detections"][0]["scientific"] == "Athene noctua"
    assert (answer["low_hz"], answer["high_hz"]) == (100.0, 4000.0)
    assert main([*arguments, "--format", "json"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("form", "begins"), [("raven", "Selection\tView"), ("audacity", "1."), ("json", "{")]
)
def test_formats_go_to_files(
    form: str, begins: str, bundle: str, recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.txt"
    assert main(["predict", bundle, recording, "--format", form, "--out", str(target)]) == 0
    assert capsys.readouterr().out == f"1 detection in {target}\n"
    assert target.read_text().startswith(begins)
    assert main(["predict", bundle, recording, "--format", form]) == 0
    assert capsys.readouterr().out.strip() == target.read_text().strip()
    assert main(["predict", bundle, recording, "--out", str(tmp_path / "no" / "file")]) == 2


def test_a_plot_is_a_png(
    bundle: str, recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "night.png"
    assert main(["predict", bundle, recording, "--plot", str(target)]) == 0
    assert Image.open(target).size[0] == 1400
    assert main(["predict", bundle, recording, "--plot", str(tmp_path / "night.pdf")]) == 2
    assert "PNG" in capsys.readouterr().err


def test_values_of_windows_are_arrays(
    bundle: str, recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "night.npz"
    assert main(["predict", bundle, recording, "--json", "--values", str(target)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    with np.load(target) as arrays:
        assert sorted(arrays) == ["end_s", "scores", "start_s"]
        assert arrays["scores"].shape == (answer["windows"], len(TONE_LABELS))
        loudest = arrays["scores"][:, 1].argmax()
        assert 1.0 < arrays["start_s"][loudest] < arrays["end_s"][loudest] < 5.0
    assert main(["predict", bundle, recording, "--values", str(tmp_path / "night.csv")]) == 2
    assert "NPZ" in capsys.readouterr().err
    assert main(["predict", bundle, recording, "--clip", "--values", str(target)]) == 2
    assert "--values is for recordings that are no clips" in capsys.readouterr().err


def test_nothing_heard_and_warnings_are_said(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(bytes(RATE_HZ * 4))
    assert main(["predict", bundle, str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("nothing was heard\n")
    assert "warning: silence.wav: every sample is 0" in captured.err
    assert main(["predict", bundle, str(path), "--clip"]) == 0
    assert capsys.readouterr().err == f"warning: {path}: every sample is 0\n"


def test_a_clip_of_a_low_rate_is_told_once_and_without_a_line_of_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tone_contract(front_end={"low_rate": "warn"})
    path = tmp_path / "low.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ // 2)
        file.writeframes((tone(2.0, TONES_HZ[0], 0.3, RATE_HZ // 2) * 32767).astype("<i2").tobytes())
    bundle = str(tone_bundle(tmp_path / "warns.fieldpack", contract))
    assert main(["predict", bundle, str(path), "--clip"]) == 0
    told = capsys.readouterr().err
    assert told.count("holds nothing between") == 1
    assert told.startswith(f"warning: {path}: a sound of ")
    assert "UserWarning" not in told


def test_options_of_recordings_are_refused_for_other_inputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", tiny_golden()[0][0])
    tiny = str(tiny_bundle(tmp_path / "tiny"))
    assert main(["predict", tiny, str(tmp_path / "x.npy"), "--format", "raven", "--step", "1"]) == 2
    assert "--format, --step is for recordings" in capsys.readouterr().err


def test_a_clip_gets_one_answer_of_every_flavour(
    bundle: str, recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", bundle, recording, "--clip", "--top", "1", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert answer["outputs"]["scores"][0]["label"] == TONE_LABELS[1]
    assert "detections" not in answer
    assert main(["predict", bundle, recording, "--clip", "--step", "1"]) == 2
    assert "--step is for recordings that are no clips" in capsys.readouterr().err
    assert main(["predict", bundle, "1.0,2.0", "--clip"]) == 2


def test_a_setting_that_does_not_fit_is_bad_input(
    bundle: str, recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", bundle, recording, "--sensitivity", "1.2"]) == 2
    assert "no sensitivity" in capsys.readouterr().err
    assert main(["predict", bundle, recording, "--flavour", "coreml"]) == 2
