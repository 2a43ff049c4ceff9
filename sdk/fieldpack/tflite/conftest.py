"""Tiny TFLite files for the tests, written with the schema classes of the LiteRT wheel.

That writer is an independent reference: ``flatbuffer`` and ``decoder`` share no code with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest


class ModelWriter:
    """Collects tensors and operators of one subgraph and packs them."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated

        self.schema = schema_py_generated
        self.model = schema_py_generated.ModelT()
        self.model.version = 3
        self.model.description = b"by hand"
        self.model.buffers = [schema_py_generated.BufferT()]
        self.model.operatorCodes = []
        self.model.metadata = []
        self.model.signatureDefs = []
        self.graph = schema_py_generated.SubGraphT()
        self.graph.name = b"main"
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def buffer(self, data: bytes) -> int:
        """Add a buffer; its number."""
        stored = self.schema.BufferT()
        stored.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(stored)
        return len(self.model.buffers) - 1

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "float32",
        values: np.ndarray[Any, Any] | None = None,
        scale: Sequence[float] = (),
        zero_point: Sequence[int] = (),
        axis: int = 0,
        dynamic: Sequence[int] = (),
    ) -> int:
        """Add a tensor; its number."""
        stored = self.schema.TensorT()
        stored.name, stored.shape = name.encode(), list(shape)
        stored.type = getattr(self.schema.TensorType, dtype.upper())
        stored.buffer = 0 if values is None else self.buffer(values.tobytes())
        if dynamic:
            stored.shapeSignature = list(dynamic)
        if scale:
            stored.quantization = self.schema.QuantizationParametersT()
            stored.quantization.scale, stored.quantization.zeroPoint = list(scale), list(zero_point)
            stored.quantization.quantizedDimension = axis
        self.graph.tensors.append(stored)
        return len(self.graph.tensors) - 1

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        version: int = 1,
        options: str | None = None,
        custom: str | None = None,
        **values: int,
    ) -> None:
        """Add an operator with its own operator code."""
        code = self.schema.OperatorCodeT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        code.customCode = None if custom is None else custom.encode()
        self.model.operatorCodes.append(code)
        node = self.schema.OperatorT()
        node.opcodeIndex = len(self.model.operatorCodes) - 1
        node.inputs, node.outputs = list(inputs), list(outputs)
        if options is not None:
            node.builtinOptions = getattr(self.schema, options + "T")()
            node.builtinOptionsType = getattr(self.schema.BuiltinOptions, options)
            for key, value in values.items():
                setattr(node.builtinOptions, key, value)
        self.graph.operators.append(node)

    def ends(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Say what goes in and comes out."""
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)

    def metadata(self, name: str, data: bytes) -> None:
        """Add a metadata entry."""
        entry = self.schema.MetadataT()
        entry.name, entry.buffer = name.encode(), self.buffer(data)
        self.model.metadata.append(entry)

    def signature(self, key: str, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> None:
        """Name the ends."""
        signature = self.schema.SignatureDefT()
        signature.signatureKey = key.encode()
        signature.inputs = [self._named(name, index) for name, index in inputs.items()]
        signature.outputs = [self._named(name, index) for name, index in outputs.items()]
        self.model.signatureDefs.append(signature)

    def _named(self, name: str, index: int) -> Any:
        entry = self.schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), index
        return entry

    def pack(self) -> bytes:
        """The file."""
        import flatbuffers

        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def dense_model(signature: bool = True) -> SimpleNamespace:
    """FULLY_CONNECTED and TANH, 4 to 3, with a dynamic batch axis; its bytes and its numbers."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(3, 4)).astype(np.float32)
    bias = rng.normal(size=3).astype(np.float32)
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), dynamic=(-1, 4))
    w = writer.tensor("w", (3, 4), values=weights)
    b = writer.tensor("b", (3,), values=bias)
    h = writer.tensor("h", (1, 3), dynamic=(-1, 3))
    y = writer.tensor("y", (1, 3), dynamic=(-1, 3))
    writer.operator("FULLY_CONNECTED", (x, w, b), (h,), options="FullyConnectedOptions")
    writer.operator("TANH", (h,), (y,))
    writer.ends((x,), (y,))
    writer.metadata("min_runtime_version", b"1.14.0" + bytes(10))
    if signature:
        writer.signature("serving_default", {"features": x}, {"score": y})
    return SimpleNamespace(data=writer.pack(), weights=weights, bias=bias, writer=writer)


def quantize_model(count: int, scale: float, zero_point: int) -> bytes:
    """One QUANTIZE from float32 to int8."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, count))
    q = writer.tensor("q", (1, count), "int8", scale=(scale,), zero_point=(zero_point,))
    writer.operator("QUANTIZE", (x,), (q,), options="QuantizeOptions")
    writer.ends((x,), (q,))
    return writer.pack()


def crashing_model() -> bytes:
    """SPLIT into 0 parts: LiteRT 2.3 accepts the file and dies of a segmentation fault."""
    writer = ModelWriter()
    axis = writer.tensor("axis", (1,), "int32", values=np.zeros(1, np.int32))
    x, y = writer.tensor("x", (4,)), writer.tensor("y", (4,))
    writer.operator("SPLIT", (axis, x), (y,), options="SplitOptions", numSplits=0)
    writer.ends((x,), (y,))
    return writer.pack()


def bad_axis_model() -> bytes:
    """A quantised axis beyond the rank: a legal flatbuffer that LiteRT refuses."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), "int8", scale=(0.1,), zero_point=(0,))
    y = writer.tensor("y", (1, 4), "int8", scale=(0.1,) * 4, zero_point=(0,) * 4, axis=3)
    writer.operator("RELU", (x,), (y,))
    writer.ends((x,), (y,))
    return writer.pack()


@pytest.fixture
def new_writer() -> Callable[[], ModelWriter]:
    """A fresh ``ModelWriter`` per call."""
    return ModelWriter


@pytest.fixture(scope="session")
def dense() -> SimpleNamespace:
    """See ``dense_model``."""
    return dense_model()


@pytest.fixture(scope="session")
def unsigned_dense() -> SimpleNamespace:
    """``dense`` without a signature."""
    return dense_model(signature=False)


@pytest.fixture
def make_quantize() -> Callable[[int, float, int], bytes]:
    """See ``quantize_model``."""
    return quantize_model


@pytest.fixture
def dense_path(dense: SimpleNamespace, tmp_path: Path) -> Path:
    """``dense`` on disk."""
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense.data)
    return path


@pytest.fixture
def crashing_path(tmp_path: Path) -> Path:
    """``crashing_model`` on disk."""
    path = tmp_path / "crashing.tflite"
    path.write_bytes(crashing_model())
    return path


@pytest.fixture
def bad_axis_path(tmp_path: Path) -> Path:
    """``bad_axis_model`` on disk."""
    path = tmp_path / "bad_axis.tflite"
    path.write_bytes(bad_axis_model())
    return path


@pytest.fixture(scope="session")
def model_paths() -> list[Path]:
    """Every ``.tflite`` file of the shared data, or a skip."""
    import os

    root = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
    paths = sorted((root / "models").rglob("*.tflite"))
    if not paths:
        pytest.skip(f"no .tflite files under {root}/models; set FIELDPACK_DATA to a folder that has some")
    return paths
