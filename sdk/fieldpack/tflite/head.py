"""The head of a classifier in a TFLite file, apart from its trunk: some of its rows can be used alone.

A head is the last dense layer, with the sigmoid behind it, if any. Its weights stay in the bits that the file
has; the trunk becomes a file of its own, whose output are the features that the head reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Head:
    """A dense layer whose activations are float.

    Attributes
    ----------
    weights : ndarray
        [C, F], float32, float16, or int8 steps of ``scale`` (4-bit steps unpacked).
    scale : ndarray or None
        float32 [C], of integer weights.
    bias : ndarray or None
        float32 [C].
    activation : str
        ``LOGISTIC`` or empty.
    """

    weights: NDArray[Any]
    scale: NDArray[np.float32] | None
    bias: NDArray[np.float32] | None
    activation: str

    def answers(self, features: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """Answers of these rows alone, float32 [N, len(rows)], to features [N, F]."""
        chosen = np.asarray(rows, np.int64)
        weights = self.weights[chosen].astype(np.float32)
        if self.scale is not None:
            weights *= self.scale[chosen, None]
        answers = features @ weights.T
        if self.bias is not None:
            answers = answers + self.bias[chosen]
        if self.activation == "LOGISTIC":
            answers = 1.0 / (1.0 + np.exp(-answers.astype(np.float64)))
        return np.asarray(answers, np.float32)


def split_head(path: Path) -> tuple[bytes, Head] | None:
    """The trunk as a TFLite file of one output [1, F], and the head; None where the file has no such head.

    There is none where the last layer is not dense, where its activations are integers or are rounded as they
    come (a dense layer that reads integer weights itself), or where a softmax needs every row.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(bytearray(path.read_bytes()), 0)
    if len(model.subgraphs) != 1 or len(model.subgraphs[0].outputs) != 1:
        return None
    graph = model.subgraphs[0]
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}

    def kind(operator: Any) -> str:
        code = model.operatorCodes[operator.opcodeIndex]
        return str(names.get(max(code.builtinCode, code.deprecatedBuiltinCode), ""))

    makers = {int(made): operator for operator in graph.operators for made in operator.outputs}
    last, activation = makers.get(int(graph.outputs[0])), ""
    if last is not None and kind(last) == "LOGISTIC":
        activation, last = "LOGISTIC", makers.get(int(last.inputs[0]))
    if last is None or kind(last) != "FULLY_CONNECTED" or last.builtinOptions.fusedActivationFunction:
        return None
    features, place = int(last.inputs[0]), int(last.inputs[1])
    widening = makers.get(place)
    if widening is not None and kind(widening) == "DEQUANTIZE":
        place = int(widening.inputs[0])
    weights, scale = _weights(schema, model, graph.tensors[place])
    reads_floats = graph.tensors[features].type == schema.TensorType.FLOAT32
    rounds = widening is None and scale is not None
    if weights is None or not reads_floats or rounds or features not in makers:
        return None
    bias = _bias(schema, model, graph, last)
    trunk = _trunk(schema, model, features, drop=place)
    return trunk, Head(weights, scale, bias, activation)


def _weights(schema: Any, model: Any, tensor: Any) -> tuple[NDArray[Any] | None, NDArray[np.float32] | None]:
    """Weights [C, F] and the scale of each row; None for what is not understood."""
    data = model.buffers[tensor.buffer].data
    kinds = {
        schema.TensorType.FLOAT32: np.float32,
        schema.TensorType.FLOAT16: np.float16,
        schema.TensorType.INT8: np.int8,
    }
    shape = tuple(int(size) for size in tensor.shape)
    if data is None or len(shape) != 2:
        return None, None
    raw = np.asarray(data, np.uint8)
    if tensor.type == schema.TensorType.INT4:
        low, high = (raw << 4).astype(np.uint8).view(np.int8) >> 4, raw.view(np.int8) >> 4
        values = np.stack([low, high], axis=1).reshape(-1)[: shape[0] * shape[1]]
    elif tensor.type in kinds:
        values = raw.view(kinds[tensor.type])
    else:
        return None, None
    if values.dtype != np.int8:
        return values.reshape(shape), None
    facts = tensor.quantization
    per_row = facts is not None and facts.scale is not None and len(facts.scale) in (1, shape[0])
    if not per_row or np.any(np.asarray(facts.zeroPoint)):
        return None, None
    scale = np.broadcast_to(np.asarray(facts.scale, np.float32), (shape[0],))
    return values.reshape(shape), scale


def _bias(schema: Any, model: Any, graph: Any, dense: Any) -> NDArray[np.float32] | None:
    if len(dense.inputs) < 3 or dense.inputs[2] < 0:
        return None
    makers = {int(made): operator for operator in graph.operators for made in operator.outputs}
    place = int(dense.inputs[2])
    tensor = graph.tensors[int(makers[place].inputs[0]) if place in makers else place]
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
    half = tensor.type == schema.TensorType.FLOAT16
    return np.asarray(data.view(np.float16 if half else np.float32), np.float32)


def _trunk(schema: Any, model: Any, features: int, drop: int) -> bytes:
    """The file cut behind the features, without the weights of the head."""
    import flatbuffers

    graph = model.subgraphs[0]
    needed, kept = {features}, []
    for operator in reversed(graph.operators):
        if needed & {int(made) for made in operator.outputs}:
            kept.append(operator)
            needed |= {int(taken) for taken in operator.inputs if taken >= 0}
    graph.operators, graph.outputs = kept[::-1], [features]
    shared = [tensor for place, tensor in enumerate(graph.tensors) if place in needed]
    buffer = graph.tensors[drop].buffer
    if all(tensor.buffer != buffer for tensor in shared):
        graph.tensors[drop].buffer = 0
        model.buffers[buffer] = schema.BufferT()
    model.signatureDefs, model.metadata, model.metadataBuffer = None, None, None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
