"""The graph of an ONNX model as plain facts, its nodes in an order in which they can be computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fieldpack.errors import SourceError, UnsupportedError
from fieldpack_converters.onnx_import.element_type import torch_type, type_name


@dataclass(frozen=True, slots=True)
class Border:
    """An input or output: shape (an int, the name of a free axis, or None) and element type."""

    name: str
    shape: tuple[int | str | None, ...] | None
    dtype: torch.dtype
    element: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node; an input or output that is left out has the name ``""``."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]

    @property
    def label(self) -> str:
        """Operator and name, for messages."""
        return f"{self.operator} ({self.name or ', '.join(self.outputs)})"


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph or the body of an ``If``.

    `inputs` are without those that have an initializer; `elements` are the initializers' element types.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Border, ...]
    outputs: tuple[str, ...]
    initializers: dict[str, Tensor] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)


def read_graph(proto: Any, outside: Iterable[str] = ()) -> Graph:
    """Read a ``GraphProto``; `outside` are the names that the surrounding graph defines.

    Raises
    ------
    SourceError
        If a value is undefined, defined twice or defined through itself.
    UnsupportedError
        If the graph holds sparse or string tensors.
    """
    if proto.sparse_initializer:
        raise UnsupportedError(
            "The model holds sparse weights.",
            came=proto.sparse_initializer[0].values.name,
            allowed="dense weights",
        )
    initializers = {item.name: tensor_value(item) for item in proto.initializer}
    inputs = tuple(_border(item) for item in proto.input if item.name not in initializers)
    known = {*outside, *initializers, *(item.name for item in inputs)}
    nodes = tuple(_ordered(list(proto.node), known))
    outputs = tuple(item.name for item in proto.output)
    defined = known.union(*(node.output for node in nodes))
    missing = [name for name in outputs if name not in defined]
    if missing:
        raise SourceError("An output of the model is never computed.", came=", ".join(missing))
    elements = {item.name: int(item.data_type) for item in proto.initializer}
    return Graph(tuple(map(_node, nodes)), inputs, outputs, initializers, elements)


def _ordered(nodes: list[Any], known: set[str]) -> list[Any]:
    """Topological order; the file's own order wherever that is one."""
    makers = {name: node for node in nodes for name in node.output if name}
    double = [name for node in nodes for name in node.output if name and makers[name] is not node]
    if double:
        raise SourceError("A value of the model is defined twice.", came=", ".join(double[:5]))
    done = {*known, ""}
    ordered: list[Any] = []
    waiting = nodes
    while waiting:
        later = []
        for node in waiting:
            if all(name in done for name in _needed(node, makers)):
                ordered.append(node)
                done.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            _refuse_unordered(later, done, makers)
        waiting = later
    return ordered


def _needed(node: Any, makers: dict[str, Any]) -> list[str]:
    """What a node reads: its inputs, and what the graphs inside it take from this graph."""
    names = list(node.input)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            own = {name for inner in attribute.g.node for name in inner.output}
            for inner in attribute.g.node:
                names += [name for name in _needed(inner, makers) if name in makers and name not in own]
            names += [
                item.name for item in attribute.g.output if item.name in makers and item.name not in own
            ]
    return names


def _refuse_unordered(nodes: list[Any], done: set[str], makers: dict[str, Any]) -> None:
    lacking = [(node, name) for node in nodes for name in node.input if name not in done]
    undefined = [(node, name) for node, name in lacking if name not in makers]
    node, name = (undefined or lacking)[0]
    raise SourceError(
        f"The node {node.name or ', '.join(node.output)} ({node.op_type}) reads a value that "
        + ("nothing defines." if undefined else "depends on itself."),
        came=name,
        allowed="inputs, weights and outputs of other nodes, without a circle",
        hint="export the model again: this file was altered or written wrongly",
    )


def _node(proto: Any) -> Node:
    return Node(
        name=proto.name,
        operator=proto.op_type,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes={item.name: _attribute(item) for item in proto.attribute},
    )


def _attribute(proto: Any) -> Any:
    """An attribute's value: numbers, text, tuples of them, a tensor, or a ``GraphProto``."""
    kind = proto.AttributeType.Name(proto.type)
    if kind in ("INT", "FLOAT", "GRAPH"):
        return {"INT": proto.i, "FLOAT": proto.f, "GRAPH": proto.g}[kind]
    if kind == "STRING":
        return proto.s.decode("utf-8", "replace")
    if kind == "TENSOR":
        return tensor_value(proto.t)
    if kind in ("INTS", "FLOATS"):
        return tuple(proto.ints if kind == "INTS" else proto.floats)
    if kind == "STRINGS":
        return tuple(item.decode("utf-8", "replace") for item in proto.strings)
    raise UnsupportedError(
        f"The attribute {proto.name} has a form that is not supported.",
        came=kind.lower(),
        allowed="numbers, texts, lists of them, tensors and graphs",
    )


def tensor_value(proto: Any) -> Tensor:
    """A ``TensorProto`` as torch tensor (a copy).

    Raises
    ------
    SourceError
        If its size does not fit its shape.
    UnsupportedError
        If its element type has no torch type.
    """
    import onnx

    what = f"the tensor {proto.name or 'of a node'}"
    dtype = torch_type(proto.data_type, what)
    try:
        values = onnx.numpy_helper.to_array(proto)
    except (ValueError, TypeError) as error:
        raise SourceError(
            f"The values of {what} do not fit its shape.",
            came=f"{type_name(proto.data_type)} {list(proto.dims)}: {str(error)[:200]}",
        ) from error
    return tensor_from(np.asarray(values), dtype)


def tensor_from(values: Any, dtype: torch.dtype) -> Tensor:
    """A numpy array, of one of numpy's own types or of the package ml_dtypes, as torch tensor."""
    copied = np.array(values, order="C")
    if copied.dtype.isbuiltin == 1:
        return torch.from_numpy(copied).to(dtype)
    if dtype.is_floating_point and dtype.itemsize == copied.dtype.itemsize:
        bits = {1: np.uint8, 2: np.int16}[copied.dtype.itemsize]
        return torch.from_numpy(copied.reshape(-1).view(bits)).view(dtype).reshape(copied.shape)
    return torch.from_numpy(copied.astype(np.float32)).to(dtype)


def _border(proto: Any) -> Border:
    if not proto.type.HasField("tensor_type"):
        raise UnsupportedError(
            f"The input {proto.name} is not a tensor.", came=proto.type.WhichOneof("value"), allowed="tensors"
        )
    kind = proto.type.tensor_type
    shape = None
    if kind.HasField("shape"):
        shape = tuple(
            int(axis.dim_value) if axis.HasField("dim_value") else (axis.dim_param or None)
            for axis in kind.shape.dim
        )
    dtype = torch_type(kind.elem_type, f"the input {proto.name}")
    return Border(proto.name, shape, dtype, int(kind.elem_type))
