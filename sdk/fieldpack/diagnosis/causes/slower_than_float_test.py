from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.diagnosis.causes.slower_than_float import examine
from fieldpack.diagnosis.causes.undelegated_gate_test import between_convolutions
from fieldpack.diagnosis.conftest import speed_of, subject_of
from fieldpack.diagnosis.finding import Standing


@pytest.mark.parametrize(("ratio", "faulty"), [(1.2, True), (1.04, False), (0.5, False)])
def test_a_finding_needs_the_lower_bound_above_one(tmp_path: Path, ratio: float, faulty: bool) -> None:
    path = between_convolutions(tmp_path / "m.tflite", "HARD_SWISH")
    found = examine(subject_of(path, speed=speed_of(ratio)))
    assert (found.standing is Standing.FOUND) is faulty
    if faulty:
        assert found.findings[0].figure == ratio
        assert "outside XNNPACK: 1 HARD_SWISH (2 delegated parts)" in found.findings[0].says


def test_without_a_float_file_nothing_is_timed(tmp_path: Path) -> None:
    found = examine(subject_of(between_convolutions(tmp_path / "m.tflite", "RELU")))
    assert found.standing is Standing.NOT_RUN
    assert "--float" in found.not_run
