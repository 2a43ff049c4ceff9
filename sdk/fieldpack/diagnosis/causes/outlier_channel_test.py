from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.outlier_channel import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.verdict import Evidence

CHANNELS = 8


def convolution(path: Path, times: float, axis: int | None) -> Path:
    """1 x 1, eight channels; the first has weights `times` those of the others."""
    writer = QuantisedWriter()
    x = writer.activation("x", (1, 4, 4, 2), -1, 1)
    y = writer.activation("y", (1, 4, 4, CHANNELS), -2, 2)
    weights = np.full((CHANNELS, 1, 1, 2), 1 / times)
    weights[0] = 1.0
    writer.pointwise("conv", x, weights, y, axis)
    return writer.write(path, (x,), (y,))


@pytest.mark.parametrize(("times", "faulty"), [(20.0, True), (14.0, False), (1.0, False)])
def test_weights_with_one_scale(tmp_path: Path, times: float, faulty: bool) -> None:
    found = examine(subject_of(convolution(tmp_path / "m.tflite", times, None)))
    assert bool(found.findings) is faulty
    if faulty:
        (finding,) = found.findings
        assert finding.layer == "CONV_2D 0 (y)"
        assert finding.figure == pytest.approx(127 / round(127 / times))
        assert finding.evidence is Evidence.ESTIMATED
    assert "--data" in found.not_run


def test_weights_with_a_scale_a_channel_are_clear(tmp_path: Path) -> None:
    found = examine(subject_of(convolution(tmp_path / "m.tflite", 100.0, 0)))
    assert not found.findings


@pytest.mark.parametrize(("times", "faulty"), [(40.0, True), (12.0, False), (1.0, False)])
def test_activations_on_examples(
    tmp_path: Path, generator: np.random.Generator, times: float, faulty: bool
) -> None:
    examples = generator.integers(-127, 128, (4, 4, 4, 2)).astype(np.int8)
    found = examine(subject_of(convolution(tmp_path / "m.tflite", times, 0), examples))
    assert (found.standing is Standing.FOUND) is faulty
    assert all(finding.evidence is Evidence.HOST for finding in found.findings)
    assert found.not_run == ""


def test_channels_that_never_change_do_not_count(tmp_path: Path) -> None:
    """Three living channels of one width, five whose value is a constant: nothing to complain of."""
    writer = QuantisedWriter()
    x = writer.activation("x", (1, 4, 4, 2), -1, 1)
    y = writer.activation("y", (1, 4, 4, CHANNELS), -2, 2)
    weights = np.zeros((CHANNELS, 1, 1, 2))
    weights[:3] = 1.0
    writer.pointwise("conv", x, weights, y, None, bias=np.array([0.0] * 3 + [0.05] * 5))
    path = writer.write(tmp_path / "m.tflite", (x,), (y,))
    examples = np.random.default_rng(1).integers(-127, 128, (4, 4, 4, 2)).astype(np.int8)
    assert not examine(subject_of(path, examples)).findings
