"""A ``.tflite`` file as an editable object: read, write, names, constants, outputs.

Thin words over the flatbuffer schema, so that the quantiser, the bias correction and the
compactor speak of tensors and operators, not of schema fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import ModelFileError
from fieldpack_converters.opened_source import Array

_IDENTIFIER = b"TFL3"
_SHARED_BYTES = 2**20
"""Larger arrays are weights, which ``compact.py`` shares; remembering them here would cost their memory."""
_DTYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8",
    10: "float64", 12: "uint64", 15: "uint32", 16: "uint16", 17: "int4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One operator of the main graph: its schema name, and tensor indices (-1 = absent)."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class TFLiteGraph:
    """The main subgraph of a TFLite file, with its buffers."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.tools import flatbuffer_utils

        if content[4:8] != _IDENTIFIER:
            raise ModelFileError(
                "These bytes are not a TFLite file.", came=content[:8], allowed="TFL3 at byte 4"
            )
        self.model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        self.main: Any = self.model.subgraphs[0]
        for buffer in self.model.buffers:
            if isinstance(buffer.data, bytearray):  # lay behind the tables; arrays are written in one go
                buffer.data = np.frombuffer(buffer.data, np.uint8)

    @classmethod
    def read(cls, path: str | Path) -> TFLiteGraph:
        return cls(Path(path).read_bytes())

    def content(self) -> bytes:
        """The file's bytes; the same graph always gives the same bytes.

        Equal arrays are written once. Most of them are the zero points of symmetric weights and biases,
        eight bytes a channel.
        """
        builder = _builder()
        builder.Finish(self.model.Pack(builder), file_identifier=_IDENTIFIER)
        return bytes(builder.Output())

    def write(self, path: str | Path) -> None:
        Path(path).write_bytes(self.content())

    def operations(self) -> Iterator[Operation]:
        """The operators of the main graph in execution order."""
        from ai_edge_litert.tools import flatbuffer_utils

        for index, operator in enumerate(self.main.operators):
            name = flatbuffer_utils.opcode_to_name(self.model, operator.opcodeIndex) or "CUSTOM"
            yield Operation(index, name, tuple(map(int, operator.inputs)), tuple(map(int, operator.outputs)))

    def name(self, tensor: int) -> str:
        return bytes(self.main.tensors[tensor].name or b"").decode("utf-8", "replace")

    def scope(self, operation: Operation) -> str:
        """The name a rule matches: the names of the operator's outputs."""
        return ";".join(self.name(tensor) for tensor in operation.outputs if tensor >= 0)

    def dtype(self, tensor: int) -> str:
        return _DTYPES.get(int(self.main.tensors[tensor].type), "other")

    def shape(self, tensor: int) -> tuple[int, ...]:
        shape = self.main.tensors[tensor].shape
        return () if shape is None else tuple(int(size) for size in shape)

    def is_constant(self, tensor: int) -> bool:
        data = self._buffer(tensor).data
        return data is not None and len(data) > 0

    def constant(self, tensor: int) -> Array:
        """A copy of a constant tensor's values in its own dtype; int4 as int8."""
        raw = np.asarray(self._buffer(tensor).data, np.uint8).tobytes()
        if self.dtype(tensor) == "int4":
            return _unpacked(raw, self.shape(tensor))
        return np.frombuffer(raw, self.dtype(tensor)).reshape(self.shape(tensor)).copy()

    def set_constant(self, tensor: int, values: Array) -> None:
        """Replace a constant; a buffer that other tensors share is left alone and a new one made."""
        raw = np.frombuffer(np.ascontiguousarray(values, self.dtype(tensor)).tobytes(), np.uint8)
        shared = sum(item.buffer == self.main.tensors[tensor].buffer for item in self.main.tensors) > 1
        if shared:
            from ai_edge_litert import schema_py_generated as schema

            self.model.buffers.append(schema.BufferT())
            self.main.tensors[tensor].buffer = len(self.model.buffers) - 1
        self._buffer(tensor).data = raw

    def scales(self, tensor: int) -> tuple[Array, Array, int] | None:
        """Scales, zero points and quantised axis, None for a tensor that is not quantised."""
        facts = self.main.tensors[tensor].quantization
        if facts is None or facts.scale is None or len(facts.scale) == 0:
            return None
        points = facts.zeroPoint if facts.zeroPoint is not None else np.zeros(len(facts.scale))
        return (
            np.asarray(facts.scale, np.float64),
            np.asarray(points, np.int64),
            int(facts.quantizedDimension),
        )

    def real(self, tensor: int) -> Array:
        """A constant's real values, float64: dequantised when it is quantised."""
        values = self.constant(tensor).astype(np.float64)
        facts = self.scales(tensor)
        if facts is None:
            return values
        scale, point, axis = facts
        shape = [1] * values.ndim
        if len(scale) > 1:
            shape[axis] = len(scale)
        return np.asarray((values - point.reshape(shape)) * scale.reshape(shape))

    @property
    def inputs(self) -> tuple[int, ...]:
        return tuple(int(tensor) for tensor in self.main.inputs)

    @property
    def outputs(self) -> tuple[int, ...]:
        return tuple(int(tensor) for tensor in self.main.outputs)

    @property
    def signature_names(self) -> dict[int, str]:
        """Tensor -> the name that the first signature gives an input."""
        signatures = self.model.signatureDefs or []
        items = signatures[0].inputs or [] if signatures else []
        return {int(item.tensorIndex): bytes(item.name or b"").decode("utf-8", "replace") for item in items}

    def facts(self, tensors: tuple[int, ...]) -> list[dict[str, object]]:
        """JSON-able name, shape, dtype, scale and zero point of border tensors."""
        return [self._fact(tensor) for tensor in tensors]

    def _fact(self, tensor: int) -> dict[str, object]:
        found = self.scales(tensor)
        return {
            "name": self.name(tensor),
            "shape": list(self.shape(tensor)),
            "dtype": self.dtype(tensor),
            "scale": None if found is None else float(found[0][0]),
            "zero_point": None if found is None else int(found[1][0]),
        }

    def _buffer(self, tensor: int) -> Any:
        return self.model.buffers[self.main.tensors[tensor].buffer]


def _builder() -> Any:
    import flatbuffers

    class Sharing(flatbuffers.Builder):  # type: ignore[misc]
        """Points to an array that was written before; FlatBuffers allows any number of owners."""

        def __init__(self) -> None:
            super().__init__(1 << 20)
            self._written: dict[tuple[str, bytes], Any] = {}

        def CreateNumpyVector(self, x: Array) -> Any:  # noqa: N802 - the name that the schema classes call
            if x.nbytes > _SHARED_BYTES:
                return super().CreateNumpyVector(x)
            key = (x.dtype.str, x.tobytes())
            if key not in self._written:
                self._written[key] = super().CreateNumpyVector(x)
            return self._written[key]

    return Sharing()


def _unpacked(raw: bytes, shape: tuple[int, ...]) -> Array:
    """Two values a byte, the lower four bits first."""
    both = np.frombuffer(raw, np.int8)
    values = np.stack([np.left_shift(both, 4) >> 4, both >> 4], axis=1).reshape(-1)
    return values[: int(np.prod(shape))].reshape(shape)
