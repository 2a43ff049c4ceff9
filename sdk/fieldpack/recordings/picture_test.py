"""The picture: a tone lies where its time and frequency are, bars where detections are, names can be read."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract import SoundInput
from fieldpack.recordings.detection import Detection
from fieldpack.recordings.picture import HEIGHT, LANES, MOST_LANES, WIDTH, draw_recording
from fieldpack.recordings.spectrograph import Spectrograph
from fieldpack.recordings.testing import RATE_HZ, tone, tone_contract


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten seconds, of which the third to the fifth hold a tone of 1 kHz."""
    samples = np.concatenate([tone(3.0, 100.0, 0.0), tone(2.0, 1000.0), tone(5.0, 100.0, 0.0)])
    target = tmp_path / "song.wav"
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return target


def taken() -> SoundInput:
    first = tone_contract().inputs[0]
    assert isinstance(first, SoundInput)
    return first


def found(name: str, start_s: float, end_s: float, score: float = 1.0) -> Detection:
    return Detection(start_s, end_s, name, score, name, None, "scores", 1)


def brightness(picture: Image.Image, left: int, top: int, right: int, bottom: int) -> float:
    return float(np.asarray(picture.crop((left, top, right, bottom)).convert("L"), np.float64).mean())


def test_a_tone_lies_at_its_time_and_frequency(path: Path) -> None:
    picture = draw_recording(path, taken(), (), "a title")
    left, right, top = 70, WIDTH - 24, 56
    second, kilohertz = (right - left) / 10, HEIGHT / 4

    def level(seconds: float, khz: float) -> float:
        x, y = left + seconds * second, top + HEIGHT - khz * kilohertz
        return brightness(picture, round(x) - 5, round(y) - 1, round(x) + 5, round(y) + 2)

    assert level(4.0, 1.0) > 150
    assert max(level(2.0, 1.0), level(6.0, 1.0), level(4.0, 2.0), level(4.0, 0.4)) < 90


def test_bars_lie_at_their_times_in_the_lane_of_their_label(path: Path) -> None:
    detections = [found("owl", 2.5, 5.0), found("toad", 6.0, 7.0, 0.9)]
    picture = draw_recording(path, taken(), detections, "a title")
    pixels = np.asarray(picture)[56 + HEIGHT + 52 :]
    columns = np.flatnonzero((pixels == LANES[0]).all(axis=2).any(axis=0))
    second = (columns.max() - columns.min()) / 2.5
    assert abs(columns.max() + 5.0 * second - (WIDTH - 24)) < 4
    other_lane = np.flatnonzero((pixels == LANES[1]).all(axis=2).any(axis=0))
    assert abs(other_lane.min() - (columns.max() + second)) < 4
    assert abs(other_lane.max() - other_lane.min() - second) < 4


def test_many_labels_long_names_and_none_are_drawn(path: Path) -> None:
    many = [
        found("a very long name of an animal " + str(number), 0.0, 1.0) for number in range(MOST_LANES + 4)
    ]
    assert draw_recording(path, taken(), many, "x" * 300).size[0] == WIDTH
    heights = [draw_recording(path, taken(), many[:count], "").size[1] for count in (0, 1, 5, MOST_LANES, 16)]
    assert heights == sorted(heights)
    assert heights[0] == heights[1]


def test_the_spectrograph_does_not_depend_on_chunks() -> None:
    samples = tone(4.0, 1000.0)
    whole, parts = Spectrograph(len(samples), RATE_HZ, 200), Spectrograph(len(samples), RATE_HZ, 200)
    whole.push(samples)
    for start in range(0, len(samples), 333):
        parts.push(samples[start : start + 333])
    assert np.allclose(whole.decibels(), parts.decibels(), atol=1e-9)
    loudest = whole.decibels().mean(axis=1).argmax()
    assert abs(loudest * RATE_HZ / 2 / (whole.decibels().shape[0] - 1) - 1000) < 20


@pytest.mark.parametrize("count", [1, 100, 5000])
def test_few_samples_and_silence_make_a_picture(count: int) -> None:
    graph = Spectrograph(count, RATE_HZ, 300)
    graph.push(np.zeros(count, np.float32))
    assert np.isfinite(graph.decibels()).all()
