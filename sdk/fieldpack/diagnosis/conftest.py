"""Small quantised files, each with one fault or without it, and subjects made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.diagnosis.causes.saturated_scores import score_tensors
from fieldpack.diagnosis.delegation import delegation
from fieldpack.diagnosis.observed import observe
from fieldpack.diagnosis.speed import Speed
from fieldpack.diagnosis.subject import Made, Subject
from fieldpack.statistics.interval import Interval
from fieldpack.tflite.conftest import ModelWriter
from fieldpack.tflite.file import open_model

Array = NDArray[Any]


class QuantisedWriter(ModelWriter):
    """Writes int8 tensors from the real ranges that they stand for."""

    def activation(self, name: str, shape: tuple[int, ...], low: float, high: float) -> int:
        """An int8 tensor whose scale runs from `low` to `high`."""
        scale = (high - low) / 255
        return self.tensor(name, shape, "int8", scale=(scale,), zero_point=(round(-128 - low / scale),))

    def weights(self, name: str, values: Array, axis: int | None = None) -> int:
        """Symmetric int8 weights: one scale, or one for each index of `axis`."""
        whole = (
            tuple(range(values.ndim)) if axis is None else tuple(i for i in range(values.ndim) if i != axis)
        )
        scale = np.maximum(np.abs(values).max(axis=whole, keepdims=True), 1e-9) / 127
        stored = np.round(values / scale).astype(np.int8)
        scales = scale.reshape(-1).tolist()
        return self.tensor(
            name, values.shape, "int8", stored, scales, [0] * len(scales), 0 if axis is None else axis
        )

    def constant(self, name: str, values: Array, like: int) -> int:
        """An int8 constant in the scale of another tensor."""
        facts = self.graph.tensors[like].quantization
        scale, point = facts.scale[0], facts.zeroPoint[0]
        stored = np.clip(np.round(values / scale) + point, -128, 127).astype(np.int8)
        return self.tensor(name, values.shape, "int8", stored, (scale,), (point,))

    def pointwise(
        self,
        name: str,
        source: int,
        values: Array,
        output: int,
        axis: int | None = 0,
        bias: float | Array = 0.0,
    ) -> int:
        """A 1 x 1 convolution with weights [O, 1, 1, I] and a bias of real numbers [O]."""
        weights = self.weights(f"{name}/weights", values, axis)
        scales = np.asarray(self.graph.tensors[weights].quantization.scale)
        inner = scales * self.graph.tensors[source].quantization.scale[0]
        inner = np.broadcast_to(inner, (len(values) if len(inner) > 1 else 1,)).tolist()
        steps = np.round(np.broadcast_to(bias, len(values)) / np.asarray(inner)).astype(np.int32)
        offset = self.tensor(f"{name}/bias", (len(values),), "int32", steps, inner, [0] * len(inner))
        self.operator(
            "CONV_2D", (source, weights, offset), (output,), 3, "Conv2DOptions",
            strideW=1, strideH=1, dilationWFactor=1, dilationHFactor=1,
        )  # fmt: skip
        return output

    def write(self, path: Path, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Path:
        """The file."""
        self.ends(inputs, outputs)
        path.write_bytes(self.pack())
        return path


def speed_of(ratio: float, slack: float = 0.05) -> Speed:
    """A timing that came out at `ratio`."""
    return Speed(ratio, 1.0, Interval(ratio, ratio - slack, ratio + slack, 30))


def subject_of(
    path: Path,
    examples: Array | None = None,
    sibling: Path | None = None,
    made: Made | None = None,
    speed: Speed | None = None,
) -> Subject:
    """A file under diagnosis; `examples` [N, ...] are in the dtype of its only input."""
    model = open_model(path)
    other = None if sibling is None else open_model(sibling)
    blank = Subject(model, None, other, made, delegation, lambda: speed)
    if examples is None:
        return blank
    observed = observe(path, [examples], "examples", score_tensors(blank))
    return Subject(model, observed, other, made, delegation, lambda: speed)


@pytest.fixture
def new_writer() -> Callable[[], QuantisedWriter]:
    """A fresh ``QuantisedWriter`` a call."""
    return QuantisedWriter


@pytest.fixture
def generator() -> np.random.Generator:
    """Seeded."""
    return np.random.default_rng(4)
