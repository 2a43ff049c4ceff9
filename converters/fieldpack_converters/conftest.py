"""A tiny float32 TFLite picture classifier, written without a converter, and its samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph

DEAD_CHANNEL = 5


@pytest.fixture(scope="session")
def tiny_content() -> bytes:
    """Convolution, depthwise, pointwise, addition, mean, fully connected, softmax; batch 1, 12 x 12 x 3.

    Channel 5 of the first convolution has weights of 1e-30 and a bias of 0.3, as training leaves
    them.
    """
    return TinyWriter().classifier()


@pytest.fixture(scope="session")
def tiny_samples() -> Array:
    """[24, 12, 12, 3], 0..1."""
    coarse = np.random.default_rng(11).random((24, 4, 4, 3)).astype(np.float32)
    return coarse.repeat(3, axis=1).repeat(3, axis=2)


@pytest.fixture
def tiny_files(tiny_content: bytes, tiny_samples: Array, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """The tiny model and its calibration samples on disk."""
    (tmp_path / "tiny.tflite").write_bytes(tiny_content)
    np.save(tmp_path / "samples.npy", tiny_samples)
    return str(tmp_path / "tiny.tflite"), {"image": str(tmp_path / "samples.npy")}


class TinyWriter:
    """Writes flatbuffer objects one tensor and one operator at a time."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema: Any = schema
        self.generator = np.random.default_rng(5)
        self.tensors: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.operators: list[Any] = []
        self.codes: list[int] = []

    def classifier(self) -> bytes:
        schema = self.schema
        picture = self.tensor("image", (1, 12, 12, 3))
        stem = self.convolution("stem", picture, 3, 8, kernel=3, stride=2, size=6, dead=DEAD_CHANNEL)
        deep = self.depthwise("deep", stem, 8, 6)
        point = self.convolution("point", deep, 8, 8, kernel=1, stride=1, size=6, activation=0)
        total = self.tensor("total", (1, 6, 6, 8))
        self.operator(schema.BuiltinOperator.ADD, [stem, point], total, schema.AddOptionsT(), "AddOptions")
        mean = self.tensor("mean", (1, 8))
        axes = self.constant("axes", np.array([1, 2], np.int32))
        self.operator(
            schema.BuiltinOperator.MEAN, [total, axes], mean, schema.ReducerOptionsT(), "ReducerOptions"
        )
        head = self.tensor("head", (1, 4))
        weights, bias = self.weights("head", (4, 8), 1.5, 4)
        self.operator(
            schema.BuiltinOperator.FULLY_CONNECTED, [mean, weights, bias], head,
            schema.FullyConnectedOptionsT(), "FullyConnectedOptions",
        )  # fmt: skip
        scores = self.tensor("scores", (1, 4))
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        self.operator(schema.BuiltinOperator.SOFTMAX, [head], scores, options, "SoftmaxOptions")
        return self.finished([picture], [scores])

    def convolution(
        self, name: str, source: int, before: int, after: int, *, kernel: int, stride: int, size: int,
        activation: int = 3, dead: int | None = None,
    ) -> int:  # fmt: skip
        weights, bias = self.weights(
            name, (after, kernel, kernel, before), 2.0 / (kernel * before**0.5), after, dead
        )
        options = self.schema.Conv2DOptionsT()
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = activation
        target = self.tensor(name, (1, size, size, after))
        self.operator(
            self.schema.BuiltinOperator.CONV_2D, [source, weights, bias], target, options, "Conv2DOptions"
        )
        return target

    def depthwise(self, name: str, source: int, channels: int, size: int) -> int:
        weights, bias = self.weights(name, (1, 3, 3, channels), 0.6, channels)
        options = self.schema.DepthwiseConv2DOptionsT()
        options.strideH = options.strideW = options.depthMultiplier = 1
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = 3
        target = self.tensor(name, (1, size, size, channels))
        code = self.schema.BuiltinOperator.DEPTHWISE_CONV_2D
        self.operator(code, [source, weights, bias], target, options, "DepthwiseConv2DOptions")
        return target

    def weights(
        self, name: str, shape: tuple[int, ...], spread: float, channels: int, dead: int | None = None
    ) -> tuple[int, int]:
        values = (self.generator.standard_normal(shape) * spread).astype(np.float32)
        bias = (self.generator.standard_normal(channels) * 0.1).astype(np.float32)
        if dead is not None:
            values[dead] *= 1e-30
            bias[dead] = 0.3
        return self.constant(f"{name}/weights", values), self.constant(f"{name}/bias", bias)

    def tensor(self, name: str, shape: tuple[int, ...], kind: int = 0, buffer: int = 0) -> int:
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), list(shape), kind, buffer
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, name: str, values: Array) -> int:
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.buffers.append(buffer)
        return self.tensor(name, values.shape, 0 if values.dtype == np.float32 else 2, len(self.buffers) - 1)

    def operator(self, code: int, inputs: list[int], output: int, options: Any, kind: str) -> None:
        if code not in self.codes:
            self.codes.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, kind)
        self.operators.append(operator)

    def finished(self, inputs: list[int], outputs: list[int]) -> bytes:
        import flatbuffers

        schema = self.schema
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = (
            self.tensors,
            self.operators,
            inputs,
            outputs,
        )
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = [self.code(value) for value in self.codes]
        model.signatureDefs = [self.signature(inputs[0], outputs[0])]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        content = bytes(builder.Output())
        return TFLiteGraph(content).content()

    def code(self, value: int) -> Any:
        code = self.schema.OperatorCodeT()
        code.builtinCode = value
        code.deprecatedBuiltinCode = min(value, 127)
        code.version = 3 if value == self.schema.BuiltinOperator.FULLY_CONNECTED else 1
        return code

    def signature(self, picture: int, scores: int) -> Any:
        signature = self.schema.SignatureDefT()
        signature.signatureKey = b"serving_default"
        signature.subgraphIndex = 0
        maps = []
        for name, tensor in ((b"picture", picture), (b"scores", scores)):
            item = self.schema.TensorMapT()
            item.name, item.tensorIndex = name, tensor
            maps.append(item)
        signature.inputs, signature.outputs = maps[:1], maps[1:]
        return signature
