"""Start weights out of a quantised ``.tflite``: every layer's kernel and bias as real numbers.

Published mobile files often are the only free form of a pretrained backbone. Their integers stand
for real numbers, ``(q - zero_point) * scale``, and batch normalisation is folded into them; so
each layer here has a kernel and a bias and nothing else. The file is read, not run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError, UnsupportedError
from fieldpack.tflite.facts import Operator, Tensor, TfliteModel
from fieldpack.tflite.file import open_model

Real = NDArray[np.float32]


class LayerKind(StrEnum):
    """Operators that carry weights."""

    CONVOLUTION = "CONV_2D"
    DEPTHWISE = "DEPTHWISE_CONV_2D"
    DENSE = "FULLY_CONNECTED"


class NamedBy(StrEnum):
    """Where a layer's name comes from; converters join several names in one, with ";" between them."""

    WEIGHTS = "weights"
    """The last name of the weights, up to where it speaks of weights."""
    RESULT = "result"
    """The last name of what the operator gives; weights that look alike may share one name."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights as real numbers.

    Attributes
    ----------
    name : str
        As :class:`NamedBy` says.
    kind : LayerKind
        The operator.
    kernel : ndarray
        float32; convolution [H, W, in, out], depthwise [H, W, channels, 1], dense [in, out].
    bias : ndarray
        float32 [out]; zeros where the file has none.
    """

    name: str
    kind: LayerKind
    kernel: Real
    bias: Real


def dequantised(path: Path, named_by: NamedBy = NamedBy.WEIGHTS) -> tuple[Layer, ...]:
    """The layers of a ``.tflite`` file in execution order.

    Parameters
    ----------
    path : Path
        A float32 file, or one whose weights are integers with a scale for the tensor or for each channel.
    named_by : NamedBy
        Where the names come from.

    Returns
    -------
    tuple of Layer
        At least one, names unique.

    Raises
    ------
    ModelFileError
        The file is damaged, has no such layer, or two layers of one name.
    UnsupportedError
        Weights of another operator, of another format, or with a scale for each block.
    """
    model = open_model(path)
    nodes = [node for node in model.main.operators if _has_weights(model, node)]
    layers = tuple(_layer(model, node, named_by) for node in nodes)
    names = [layer.name for layer in layers]
    if not layers or len(set(names)) < len(names):
        raise ModelFileError(
            f"{path} does not give named layers",
            came=f"{len(names)} layers, {len(set(names))} names",
            allowed="at least one layer, and a name of its own for each",
        )
    return layers


def _has_weights(model: TfliteModel, node: Operator) -> bool:
    """Whether a node's second input is a constant of at least two axes."""
    if len(node.inputs) < 2 or node.inputs[1] < 0:
        return False
    tensor = model.main.tensors[node.inputs[1]]
    weights = (
        tensor.is_constant and len(tensor.shape) > 1 and (tensor.is_quantised or "float" in tensor.dtype)
    )
    if weights and node.name not in tuple(LayerKind):
        raise UnsupportedError(
            f"{model.path} has weights that are not known here",
            came=f"{node.name} {tensor.name}",
            allowed=", ".join(LayerKind),
        )
    return weights


def _layer(model: TfliteModel, node: Operator, named_by: NamedBy) -> Layer:
    tensors = model.main.tensors
    kind = LayerKind(node.name)
    weights = _arranged(real(model, tensors[node.inputs[1]]), kind)
    outputs = weights.shape[2] if kind is LayerKind.DEPTHWISE else weights.shape[-1]
    biased = len(node.inputs) > 2 and node.inputs[2] >= 0
    bias = real(model, tensors[node.inputs[2]]) if biased else np.zeros(outputs, np.float32)
    named = tensors[node.inputs[1] if named_by is NamedBy.WEIGHTS else node.outputs[0]]
    return Layer(_name(named), kind, weights, bias)


def _arranged(weights: Real, kind: LayerKind) -> Real:
    """From the file's axis order to [H, W, in, out]."""
    axes = {LayerKind.CONVOLUTION: (1, 2, 3, 0), LayerKind.DEPTHWISE: (1, 2, 3, 0), LayerKind.DENSE: (1, 0)}
    return np.ascontiguousarray(weights.transpose(axes[kind]))


def _name(tensor: Tensor) -> str:
    """The last of the names that the converter joined, up to where it speaks of weights."""
    return tensor.name.rpartition(";")[2].partition("/weights")[0]


def real(model: TfliteModel, tensor: Tensor) -> Real:
    """A constant's real values, float32 in the tensor's shape: ``(q - zero_point) * scale``."""
    if tensor.blockwise or (tensor.dtype != "float32" and not tensor.is_quantised):
        raise UnsupportedError(
            f"{model.path} keeps {tensor.name} in a form that is not known here",
            came=f"{tensor.dtype}, scales for each block" if tensor.blockwise else tensor.dtype,
            allowed="float32, or integers with a scale for the tensor or for each channel",
        )
    stored = np.frombuffer(model.read_buffer(tensor), np.dtype(tensor.dtype).newbyteorder("<"))
    values = stored.reshape(tensor.shape)
    if not tensor.scale:
        return values.astype(np.float32)
    shape = [1] * values.ndim
    if tensor.quantized_axis is not None:
        shape[tensor.quantized_axis] = len(tensor.scale)
    scale, point = (np.reshape(np.array(part), shape) for part in (tensor.scale, tensor.zero_point))
    found: Real = ((values.astype(np.float64) - point) * scale).astype(np.float32)
    return found
