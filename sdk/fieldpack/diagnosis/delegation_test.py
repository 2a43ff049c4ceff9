from __future__ import annotations

from pathlib import Path

import numpy as np

from fieldpack.diagnosis.conftest import QuantisedWriter
from fieldpack.diagnosis.delegation import delegation

SHAPE = (1, 4, 4, 4)


def chain(path: Path, *operators: str) -> Path:
    """A convolution, operators in a row, a convolution."""
    writer = QuantisedWriter()
    x, value = writer.activation("x", SHAPE, -2, 2), writer.activation("first", SHAPE, -2, 2)
    writer.pointwise("first", x, np.ones((4, 1, 1, 4)), value)
    for number, name in enumerate(operators):
        following = writer.activation(f"{name}{number}", SHAPE, -2, 2)
        writer.operator(name, (value,), (following,))
        value = following
    last = writer.activation("last", SHAPE, -2, 2)
    writer.pointwise("last", value, np.ones((4, 1, 1, 4)), last)
    return writer.write(path, (x,), (last,))


def test_operators_in_a_row_outside_are_all_found(tmp_path: Path) -> None:
    found = delegation(chain(tmp_path / "m.tflite", "HARD_SWISH", "HARD_SWISH"))
    assert found.outside == (1, 2)
    assert found.parts == 2


def test_a_file_that_is_taken_whole_is_one_part(tmp_path: Path) -> None:
    found = delegation(chain(tmp_path / "m.tflite"))
    assert found.outside == ()
    assert found.parts == 1


def test_an_operator_at_the_end_is_seen(tmp_path: Path) -> None:
    writer = QuantisedWriter()
    x, y, z = (writer.activation(name, SHAPE, -2, 2) for name in "xyz")
    writer.pointwise("first", x, np.ones((4, 1, 1, 4)), y)
    writer.operator("HARD_SWISH", (y,), (z,))
    assert delegation(writer.write(tmp_path / "m.tflite", (x,), (z,))).outside == (1,)
