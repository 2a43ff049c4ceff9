"""A tiny, complete and runnable bundle, for tests of anything that takes a bundle.

The model is ``softmax(W x + b)`` on four numbers, written without a framework; its golden
outputs are computed here in float64, so they do not come from the runtime that is under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, folder_entries, sha256_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.write import BundleWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TINY_LABELS = ("bee", "moth", "wasp")
TINY_EXAMPLES = 5
TINY_MODEL = "tflite-float32/model.tflite"
TINY_PACKAGE = "coreml-float32/model.mlpackage"
TINY_SPEC = """
schema = 1

[pack]
name = "tiny"
description = "Four traits, three insects."
license = "CC0-1.0"
seed = 1

[source]
kind = "tflite"
path = "model.tflite"

[[contract.inputs]]
kind = "tensor"
name = "vector"
shape = [4]
low = -1.0
high = 1.0
meaning = "four made-up traits"

[[contract.outputs]]
name = "scores"
activation = "softmax"
labels = "labels.txt"
"""
"""A pack.toml of :func:`tiny_tflite` up to the table of its output; data and flavours follow."""


def tiny_bundle(target: Path, *, folder_flavour: bool = False) -> Path:
    """Write the tiny bundle to `target` and return `target`.

    Parameters
    ----------
    target : Path
        A folder, or a name that ends in ``.fieldpack``.
    folder_flavour : bool
        Add a second flavour that is a folder; its files are no model and cannot be run.
    """
    with BundleWriter(target) as writer:
        fields = tiny_content(writer, folder_flavour=folder_flavour)
        writer.commit(fields)
    return target


def tiny_content(writer: BundleWriter, *, folder_flavour: bool = False) -> dict[str, Any]:
    """Stage the files of the tiny bundle and return the fields for ``writer.commit``.

    A test changes files or fields before it commits.
    """
    vectors, scores = tiny_golden()
    writer.add_bytes("labels.txt", labels_bytes(TINY_LABELS))
    writer.add_bytes("golden/vector.npy", npy_bytes(vectors))
    writer.add_bytes("golden/scores.npy", npy_bytes(scores))
    writer.add_bytes("evidence/parity.json", b"{}\n")
    writer.add_bytes(TINY_MODEL, tiny_tflite())
    flavours = [_flavour(writer, "tflite-float32", "tflite", TINY_MODEL, scores)]
    if folder_flavour:
        writer.add_bytes(f"{TINY_PACKAGE}/Manifest.json", b'{"fileFormatVersion": "1.0.0"}\n')
        writer.add_bytes(f"{TINY_PACKAGE}/Data/com.apple.CoreML/weights/weight.bin", bytes(range(64)))
        flavours.append(_flavour(writer, "coreml-float32", "coreml", TINY_PACKAGE, scores))
    return _fields(flavours)


def tiny_golden() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Golden inputs [5, 4] and outputs [5, 3], float32; the outputs are rounded from float64."""
    import numpy as np

    weights, bias = _parameters()
    vectors = np.random.default_rng(7).uniform(-1, 1, (TINY_EXAMPLES, 4)).astype(np.float32)
    logits = vectors.astype(np.float64) @ weights.T + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return vectors, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def tiny_tflite() -> bytes:
    """The tiny model as a ``.tflite`` file: input ``vector`` [1, 4], output ``scores`` [1, 3], float32."""
    return dense_tflite("vector", (1, 4), *_parameters(), "softmax")


def dense_tflite(
    name: str,
    shape: tuple[int, ...],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    activation: Literal["softmax", "sigmoid", "linear"],
) -> bytes:
    """A ``.tflite`` file with one dense layer, whose output is ``scores`` [1, classes].

    Parameters
    ----------
    name, shape
        Of the float32 input, batch axis included.
    weights, bias : ndarray
        float32 [classes, values of the input], float32 [classes].
    activation : str
        What follows the layer.
    """
    from ai_edge_litert import schema_py_generated as schema

    classes = len(bias)
    model = schema.ModelT()
    model.version, model.description = 3, b"tiny"
    model.buffers = [schema.BufferT(), _buffer(schema, weights), _buffer(schema, bias)]
    model.operatorCodes = [_operator_code(schema, schema.BuiltinOperator.FULLY_CONNECTED)]
    graph = schema.SubGraphT()
    graph.name, graph.inputs, graph.outputs = b"main", [0], [3]
    graph.tensors = [
        _tensor(schema, *facts)
        for facts in (
            (name, list(shape), 0),
            ("weights", list(weights.shape), 1),
            ("bias", [classes], 2),
            ("scores" if activation == "linear" else "logits", [1, classes], 0),
        )
    ]
    graph.operators = [
        _operator(schema, 0, [0, 1, 2], 3, "FullyConnectedOptions", schema.FullyConnectedOptionsT())
    ]
    if activation != "linear":
        _activate(schema, model, graph, classes, activation)
    model.subgraphs = [graph]
    return _finished(model)


