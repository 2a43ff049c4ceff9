"""What a mobile developer reads of a sound model."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack.bundle.manifest import Border
from fieldpack.recordings.testing import tone_contract
from fieldpack.report.flavours import _meaning, _numbers

BORDER = Border(name="spectrogram", tensor="spectrogram", shape=(1, 16, 97, 1), dtype="float32")


@pytest.mark.parametrize(
    ("front_end", "words"),
    [
        ({}, "Resample with the filters in resampling/ of the bundle"),
        (
            {"resampler": {"kind": "soxr_hq"}, "channel_mix": "first"},
            "soxr at quality HQ; of several channels",
        ),
        ({"low_rate": "warn"}, "a recording below 8,000 Hz is taken with a warning"),
    ],
)
def test_rates_and_channels_are_told(front_end: dict[str, Any], words: str) -> None:
    lines = _meaning(tone_contract(front_end=front_end).inputs[0], BORDER)
    assert words in " ".join(str(line) for line in lines)


def test_sensitivity_is_a_formula() -> None:
    output = {"activation": "logits", "threshold": 0.1, "sensitivity": {"value": 1.25, "limit": 15.0}}
    told = _numbers(tone_contract(output=output).outputs[0], 3)
    assert "score = 1 / (1 + exp(−1.25 × clip(x, −15, 15)))" in told
    assert "present from 0.1" in told
