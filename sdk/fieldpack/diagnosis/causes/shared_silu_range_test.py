from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.diagnosis.causes.shared_silu_range import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing

SHAPE = (1, 2, 2, 4)


def silu(path: Path, low: float, high: float) -> Path:
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, low, high)
    gate = writer.tensor("gate", SHAPE, "int8", scale=(1 / 256,), zero_point=(-128,))
    y = writer.activation("silu", SHAPE, -0.28, high)
    writer.operator("LOGISTIC", (x,), (gate,))
    writer.operator("MUL", (gate, x), (y,), options="MulOptions")
    return writer.write(path, (x,), (y,))


def hard_swish(path: Path, low: float, high: float) -> Path:
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, low, high)
    y = writer.activation("swish", SHAPE, -0.375, high)
    writer.operator("HARD_SWISH", (x,), (y,), options="HardSwishOptions")
    return writer.write(path, (x,), (y,))


@pytest.mark.parametrize("made", [silu, hard_swish])
def test_a_range_that_mostly_becomes_zero_is_found(tmp_path: Path, made: object) -> None:
    found = examine(subject_of(made(tmp_path / "m.tflite", -30, 6)))  # type: ignore[operator]
    (finding,) = found.findings
    assert 36 / 6.4 < finding.figure < 36 / 6.2
    assert "2.5 bits are spent" in finding.says


@pytest.mark.parametrize("made", [silu, hard_swish])
@pytest.mark.parametrize(("low", "faulty"), [(-6.0, False), (-12.0, False), (-14.0, True)])
def test_a_range_that_mostly_matters_is_clear(tmp_path: Path, made: object, low: float, faulty: bool) -> None:
    found = examine(subject_of(made(tmp_path / "m.tflite", low, 6)))  # type: ignore[operator]
    assert (found.standing is Standing.FOUND) is faulty
    assert found.looked_at.startswith("1 ")


def test_a_gate_from_another_tensor_is_no_silu(tmp_path: Path) -> None:
    writer = QuantisedWriter()
    x, z = (writer.activation(name, SHAPE, -30, 6) for name in "xz")
    gate = writer.tensor("gate", SHAPE, "int8", scale=(1 / 256,), zero_point=(-128,))
    y = writer.activation("y", SHAPE, -0.28, 6)
    writer.operator("LOGISTIC", (x,), (gate,))
    writer.operator("MUL", (gate, z), (y,), options="MulOptions")
    found = examine(subject_of(writer.write(tmp_path / "m.tflite", (x, z), (y,))))
    assert found.looked_at.startswith("0 ")