def convolution_tflite(
    name: str, shape: tuple[int, ...], heads: dict[str, tuple[NDArray[np.float32], float]], stride: int = 1
) -> bytes:
    """A ``.tflite`` file that gives maps: one convolution of the input for each output, [1, H, W, 1] each.

    Parameters
    ----------
    name, shape
        Of the float32 input, [1, H, W, C].
    heads : dict
        Output name -> (weights float32 [1, rows, columns, C], bias). The border is padded with zeros where
        the stride is 1, else not.
    stride : int
        Of every convolution, along both axes.
    """
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description, model.buffers = 3, b"tiny", [schema.BufferT()]
    model.operatorCodes = [_operator_code(schema, schema.BuiltinOperator.CONV_2D)]
    graph.name, graph.inputs, graph.outputs, graph.operators = b"main", [0], [], []
    graph.tensors = [_tensor(schema, name, list(shape), 0)]
    for output, (weights, bias) in heads.items():
        options = schema.Conv2DOptionsT()
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.padding = schema.Padding.SAME if stride == 1 else schema.Padding.VALID
        first = len(graph.tensors)
        model.buffers += [_buffer(schema, weights), _buffer(schema, np.array([bias], np.float32))]
        answer = [1, shape[1] // stride, shape[2] // stride, 1]
        graph.tensors += [
            _tensor(schema, f"{output}_weights", list(weights.shape), len(model.buffers) - 2),
            _tensor(schema, f"{output}_bias", [1], len(model.buffers) - 1),
            _tensor(schema, output, answer, 0),
        ]
        graph.outputs.append(first + 2)
        graph.operators.append(
            _operator(schema, 0, [0, first, first + 1], first + 2, "Conv2DOptions", options)
        )
    model.subgraphs = [graph]
    return _finished(model)


def _finished(model: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def layered_tflite(name: str, layers: Sequence[NDArray[np.float32]], *, sigmoid: bool = True) -> bytes:
    """A ``.tflite`` file of dense layers one behind the other, without biases; its output is ``scores``.

    Parameters
    ----------
    name : str
        Of the float32 input [1, K].
    layers : sequence of ndarray
        float32 weights [outputs, inputs] of each.
    sigmoid : bool
        Whether one follows the last.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT()
    model.version, model.description = 3, b"layers"
    model.buffers = [schema.BufferT(), *(_buffer(schema, weights) for weights in layers)]
    model.operatorCodes = [_operator_code(schema, schema.BuiltinOperator.FULLY_CONNECTED)]
    graph = schema.SubGraphT()
    graph.name, graph.inputs, graph.operators = b"main", [0], []
    graph.tensors = [_tensor(schema, name, [1, layers[0].shape[1]], 0)]
    for number, weights in enumerate(layers):
        graph.tensors.append(_tensor(schema, f"weights{number}", list(weights.shape), number + 1))
        graph.tensors.append(_tensor(schema, f"values{number}", [1, len(weights)], 0))
        taken, made = len(graph.tensors) - 3 if number else 0, len(graph.tensors) - 1
        options = schema.FullyConnectedOptionsT()
        operator = _operator(schema, 0, [taken, made - 1, -1], made, "FullyConnectedOptions", options)
        graph.operators.append(operator)
    graph.outputs = [len(graph.tensors) - 1]
    if not sigmoid:
        graph.tensors[-1].name = b"scores"
    else:
        model.operatorCodes.append(_operator_code(schema, schema.BuiltinOperator.LOGISTIC))
        graph.tensors.append(_tensor(schema, "scores", [1, len(layers[-1])], 0))
        graph.operators.append(_operator(schema, 1, graph.outputs, len(graph.tensors) - 1, "NONE", None))
        graph.outputs = [len(graph.tensors) - 1]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _activate(schema: Any, model: Any, graph: Any, classes: int, activation: str) -> None:
    """Put a softmax or a sigmoid behind the last tensor."""
    codes, options = {"softmax": "SOFTMAX", "sigmoid": "LOGISTIC"}, None
    if activation == "softmax":
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
    model.operatorCodes.append(_operator_code(schema, getattr(schema.BuiltinOperator, codes[activation])))
    graph.tensors.append(_tensor(schema, "scores", [1, classes], 0))
    graph.operators.append(_operator(schema, 1, [3], 4, "SoftmaxOptions" if options else "NONE", options))
    graph.outputs = [4]


def _parameters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import numpy as np

    weights = np.array([[2, -1, 0.5, 0], [-0.5, 1.5, 1, -1], [0, 0.25, -2, 1]], np.float32)
    return weights, np.array([0.25, -0.5, 0.125], np.float32)


def _buffer(schema: Any, values: NDArray[np.float32]) -> Any:
    import numpy as np

    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
    return buffer


def _operator_code(schema: Any, builtin: int) -> Any:
    code = schema.OperatorCodeT()
    code.deprecatedBuiltinCode, code.builtinCode, code.version = builtin, builtin, 1
    return code


def _tensor(schema: Any, name: str, shape: list[int], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name.encode(), shape, buffer
    tensor.type = schema.TensorType.FLOAT32
    return tensor


def _operator(schema: Any, code: int, inputs: list[int], output: int, kind: str, options: Any) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
    operator.builtinOptions = options
    return operator


def _flavour(
    writer: BundleWriter, name: str, kind: str, path: str, scores: NDArray[np.float32]
) -> dict[str, Any]:
    golden = f"golden/{name}/scores.npy"
    writer.add_bytes(golden, npy_bytes(scores))
    place = writer.path(path)
    files = folder_entries(place) if place.is_dir() else {}
    return {
        "name": name,
        "kind": kind,
        "path": path,
        "digest": content_digest(place),
        "installed_bytes": sum(entry.size_bytes for entry in files.values()) or place.stat().st_size,
        "download_bytes": 500,
        "inputs": [{"name": "vector", "tensor": "vector", "shape": [1, 4], "dtype": "float32"}],
        "outputs": [{"name": "scores", "tensor": "scores", "shape": [1, 3], "dtype": "float32"}],
        "requires": {"operators": {"FULLY_CONNECTED": 1, "SOFTMAX": 1}},
        "compression": {
            "recipe": [{"method": "float32", "layers": ".*"}],
            "matched": [2],
            "changed": 0,
            "unchanged": 2,
        },
        "golden": {"files": {"scores": golden}, "tolerance": {"scores": 1e-6}},
    }


def _fields(flavours: list[dict[str, Any]]) -> dict[str, Any]:
    contract = {
        "inputs": [
            {
                "kind": "tensor",
                "name": "vector",
                "shape": [4],
                "low": -1.0,
                "high": 1.0,
                "meaning": "four made-up traits",
            }
        ],
        "outputs": [{"name": "scores", "activation": "softmax", "labels": "labels.txt"}],
    }
    return {
        "name": "tiny",
        "version": "1.0.0",
        "description": "Three insects from four made-up traits.",
        "license": "CC0-1.0",
        "contract": contract,
        "flavours": flavours,
        "golden": {
            "ids": [f"example-{number}" for number in range(TINY_EXAMPLES)],
            "inputs": {"vector": "golden/vector.npy"},
            "outputs": {"scores": "golden/scores.npy"},
        },
        "lineage": {
            "source_kind": "keras",
            "source_digest": sha256_bytes(b"tiny source"),
            "source_parameters": 15,
            "spec_digest": sha256_bytes(b"tiny spec"),
            "seed": 0,
            "tools": {"fieldpack": "0.1.0"},
            "data": {
                "evaluation": {"description": "seeded", "count": 5, "digest": sha256_bytes(b"tiny data")}
            },
        },
        "budget": {"every": {"installed_bytes": 100000}},
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }
