from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.stretching_pad import examine
from fieldpack.diagnosis.conftest import Array, QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.verdict import Evidence

SHAPE = (1, 4, 4, 2)


def padded(path: Path, constant: float, low: float, high: float) -> Path:
    """``PADV2`` by one on each side, all in the range `low` to `high`."""
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, low, high)
    y = writer.activation("pad", (1, 6, 6, 2), low, high)
    widths = writer.tensor("widths", (4, 2), "int32", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    value = writer.constant("value", np.asarray(constant, np.float64).reshape(()), x)
    writer.operator("PADV2", (x, widths, value), (y,), 2, "PadV2Options")
    return writer.write(path, (x,), (y,))


def stored(low: float, high: float, smallest: float, largest: float) -> Array:
    """Examples between two real numbers, in the scale from `low` to `high`."""
    scale = (high - low) / 255
    real = np.linspace(smallest, largest, 4 * 32).reshape(4, *SHAPE[1:])
    return (np.round(real / scale) + round(-128 - low / scale)).astype(np.int8)


def test_minus_255_around_small_values_is_found_without_data(tmp_path: Path) -> None:
    found = examine(subject_of(padded(tmp_path / "m.tflite", -255, -255, 10)))
    (finding,) = found.findings
    assert finding.layer == "PADV2 0 (pad)"
    assert finding.figure == pytest.approx(255 / 265, abs=0.005)
    assert finding.evidence is Evidence.ESTIMATED
    assert "lose 4.7 bits" in finding.says


@pytest.mark.parametrize(("constant", "low"), [(0.0, -10.0), (-10.0, -10.0), (-30.0, -30.0)])
def test_pads_with_zero_or_with_a_value_that_may_occur_are_clear(
    tmp_path: Path, constant: float, low: float
) -> None:
    found = examine(subject_of(padded(tmp_path / "m.tflite", constant, low, 10)))
    assert found.standing is Standing.CLEAR
    assert found.looked_at.startswith("1 padding")


@pytest.mark.parametrize(("smallest", "faulty"), [(0.0, True), (-2.0, True), (-5.0, False), (-7.0, False)])
def test_examples_show_what_the_values_use(tmp_path: Path, smallest: float, faulty: bool) -> None:
    path = padded(tmp_path / "m.tflite", -7, -7, 3)
    assert examine(subject_of(path)).standing is Standing.CLEAR
    found = examine(subject_of(path, stored(-7, 3, smallest, 2.9)))
    assert (found.standing is Standing.FOUND) is faulty
    assert all(finding.evidence is Evidence.HOST for finding in found.findings)
