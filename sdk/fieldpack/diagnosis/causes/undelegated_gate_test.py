from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.undelegated_gate import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, speed_of, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.testing import tiny_tflite

SHAPE = (1, 4, 4, 4)


def between_convolutions(path: Path, operator: str) -> Path:
    writer = QuantisedWriter()
    ends = [writer.activation(name, SHAPE, -2, 2) for name in ("x", "a", "b", "y")]
    weights = np.ones((4, 1, 1, 4))
    writer.pointwise("first", ends[0], weights, ends[1])
    writer.operator(operator, (ends[1],), (ends[2],))
    writer.pointwise("second", ends[2], weights, ends[3])
    return writer.write(path, (ends[0],), (ends[3],))


def squeeze_excite(path: Path, gate: str) -> Path:
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, -2, 2)
    pool = writer.activation("pool", (1, 1, 1, 4), -2, 2)
    axes = writer.tensor("axes", (2,), "int32", np.array([1, 2], np.int32))
    inner = writer.tensor("inner", (1, 1, 1, 4), "int8", scale=(1 / 256,), zero_point=(-128,))
    y = writer.activation("y", SHAPE, -4, 4)
    writer.operator("MEAN", (x, axes), (pool,), 2, "ReducerOptions", keepDims=1)
    writer.operator(gate, (pool,), (inner,))
    writer.operator("MUL", (x, inner), (y,), options="MulOptions")
    return writer.write(path, (x,), (y,))


def test_a_quantised_hard_swish_cuts_the_delegated_part_in_two(tmp_path: Path) -> None:
    found = examine(subject_of(between_convolutions(tmp_path / "m.tflite", "HARD_SWISH")))
    (finding,) = found.findings
    assert finding.layer == "HARD_SWISH 1 (b)"
    assert "1 of 1 hard-swish operators run outside XNNPACK, which is cut into 2 parts" in finding.says
    assert "--float" in found.not_run


def test_other_activations_are_none_of_its_business(tmp_path: Path) -> None:
    found = examine(subject_of(between_convolutions(tmp_path / "m.tflite", "RELU")))
    assert found.standing is Standing.CLEAR
    assert found.looked_at == "no hard-swish and no squeeze-excite"


def test_an_operator_inside_a_squeeze_excite_is_named(tmp_path: Path) -> None:
    found = examine(subject_of(squeeze_excite(tmp_path / "m.tflite", "HARD_SWISH")))
    assert "of 3 " in found.findings[0].says
    delegated = examine(subject_of(squeeze_excite(tmp_path / "n.tflite", "LOGISTIC")))
    assert delegated.standing is Standing.CLEAR
    assert delegated.looked_at.startswith("3 operators")


@pytest.mark.parametrize(("ratio", "faulty"), [(1.4, True), (1.02, False), (0.6, False)])
def test_only_what_is_slower_than_float_matters(tmp_path: Path, ratio: float, faulty: bool) -> None:
    sibling = tmp_path / "float.tflite"
    sibling.write_bytes(tiny_tflite())
    path = between_convolutions(tmp_path / "m.tflite", "HARD_SWISH")
    found = examine(subject_of(path, sibling=sibling, speed=speed_of(ratio)))
    assert (found.standing is Standing.FOUND) is faulty
    assert f"{ratio:.2f} times the time of float" in (found.findings[0].says if faulty else found.looked_at)
