from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.dead_range import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.tflite.conftest import ModelWriter
from fieldpack.verdict import Evidence

SHAPE = (1, 4, 4, 2)


def convolution(path: Path, widest: float = 2.0, weights: np.ndarray | None = None) -> Path:
    """Two equal sums of both inputs, in a scale that ends at `widest`."""
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, -1, 1)
    values = np.ones((2, 1, 1, 2)) if weights is None else weights
    y = writer.activation("y", (1, 4, 4, len(values)), -widest, widest)
    writer.pointwise("conv", x, values, y, None)
    return writer.write(path, (x,), (y,))


def floating(path: Path, weights: np.ndarray) -> Path:
    writer = ModelWriter()
    x, y = writer.tensor("x", SHAPE), writer.tensor("y", (1, 4, 4, len(weights)))
    w = writer.tensor("w", weights.shape, values=weights.astype(np.float32))
    b = writer.tensor("b", (len(weights),), values=np.zeros(len(weights), np.float32))
    writer.operator(
        "CONV_2D", (x, w, b), (y,), 1, "Conv2DOptions",
        strideW=1, strideH=1, dilationWFactor=1, dilationHFactor=1,
    )  # fmt: skip
    writer.ends((x,), (y,))
    path.write_bytes(writer.pack())
    return path


@pytest.fixture
def examples(generator: np.random.Generator) -> np.ndarray:
    values = generator.integers(-127, 128, (4, *SHAPE[1:])).astype(np.int8)
    values[0, 0, 0], values[1, 0, 0] = 127, -127
    return values


@pytest.mark.parametrize(("widest", "faulty"), [(2.0, False), (14.0, False), (18.0, True), (60.0, True)])
def test_a_scale_far_wider_than_the_values(
    tmp_path: Path,
    examples: np.ndarray,
    widest: float,
    faulty: bool,
) -> None:
    found = examine(subject_of(convolution(tmp_path / "m.tflite", widest), examples))
    assert (found.standing is Standing.FOUND) is faulty
    if faulty:
        (finding,) = found.findings
        assert finding.figure == pytest.approx(widest / 2, rel=0.1)
        assert finding.evidence is Evidence.HOST


def test_a_layer_that_always_says_the_same(tmp_path: Path, examples: np.ndarray) -> None:
    path = convolution(tmp_path / "m.tflite", weights=np.full((2, 1, 1, 2), 1e-12))
    found = examine(subject_of(path, examples))
    assert math.isinf(found.findings[0].figure)
    assert "every value is 0 on every example" in found.findings[0].says


def test_too_few_examples_show_nothing_of_ranges(tmp_path: Path, examples: np.ndarray) -> None:
    path = convolution(tmp_path / "m.tflite", 60.0)
    found = examine(subject_of(path, examples[:3]))
    assert found.standing is Standing.NOT_RUN
    assert "4 examples" in found.not_run


def test_channels_of_zeros_are_named_and_to_be_pruned(tmp_path: Path) -> None:
    weights = np.ones((4, 1, 1, 2))
    weights[2] = 0
    found = examine(subject_of(convolution(tmp_path / "m.tflite", weights=weights)))
    (finding,) = found.findings
    assert finding.figure == 0.25
    assert "1 of 4 channels are all zero" in finding.says
    assert "prune_channels" in finding.fix
    assert not examine(subject_of(convolution(tmp_path / "n.tflite"))).findings


@pytest.mark.parametrize(("small", "rounded"), [(2e-3, True), (1e-9, False)])
def test_channels_that_rounding_made_zero_are_told_from_dead_ones(
    tmp_path: Path, small: float, rounded: bool
) -> None:
    weights = np.ones((4, 1, 1, 2))
    weights[2] = small
    path = convolution(tmp_path / "m.tflite", weights=weights)
    found = examine(subject_of(path, sibling=floating(tmp_path / "f.tflite", weights)))
    (finding,) = found.findings
    assert ("rounded to zero" in finding.says) is rounded
    assert ("prune_channels" in finding.fix) is not rounded


def test_what_depends_on_no_input_is_no_dead_layer(tmp_path: Path, examples: np.ndarray) -> None:
    writer = QuantisedWriter()
    x = writer.activation("x", SHAPE, -1, 1)
    blank = writer.activation("blank", SHAPE, -1, 1)
    dims = writer.tensor("dims", (4,), "int32")
    zero = writer.constant("zero", np.zeros(()), x)
    y = writer.activation("y", SHAPE, -1, 1)
    writer.operator("SHAPE", (x,), (dims,), options="ShapeOptions", outType=2)
    writer.operator("FILL", (dims, zero), (blank,), 3, "FillOptions")
    writer.operator("ADD", (x, blank), (y,), options="AddOptions")
    path = writer.write(tmp_path / "m.tflite", (x,), (y,))
    assert not examine(subject_of(path, examples)).findings
