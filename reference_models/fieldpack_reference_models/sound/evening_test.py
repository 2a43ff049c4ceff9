"""A generated recording: callers where its labels say, the same file twice, and what cannot be made."""

from pathlib import Path

import numpy as np
import pytest

from fieldpack.contract.resampling import ChannelMix
from fieldpack.errors import InputError
from fieldpack.preprocess.sound import open_sound
from fieldpack_reference_models.sound import evening as evenings
from fieldpack_reference_models.sound.calls import CLASSES


def test_the_file_holds_the_recording_and_its_truth(tmp_path: Path) -> None:
    assert evenings.main(["--out", str(tmp_path / "one.wav"), "--seconds", "12", "--number", "3"]) == 0
    made = evenings.evening(3, 12.0)
    samples, rate = open_sound(tmp_path / "one.wav", ChannelMix.MEAN)
    assert rate == 16_000
    assert np.array_equal(samples, made.samples)
    rows = [line.split("\t") for line in (tmp_path / "one.txt").read_text(encoding="utf-8").splitlines()]
    assert [(float(start), float(end), label) for start, end, label in rows] == [
        (call.start_s, call.end_s, call.label) for call in made.calls
    ]


def test_calls_are_louder_than_the_silence_between_them() -> None:
    louder = 0
    for number in range(12):
        made = evenings.evening(number, 30.0)
        assert len(made.calls) >= 6
        assert all(0 <= call.start_s < call.end_s <= 30 and call.label in CLASSES for call in made.calls)
        inside = np.zeros(len(made.samples), bool)
        for call in made.calls:
            inside[round(call.start_s * 16_000) : round(call.end_s * 16_000)] = True
        power = made.samples.astype(np.float64) ** 2
        louder += power[inside].mean() > power[~inside].mean()
    assert louder == 12


@pytest.mark.parametrize("seconds", [0.0, 3.9, float("nan")])
def test_an_evening_without_room_for_a_call_is_refused(seconds: float) -> None:
    with pytest.raises(InputError, match="too short"):
        evenings.evening(0, seconds)
