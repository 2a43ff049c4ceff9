"""An ONNX graph under construction: nodes as plain Python, turned into an ONNX model at the end.

Every tensor is a ``Wire`` that knows its element type and its shape, so that a translator never
has to guess and the result of an operation can be compared with what the program declares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError

#: Version of the ONNX operator set that the translators write.
OPSET = 20
IR_VERSION = 10
#: Constants of at most so many elements are shared between nodes.
_SMALL = 64

Shape = tuple[int, ...]
Attribute = int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """One tensor: ONNX name, numpy element type, shape, and its value where it is a constant."""

    name: str
    dtype: str
    shape: Shape
    data: NDArray[Any] | None = None

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether its elements are float32."""
        return self.dtype == "float32"


@dataclass(frozen=True, slots=True)
class Node:
    """One ONNX node; an absent optional input has the empty name."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


class Graph:
    """Nodes in order, inputs, and the constants that nodes use."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.inputs: list[Wire] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._shared: dict[tuple[str, Shape, bytes], Wire] = {}
        self._count = 0

    def input(self, dtype: str, shape: Shape) -> Wire:
        """A new input of the graph."""
        wire = Wire(self._name(), dtype, shape)
        self.inputs.append(wire)
        return wire

    def constant(self, value: Any, dtype: str | None = None) -> Wire:
        """A constant of ``dtype``, or of the type of the array."""
        array = np.asarray(value) if dtype is None else np.asarray(value).astype(dtype)
        key = (array.dtype.name, array.shape, array.tobytes() if array.size <= _SMALL else b"")
        if array.size <= _SMALL and key in self._shared:
            return self._shared[key]
        wire = Wire(self._name(), array.dtype.name, array.shape, array)
        if array.size <= _SMALL:
            self._shared[key] = wire
        return wire

    def emit(
        self,
        op: str,
        inputs: Sequence[Wire | None],
        shape: Sequence[int],
        dtype: str | None = None,
        **attributes: Attribute,
    ) -> Wire:
        """Add a node with one result, of the type of the first input unless ``dtype`` is given."""
        first = inputs[0]
        chosen = dtype if dtype is not None or first is None else first.dtype
        (result,) = self.emit_many(op, inputs, [(chosen or "float32", tuple(shape))], **attributes)
        return result

    def emit_many(
        self,
        op: str,
        inputs: Sequence[Wire | None],
        results: Sequence[tuple[str, Shape] | None],
        **attributes: Attribute,
    ) -> tuple[Wire, ...]:
        """Add a node; ``results`` holds type and shape of each result, None for one not wanted."""
        for wire in inputs:
            if wire is not None and wire.data is not None:
                self.constants[wire.name] = wire.data
        wires = [None if made is None else Wire(self._name(), *made) for made in results]
        names = tuple("" if wire is None else wire.name for wire in wires)
        sources = tuple("" if wire is None else wire.name for wire in inputs)
        self.nodes.append(Node(op, sources, names, attributes))
        return tuple(wire for wire in wires if wire is not None)

    def apply(self, op: str, x: Wire, **attributes: Attribute) -> Wire:
        """A node whose result has type and shape of its one input."""
        return self.emit(op, [x], x.shape, None, **attributes)

    def combine(self, op: str, x: Wire, y: Wire, dtype: str | None = None, **attributes: Attribute) -> Wire:
        """A node with broadcasting; the result has the type of the inputs unless ``dtype`` is given."""
        return self.emit(op, [x, y], np.broadcast_shapes(x.shape, y.shape), dtype, **attributes)

    def cast(self, x: Wire, dtype: str) -> Wire:
        """Another element type; floats become whole numbers by cutting, truth values by ``x != 0``."""
        if x.dtype == dtype:
            return x
        if x.data is not None:
            with np.errstate(invalid="ignore"):
                return self.constant(x.data.astype(dtype))
        if dtype == "bool" and x.dtype != "bool":
            return self.emit("Not", [self.combine("Equal", x, self.constant(0, x.dtype), "bool")], x.shape)
        return self.emit("Cast", [x], x.shape, dtype, to=_onnx_type(dtype))

    def round_half(self, x: Wire) -> Wire:
        """Rounded to float16 and back."""
        half = self.emit("Cast", [x], x.shape, "float16", to=_onnx_type("float16"))
        return self.emit("Cast", [half], x.shape, "float32", to=_onnx_type("float32"))

    def reshape(self, x: Wire, shape: Sequence[int]) -> Wire:
        """The same elements in another shape, all sizes given."""
        shape = tuple(shape)
        if x.shape == shape:
            return x
        if int(np.prod(x.shape)) != int(np.prod(shape)):
            raise ValueError(f"{list(x.shape)} has another number of elements than {list(shape)}")
        if x.data is not None:
            return self.constant(x.data.reshape(shape))
        return self.emit("Reshape", [x, self.constant(shape, "int64")], shape, allowzero=1)

    def transpose(self, x: Wire, order: Sequence[int]) -> Wire:
        """Axis ``i`` of the result is axis ``order[i]`` of ``x``."""
        order = [axis % x.rank for axis in order]
        if order == list(range(x.rank)):
            return x
        if x.data is not None:
            return self.constant(np.ascontiguousarray(x.data.transpose(order)))
        return self.emit("Transpose", [x], [x.shape[axis] for axis in order], perm=order)

    def take(self, x: Wire, indices: Wire, axis: int) -> Wire:
        """Slices of ``x`` at ``indices`` along ``axis``; negative ones count from the end."""
        shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
        return self.emit("Gather", [x, indices], shape, axis=axis)

    def cut(self, x: Wire, ranges: dict[int, range]) -> Wire:
        """The elements at ``ranges`` of some axes; steps may be negative."""
        kept = {axis: places for axis, places in ranges.items() if places != range(x.shape[axis])}
        if not kept:
            return x
        starts = [places.start for places in kept.values()]
        # An end before the first element would count from the end.
        ends = [p.stop if p.stop >= 0 else -x.shape[a] - 1 for a, p in kept.items()]
        steps = [places.step for places in kept.values()]
        shape = [len(kept[axis]) if axis in kept else size for axis, size in enumerate(x.shape)]
        parts = [self.constant(part, "int64") for part in (starts, ends, list(kept), steps)]
        return self.emit("Slice", [x, *parts], shape)

    def surround(self, x: Wire, pairs: Sequence[tuple[int, int]], value: float = 0.0) -> Wire:
        """``value`` before and after each axis; ``pairs`` has one entry an axis."""
        if not any(map(any, pairs)):
            return x
        counts = [before for before, _ in pairs] + [after for _, after in pairs]
        shape = [size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True)]
        fill = self.constant(value, x.dtype)
        return self.emit("Pad", [x, self.constant(counts, "int64"), fill], shape, mode="constant")

    def model(self, outputs: Sequence[Wire]) -> bytes:
        """The serialised ONNX model.

        Raises
        ------
        MissingDependencyError
            onnx is not installed.
        """
        try:
            from onnx import helper, numpy_helper
        except ImportError as error:
            raise MissingDependencyError(
                "The fast engine for Core ML needs onnx", hint='pip install "fieldpack[coreml]"'
            ) from error

        def info(wire: Wire) -> Any:
            return helper.make_tensor_value_info(wire.name, _onnx_type(wire.dtype), wire.shape)

        nodes = [helper.make_node(n.op, n.inputs, n.outputs, **n.attributes) for n in self.nodes]
        arrays = [
            numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
            for name, array in self.constants.items()
        ]
        made = helper.make_graph(nodes, "program", [*map(info, self.inputs)], [*map(info, outputs)], arrays)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)
        data: bytes = model.SerializeToString()
        return data

    def _name(self) -> str:
        self._count += 1
        return f"t{self._count}"


#: numpy name -> number of the element type (``TensorProto.DataType``).
_TYPES = {
    "float32": 1,
    "uint8": 2,
    "int8": 3,
    "uint16": 4,
    "int16": 5,
    "int32": 6,
    "int64": 7,
    "bool": 9,
    "float16": 10,
}


def _onnx_type(dtype: str) -> int:
    return _TYPES[dtype]
