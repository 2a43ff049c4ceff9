"""All that is known of one file under diagnosis, and the words that every cause uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.diagnosis.delegation import Delegation
from fieldpack.diagnosis.observed import Observations, Seen
from fieldpack.diagnosis.speed import Speed
from fieldpack.recipe import Rule
from fieldpack.tflite.facts import Operator, Tensor, TfliteModel

CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
"""Operators with weights, and the axis of their output channels."""
KEEPS_SCALE = frozenset(
    {
        "RESHAPE", "TRANSPOSE", "MAX_POOL_2D", "AVERAGE_POOL_2D", "PADV2", "MIRROR_PAD",
        "CONCATENATION", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "GATHER", "SQUEEZE",
        "EXPAND_DIMS", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_BATCH_ND",
        "BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH", "PACK", "UNPACK", "TILE",
        "BROADCAST_TO", "MAXIMUM", "MINIMUM", "SELECT", "SELECT_V2", "REVERSE_V2", "RELU", "RELU6",
        "PAD",
    }
)  # fmt: skip
"""Operators whose output has the scale of an input, by rule or by habit: their range is not their own."""
FIXED_SCALE = frozenset({"LOGISTIC", "SOFTMAX", "TANH", "LOG_SOFTMAX", "L2_NORMALIZATION"})
"""Operators whose output scale TFLite prescribes."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a bundle says of how a flavour was made: its rules and the operators that each matched."""

    rules: tuple[Rule, ...]
    matched: tuple[int, ...]
    changed: int


@dataclass(frozen=True)
class Subject:
    """One file under diagnosis.

    Attributes
    ----------
    model : TfliteModel
        Its facts.
    observed : Observations or None
        Its tensors on examples, where there are examples.
    sibling : TfliteModel or None
        The float file that it was made from.
    made : Made or None
        From a bundle's manifest.
    delegate : callable
        Reads what XNNPACK takes of a file.
    time : callable
        Times the file beside its sibling; None without one.
    """

    model: TfliteModel
    observed: Observations | None
    sibling: TfliteModel | None
    made: Made | None
    delegate: Callable[[Path], Delegation]
    time: Callable[[], Speed | None]

    @cached_property
    def speed(self) -> Speed | None:
        """The timing beside the float sibling, taken once."""
        return self.time()

    @cached_property
    def delegation(self) -> Delegation:
        """What XNNPACK takes of the file."""
        return self.delegate(self.model.path)

    @cached_property
    def producers(self) -> dict[int, int]:
        """Tensor -> position of the operator that writes it."""
        return {tensor: index for index, node in enumerate(self.nodes) for tensor in node.outputs}

    @cached_property
    def fed(self) -> frozenset[int]:
        """Tensors that depend on the values of an input, not on its shape alone."""
        found = set(self.model.main.inputs)
        for node in self.nodes:
            if node.name != "SHAPE" and found.intersection(node.inputs):
                found.update(node.outputs)
        return frozenset(found)

    @property
    def nodes(self) -> tuple[Operator, ...]:
        """The operators that run, in order."""
        return self.model.main.operators

    def named(self, *operators: str) -> Iterator[tuple[int, Operator]]:
        """(position, operator) of those with one of these names."""
        return ((index, node) for index, node in enumerate(self.nodes) if node.name in operators)

    def tensor(self, index: int) -> Tensor:
        """A tensor of the graph that runs."""
        return self.model.main.tensors[index]

    def layer(self, position: int) -> str:
        """How a reader finds the operator: ``CONV_2D 7 (block_2/relu)``."""
        node = self.nodes[position]
        name = next((self.tensor(index).name for index in node.outputs if index >= 0), "")
        return f"{node.name} {position}{f' ({_short(name)})' if name else ''}"

    def seen(self, index: int) -> Seen | None:
        """What a tensor was on the examples."""
        return None if self.observed is None else self.observed.tensors.get(index)

    def seen_width(self, index: int) -> float | None:
        """Width of the values seen, zero included, in real numbers."""
        seen, tensor = self.seen(index), self.tensor(index)
        if seen is None or len(tensor.scale) != 1:
            return None
        zero = tensor.zero_point[0]
        return tensor.scale[0] * (max(seen.high, zero) - min(seen.low, zero))

    def writer(self, index: int) -> Operator | None:
        """The operator that writes a tensor; None for inputs and constants."""
        position = self.producers.get(index)
        return None if position is None else self.nodes[position]


def file_range(tensor: Tensor) -> tuple[float, float]:
    """The real numbers at both ends of a per-tensor quantised tensor's scale."""
    lowest, highest = limits(tensor)
    scale, point = tensor.scale[0], tensor.zero_point[0]
    return scale * (lowest - point), scale * (highest - point)


def limits(tensor: Tensor) -> tuple[int, int]:
    """Smallest and largest stored integer."""
    facts = np.iinfo(tensor.dtype)
    return int(facts.min), int(facts.max)


def affine(tensor: Tensor) -> bool:
    """Whether one scale of at most 16 bits stands for the whole tensor."""
    return tensor.dtype in ("int8", "uint8", "int16") and len(tensor.scale) == 1 and not tensor.blockwise


def stored_values(model: TfliteModel, tensor: Tensor) -> NDArray[Any] | None:
    """A constant's stored values in its shape; None for types that numpy has not."""
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        return None
    values = np.frombuffer(model.read_buffer(tensor), dtype)
    return values.reshape(tensor.shape) if values.size == int(np.prod(tensor.shape)) else None


def real_values(model: TfliteModel, tensor: Tensor) -> NDArray[np.float64] | None:
    """A constant's real values: dequantised, whole tensor or channel by channel."""
    values = stored_values(model, tensor)
    if values is None or not tensor.scale:
        return None if values is None else values.astype(np.float64)
    shape = [1] * values.ndim
    if len(tensor.scale) > 1 and tensor.quantized_axis is not None:
        shape[tensor.quantized_axis] = len(tensor.scale)
    scale = np.asarray(tensor.scale, np.float64).reshape(shape)
    return np.asarray((values.astype(np.float64) - np.asarray(tensor.zero_point).reshape(shape)) * scale)


def weighted(model: TfliteModel) -> Iterator[tuple[int, Operator, Tensor]]:
    """(position, operator, weights) of every operator with constant weights."""
    for position, node in enumerate(model.main.operators):
        if node.name in CHANNEL_AXIS and len(node.inputs) > 1 and node.inputs[1] >= 0:
            weights = model.main.tensors[node.inputs[1]]
            if weights.is_constant:
                yield position, node, weights


def _short(name: str) -> str:
    """The end of a long name: converters join the names of all that was fused."""
    last = name.rstrip(";").split(";")[-1]
    return last if len(last) <= 40 else f"...{last[-37:]}"
