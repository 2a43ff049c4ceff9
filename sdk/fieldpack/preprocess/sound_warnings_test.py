"""Every warning of a sound contract: that it comes, with its figures, and that it stays away."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import Contract
from fieldpack.preprocess.sound_warnings import sound_warnings
from fieldpack.preprocess.spectrogram import spectrogram
from fieldpack.preprocess.spectrogram_test import DECIBEL, HTK, LN, PCEN, patch_input, sound

HALF = ("coreml-fp16",)
ADVICE = "fewer bands or a larger n_fft"
OUTPUT = {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5}


def contract(**changes: Any) -> Contract:
    """One spectrogram input with these fields changed."""
    stated = patch_input(20, **changes).model_dump(mode="json")
    return Contract.model_validate({"inputs": [stated], "outputs": [OUTPUT]})


def test_a_front_end_that_half_floats_hold_is_not_named() -> None:
    assert sound_warnings(contract(mel=HTK, log=LN), HALF) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"log": DECIBEL},
            "log.floor is 1e-10, below the least normal half float 6.1e-05: float16 makes 0 of",
        ),
        ({"log": LN | {"floor": 5e-5}}, "log.floor is 5e-05"),
        (
            {"log": PCEN},
            "log.epsilon is 1e-06, .* makes 1.01e-06, or 0 where subnormal numbers are cut of it",
        ),
        ({"log": LN | {"floor": 4e-8}}, r"makes 5.96e-08, or 0 where subnormal numbers are cut \(\+1.7 dB\)"),
        ({"log": LN, "value_scale": {"kind": "min_max", "epsilon": 1e-6}}, "value_scale.epsilon is 1e-06"),
        ({"log": LN, "value_scale": {"kind": "int16"}}, "a tone at full scale reaches 1.0.e.13, above"),
    ],
)
def test_numbers_outside_half_floats_are_named(changes: dict[str, Any], words: str) -> None:
    stated = contract(mel=HTK, **changes)
    found = sound_warnings(stated, HALF)
    assert len(found) == 1
    assert found[0].startswith("input spec: ")
    assert found[0].endswith(" at the precision of coreml-fp16; keep the front-end in float32")
    assert re.search(words, found[0]), found[0]
    assert sound_warnings(stated, ()) == []


def test_the_peak_is_that_of_a_full_scale_tone() -> None:
    """The figure that decides is that of a tone in the middle of a bin, which the window sees whole."""
    spec = patch_input(20, win_length=512, value_scale={"kind": "int16"}).front_end
    tone = np.sin(2 * np.pi * 64 * np.arange(16000) / 512).astype(np.float32)
    assert sound_warnings(contract(win_length=512, value_scale={"kind": "int16"}), HALF)[0].startswith(
        f"input spec: a tone at full scale reaches {spectrogram(tone, spec).max():.3g},"
    )


def test_empty_bands_are_named_and_are_empty() -> None:
    narrow = HTK | {"bands": 140, "fmin_hz": 0.0, "fmax_hz": 3000.0}
    found = sound_warnings(contract(mel=narrow, log=LN), ())
    values = spectrogram(sound(), patch_input(20, mel=narrow).front_end)
    empty = np.flatnonzero(~values.any(axis=1))
    assert len(empty) > 5
    text = (
        f"{len(empty)} of 140 mel bands touch no bin of the transform ({', '.join(map(str, empty[:5]))} and "
    )
    assert found == [f"input spec: {text}others) and never change; bins are 31.2 Hz apart: {ADVICE}"]


def test_a_band_edge_above_half_the_rate_is_no_contract() -> None:
    with pytest.raises(ValueError, match="must not be above half the rate, 8000 Hz"):
        contract(mel=HTK | {"fmax_hz": 8000.1})
