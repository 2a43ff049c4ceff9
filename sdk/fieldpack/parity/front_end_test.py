"""The gap of a front-end: what it counts, what it leaves out, and that planted faults show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import SpectrogramInput
from fieldpack.parity.front_end import (
    MAX_DB,
    RANGE_DB,
    Gap,
    front_end_sounds,
    gap_of,
    reference_of,
    worst,
)
from fieldpack.preprocess.spectrogram_test import DECIBEL, HTK, LINEAR, LN, PCEN, ROOT, patch_input

SOUNDS = front_end_sounds(8000, 16000)
FIXED = DECIBEL | {"reference": 1.0, "top_db": "none"}
WINDOW: dict[str, Any] = {"windows": {"samples": 8000}}


def stated(**changes: Any) -> SpectrogramInput:
    """40 frames of windows of half a second."""
    return patch_input(40, mel=HTK, **WINDOW, **changes)


def test_sounds_reach_full_scale_and_differ() -> None:
    assert len(SOUNDS) == 6
    assert all(np.abs(sound).max() == 1.0 for sound in SOUNDS.values())
    assert {sound.shape for sound in SOUNDS.values()} == {(8000,)}
    levels = {round(float(np.square(sound).mean()), 6) for sound in SOUNDS.values()}
    assert len(levels) == 6


@pytest.mark.parametrize("name", sorted(SOUNDS))
@pytest.mark.parametrize(
    ("changes", "decibels"),
    [
        ({"log": FIXED}, lambda values: values),
        ({"log": FIXED, "power": 1}, lambda values: values),
        ({"log": LN}, lambda values: 10 / math.log(10) * values),
        ({"log": LN | {"factor": 0.1}, "power": 1}, lambda values: 200 / math.log(10) * values),
        ({"log": ROOT}, lambda values: 10 / 0.23 * np.log10(values)),
        ({"log": LINEAR, "power": 1}, lambda values: 20 * np.log10(values)),
    ],
)
def test_gaps_are_those_of_the_level_before_compression(name: str, changes: Any, decibels: Any) -> None:
    contract = stated(**changes)
    reference = reference_of(SOUNDS[name], contract)
    assert gap_of(reference, reference.patch, contract) == Gap(0.0, 0.0)
    levels = (
        decibels(np.maximum(reference.patch, 1e-300))
        if changes["log"] in (ROOT, LINEAR)
        else decibels(reference.patch)
    )
    heard = levels >= levels.max() - RANGE_DB
    assert np.array_equal(reference.heard, heard)
    place = np.unravel_index(np.flatnonzero(heard)[-1], heard.shape)
    got = reference.patch.copy()
    got[place] *= 1.001
    moved = abs(float(decibels(got[place]) - levels[place]))
    assert gap_of(reference, got, contract).max_db == pytest.approx(moved)
    assert gap_of(reference, got, contract).rms_db == pytest.approx(moved / math.sqrt(heard.sum()))


def test_what_lies_far_below_the_clip_does_not_count() -> None:
    contract = stated(log=FIXED)
    reference = reference_of(SOUNDS["impulse"], contract)
    silent = reference.patch < reference.patch.max() - RANGE_DB
    assert silent.any()
    assert gap_of(reference, np.where(silent, -300.0, reference.patch), contract) == Gap(0.0, 0.0)


@pytest.mark.parametrize("changes", [{"log": PCEN}, {"log": FIXED, "normalization": "patch_mean_std"}])
def test_values_without_a_level_are_shares_of_the_largest(changes: Any) -> None:
    contract = stated(**changes)
    reference = reference_of(SOUNDS["silence with a click"], contract)
    power = reference_of(SOUNDS["silence with a click"], stated(log=LINEAR)).patch
    assert np.array_equal(reference.heard, power >= power.max() * 1e-8)
    step = 0.01 * np.abs(reference.patch).max()
    got = np.where(reference.heard, reference.patch, reference.patch + 100 * step)
    assert gap_of(reference, got, contract) == Gap(0.0, 0.0)
    place = tuple(np.argwhere(reference.heard)[0])
    got[place] += step
    assert gap_of(reference, got, contract).max_db == pytest.approx(20 * math.log10(1.01))


def test_numbers_that_are_not_finite_are_infinitely_far() -> None:
    contract = stated(log=FIXED)
    reference = reference_of(SOUNDS["noise"], contract)
    broken = reference.patch.copy()
    broken[0, 0] = np.nan
    assert gap_of(reference, broken, contract) == Gap(math.inf, math.inf)
    assert not gap_of(reference, broken, contract).holds


def test_real_parts_are_held_against_the_power_of_the_sound() -> None:
    contract = stated(log=ROOT, spectrum="real_part")
    magnitudes = stated(log=ROOT)
    reference = reference_of(SOUNDS["tone"], contract)
    loudest = 10 / 0.23 * np.log10(reference_of(SOUNDS["tone"], magnitudes).patch.max())
    levels = 10 / 0.23 * np.log10(np.maximum(reference.patch, 1e-300))
    assert np.array_equal(reference.heard, levels >= loudest - RANGE_DB)
    assert loudest > levels.max() + 3


@pytest.mark.parametrize("fault", ["half floats", "one tap", "symmetric window", "other floor"])
def test_planted_faults_miss_the_bar(fault: str) -> None:
    contract = stated(log=FIXED)
    gaps = []
    for sound in SOUNDS.values():
        for level in (1.0, 0.001):
            heard = (sound * level).astype(np.float32)
            wrong, changed = heard, contract
            if fault == "half floats":
                wrong = heard.astype(np.float16).astype(np.float32)
            elif fault == "one tap":
                wrong = np.roll(heard, 1)
            elif fault == "symmetric window":
                changed = stated(log=FIXED, window="hann_symmetric")
            else:
                changed = stated(log=FIXED | {"floor": 6e-8})
            got = reference_of(wrong, changed).patch
            gaps.append(gap_of(reference_of(heard, contract), got, contract))
    assert worst(gaps).max_db > 5 * MAX_DB
