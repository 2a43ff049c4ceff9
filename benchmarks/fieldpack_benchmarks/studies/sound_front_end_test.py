"""The oracle of the study against our numpy, and what its bars say of good and of spoilt forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.parity.front_end import LEVELS_DBFS, Gap, Reference, front_end_sounds, gap_of, reference_of
from fieldpack.preprocess.mel import mel_filters
from fieldpack_benchmarks.alternatives.librosa_front_end import patch_by_librosa
from fieldpack_benchmarks.front_end_cases import CASES, SIZED, FrontEndCase
from fieldpack_benchmarks.rounds.front_end_speed import LIBROSA, OURS, TF_SIGNAL, TORCH
from fieldpack_benchmarks.studies.sound_front_end import COREML, EVIDENCE, HALVES, TFLITE, _row, study_of

SPEED: dict[str, Any] = {
    "timings": {
        name: {"warm_ups": [9.0], "values": [value] * 5}
        for name, value in ((OURS, 1.0), (LIBROSA, 2.0), (TF_SIGNAL, 4.0), (TORCH, 8.0))
    },
    "apart": {LIBROSA: 1e-6, TF_SIGNAL: 2e-6, TORCH: 3e-6},
}


@pytest.mark.parametrize("case", CASES, ids=[case.preset for case in CASES])
def test_librosa_says_what_our_numpy_says(case: FrontEndCase) -> None:
    """Filters that librosa lacks are ours here, and TensorFlow's in the study."""
    pytest.importorskip("librosa", reason='pip install "fieldpack[sound]"')
    contract = case.contract()
    banks = [
        None
        if isinstance(spec.mel, str) or spec.mel.triangles == "hz"
        else mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft).T
        for spec in contract.channels
    ]
    for sound in list(front_end_sounds(case.samples, contract.front_end.sample_rate_hz).values())[::5]:
        for level in LEVELS_DBFS:
            heard = (sound * 10 ** (level / 20)).astype(np.float32)
            ours = reference_of(heard, contract)
            oracle = Reference(patch_by_librosa(heard, contract, banks), ours.heard)
            assert oracle.patch.shape == contract.shape
            assert gap_of(oracle, ours.patch, contract).max_db < 1e-6


def rows(spoilt: str | None = None) -> list[Any]:
    """A row for each preset and form; one form has a gap that is too wide."""
    key = ("tone", 0.0)
    return [
        _row(
            case.preset,
            form,
            240_000 if form == TFLITE else None,
            {key: Gap(0.02, 0.0001) if form == spoilt else Gap(0.002, 0.0001)},
        )
        for case in CASES
        for form in EVIDENCE
    ]


def test_every_form_of_every_preset_has_two_bars_and_the_setting_four() -> None:
    study = study_of(rows(), SPEED, False)
    assert len(study.bars) == 2 * 4 * len(CASES) + 4
    assert study.holds
    values = {bar.name: bar.value for bar in study.bars}
    assert values["time of ours over librosa"] == pytest.approx(0.5)
    assert values["TFLite file of 32 kHz, 1024 points, 160 mels, bytes"] == 240_000
    assert f"medians of one window of {SIZED}, ms: {OURS} 1.00; {LIBROSA} 2.00" in study.as_text()


def test_half_floats_are_told_and_not_judged() -> None:
    key = ("tone", 0.0)
    filters, matrices = HALVES["filters_float16"], HALVES["float16"]
    halves = [
        _row("perch", matrices, 120_000, {key: Gap(0.004, 0.0003)}),
        _row("librosa", filters, 180_000, {key: Gap(0.004, 0.0009)}),
        _row("yamnet", filters, 180_000, {key: Gap(0.004, 0.0011)}),
    ]
    study = study_of(rows() + halves, SPEED, False)
    assert len(study.bars) == 2 * 4 * len(CASES) + 4
    told = [note for note in study.notes if "float16" in note]
    assert told == [f"within the bars with float16 stored: perch, {matrices}: 50 %; librosa, {filters}: 75 %"]
    assert "with float16 stored: none" in study_of(rows() + halves[2:], SPEED, False).as_text()


def test_one_spoilt_form_misses_its_bars_only() -> None:
    study = study_of(rows(COREML), SPEED, False)
    missed = [bar for bar in study.bars if not bar.holds]
    assert [bar.name for bar in missed] == [f"{case.preset}, Core ML: largest gap, dB" for case in CASES]
    assert {bar.evidence.value for bar in missed} == {"reference"}


def test_a_slow_front_end_misses() -> None:
    slow = {**SPEED, "timings": SPEED["timings"] | {OURS: {"warm_ups": [9.0], "values": [3.0] * 5}}}
    missed = [bar.name for bar in study_of(rows(), slow, False).bars if not bar.holds]
    assert missed == ["time of ours over librosa"]
