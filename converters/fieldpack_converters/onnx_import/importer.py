"""ONNX -> ``torch.nn.Module`` with static shapes.

Every node is computed once on zeros of the given shapes.  What depends on weights and shapes alone (the shape
arithmetic of exporters, the conditions of most ``If`` nodes) is thereby known and leaves the graph; the rest
becomes the calls of ``module.ImportedModule``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fieldpack.errors import FieldpackError, SourceError, UnsupportedError
from fieldpack_converters.onnx_import.element_type import NARROW, number_of
from fieldpack_converters.onnx_import.graph import Border, Graph, Node, read_graph
from fieldpack_converters.onnx_import.model_file import opset_of, read_model
from fieldpack_converters.onnx_import.module import ImportedModule, Program, Slot, Step, Weight, weight_name
from fieldpack_converters.onnx_import.operator import (
    SPECIAL,
    Operator,
    attribute_arguments,
    find_operator,
    in_form,
)
from fieldpack_converters.onnx_import.stated_inputs import Shapes, check_names, held_value, static_shape
from fieldpack_converters.onnx_import.widening import widened

_FAULTS = (
    RuntimeError,
    ValueError,
    IndexError,
    TypeError,
    KeyError,
    ArithmeticError,
    AttributeError,
    MemoryError,
)


def import_onnx(
    source: str | Path | Any, input_shapes: Shapes | None = None, constants: Mapping[str, Any] | None = None
) -> ImportedModule:
    """Import an ONNX model.

    Parameters
    ----------
    source : path or onnx.ModelProto
        The model.
    input_shapes : mapping of str to shape, optional
        Shape of each input that has free axes in the file; others may be left out.
    constants : mapping of str to number or array, optional
        Inputs that are held at a value, and are then no inputs of the module.

    Returns
    -------
    ImportedModule
        Takes the other inputs by place in the file's order.

    Raises
    ------
    SourceError
        If the file is damaged, or its nodes do not accept these shapes.
    SpecError
        If a shape is missing, or does not fit the file.
    UnsupportedError
        If an operator is not supported, or needs numbers that only the inputs decide.
    """
    opset, graph = read_file(source)
    return ImportedModule(_Import(opset).run(graph, input_shapes or {}, constants or {}))


def read_file(source: str | Path | Any) -> tuple[int, Graph]:
    """The opset and the graph of a model.

    Raises
    ------
    SourceError
        If it is damaged; also where single fields hold what their type forbids (a name that is no text).
    UnsupportedError
        If it holds what has no form in torch.
    """
    try:
        model = read_model(source)
        return opset_of(model), read_graph(model.graph)
    except FieldpackError:
        raise
    except _FAULTS as error:
        raise SourceError(
            "The ONNX model cannot be read.",
            came=f"{type(error).__name__}: {_first_line(error)}",
            hint="export the model again, or check that the download is complete",
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value of the graph: known (no slot), or a sample of what the module will compute."""

    tensor: Tensor
    slot: Slot | None = None
    name: str = ""
    element: int = 0

    @property
    def type(self) -> int:
        """The element type, as the schema numbers it."""
        return self.element or number_of(self.tensor.dtype)


Scope = dict[str, Value]


@dataclass(slots=True)
class _Import:
    opset: int
    program: Program = field(default_factory=Program)
    _slots: int = 0
    _weights: dict[int, Weight] = field(default_factory=dict)

    def run(self, graph: Graph, shapes: Shapes, constants: Mapping[str, Any]) -> Program:
        self.program.opset = self.opset
        self.program.parameters = sum(item.numel() for item in graph.initializers.values())
        scope: Scope = _weights_of(graph)
        check_names(graph, shapes, constants)
        for border in graph.inputs:
            if border.name in constants:
                held = held_value(border, constants[border.name])
                scope[border.name] = Value(held, None, border.name, border.element)
            else:
                scope[border.name] = self._input(border, shapes.get(border.name))
        with torch.no_grad():
            self._nodes(graph, scope)
        for name in graph.outputs:
            self._output(name, scope[name])
        self.program.prune()
        return self.program

    def _input(self, border: Border, given: Sequence[int] | None) -> Value:
        shape = static_shape(border, given)
        value = Value(torch.zeros(shape, dtype=border.dtype), self._slot(), border.name, border.element)
        self.program.inputs.append(value.slot or Slot(-1))
        self.program.input_names.append(border.name)
        self.program.input_shapes.append(shape)
        self.program.input_types.append(border.dtype)
        return value

    def _output(self, name: str, value: Value) -> None:
        self.program.outputs.append(value.slot or self._weight(value.tensor, name))
        self.program.output_names.append(name)
        self.program.output_shapes.append(tuple(value.tensor.shape))
        self.program.output_types.append(value.tensor.dtype)

    def _nodes(self, graph: Graph, scope: Scope) -> None:
        for node in graph.nodes:
            try:
                results = self._if(node, scope) if node.operator == "If" else self._node(node, scope)
            except FieldpackError:
                raise
            except NotImplementedError as error:
                raise UnsupportedError(
                    f"The node {node.label} cannot be computed in its element type.",
                    came=f"{_shapes(node, scope)}: {_first_line(error)}",
                    hint="export the model with float32 and int64 tensors",
                ) from error
            except _FAULTS as error:
                raise SourceError(
                    f"The node {node.label} does not accept its inputs.",
                    came=f"{_shapes(node, scope)}: {_first_line(error)}",
                    hint="check the shapes of the inputs; or the file is damaged",
                ) from error
            scope.update(zip(node.outputs, results, strict=False))

    def _node(self, node: Node, scope: Scope) -> list[Value]:
        operator = find_operator(node.operator, self.opset)
        spread, named = self._bound(operator, node, scope)
        if operator.prepare is not None:
            named = operator.prepare(named)
        run = widened(operator.name, operator.run, tuple(map(_sample, (*spread, *named.values()))))
        tensors = _results(run, spread, named)
        element = _narrow_result(operator, node, scope, tensors[0], named)
        runtime = any(_is_runtime(item) for item in (spread, tuple(named.values())))
        if not runtime or operator.shape_only:
            return [
                Value(item, None, name, element) for item, name in zip(tensors, node.outputs, strict=False)
            ]
        unchanged = _unchanged(tensors, spread, named)
        if unchanged is not None:
            return [Value(unchanged.tensor, unchanged.slot, node.outputs[0], element)]
        slots = tuple(self._slot() if name else None for name in node.outputs)
        self.program.steps.append(
            Step(
                node.label,
                run,
                tuple(self._stored(item, node) for item in spread),
                {key: self._stored(item, node) for key, item in named.items()},
                slots,
            )
        )
        places = zip(tensors, slots, node.outputs, strict=False)
        return [Value(item, slot, name, element) for item, slot, name in places]

    def _bound(self, operator: Operator, node: Node, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
        named = attribute_arguments(operator, node.label, node.attributes)
        values = [scope[name] if name else None for name in node.inputs]
        places = operator.inputs
        if places and places[-1].variadic:
            return [self._argument(value, places[-1], node) for value in values], self._special(
                operator, node, named, scope
            )
        if len(values) > len(places):
            raise SourceError(
                f"The node {node.label} has too many inputs.",
                came=len(values),
                allowed=f"at most {len(places)}",
            )
        for place, value in zip(places, values, strict=False):
            if value is not None:
                named[place.name] = self._argument(value, place, node)
        lacking = [
            item.name for item in operator.parameters.values() if item.required and item.name not in named
        ]
        lacking = [name for name in lacking if name not in SPECIAL]
        if lacking:
            raise SourceError(f"The node {node.label} lacks an input or attribute.", came=", ".join(lacking))
        return [], self._special(operator, node, named, scope)

    def _special(self, operator: Operator, node: Node, named: dict[str, Any], scope: Scope) -> dict[str, Any]:
        special = {"opset": self.opset, "outputs": len(node.outputs), "types": _types(node, scope)}
        return {**named, **{key: item for key, item in special.items() if key in operator.parameters}}

    def _argument(self, value: Value | None, parameter: Any, node: Node) -> Any:
        if value is None or parameter.is_tensor:
            return value if value is None or value.slot is not None else value.tensor
        if value.slot is None:
            return in_form(value.tensor, parameter, node.label)
        raise UnsupportedError(
            f"The {parameter.name} of the node {node.label} depends on the model's inputs.",
            came=f"the value {value.name}, computed when the model runs",
            allowed="a value that weights and shapes alone decide",
            hint="if an input of the file holds it, fix that input to a constant; else the graph is dynamic",
        )

    def _stored(self, item: Any, node: Node) -> Any:
        """An argument as the module keeps it: slots, weights and plain values."""
        if isinstance(item, Value):
            return item.slot
        if isinstance(item, Tensor):
            return self._weight(item, node.label)
        return tuple(self._stored(part, node) for part in item) if isinstance(item, tuple) else item

    def _weight(self, tensor: Tensor, name: str) -> Weight:
        known = self._weights.get(id(tensor))
        if known is None:
            known = Weight(weight_name(name, self.program.weights))
            self.program.weights[known.name] = tensor
            self._weights[id(tensor)] = known
        return known

    def _slot(self) -> Slot:
        self._slots += 1
        return Slot(self._slots)

    def _if(self, node: Node, scope: Scope) -> list[Value]:
        """The branch that is taken; both, and a choice by element, where only the inputs decide."""
        condition = scope[node.inputs[0]]
        if condition.slot is None:
            return self._branch(
                node, "then_branch" if bool(condition.tensor.item()) else "else_branch", scope
            )
        pairs = zip(
            self._branch(node, "then_branch", scope), self._branch(node, "else_branch", scope), strict=True
        )
        return [self._chosen(node, condition, then, other) for then, other in pairs]

    def _branch(self, node: Node, which: str, scope: Scope) -> list[Value]:
        body = read_graph(node.attributes[which], scope)
        inner = {**scope, **_weights_of(body)}
        self._nodes(body, inner)
        return [inner[name] for name in body.outputs]

    def _chosen(self, node: Node, condition: Value, then: Value, other: Value) -> Value:
        if then.tensor.shape != other.tensor.shape or then.tensor.dtype != other.tensor.dtype:
            raise UnsupportedError(
                f"The branches of the node {node.label} differ in shape, and the inputs decide between them.",
                came=f"{tuple(then.tensor.shape)} and {tuple(other.tensor.shape)}",
                allowed="a condition that weights and shapes decide, or branches of one shape",
                hint="fix the input that decides to a constant, or export the branch that is needed",
            )
        slot = self._slot()
        places = tuple(self._stored(_plain(item), node) for item in (condition, then, other))
        self.program.steps.append(Step(node.label, _choose, places, {}, (slot,)))
        return Value(_choose(condition.tensor, then.tensor, other.tensor), slot, node.name)


def _weights_of(graph: Graph) -> Scope:
    return {name: Value(item, None, name, graph.elements[name]) for name, item in graph.initializers.items()}


def _types(node: Node, scope: Scope) -> tuple[int, ...]:
    return tuple(scope[name].type if name else 0 for name in node.inputs)


def _narrow_result(
    operator: Operator, node: Node, scope: Scope, result: Tensor, named: dict[str, Any]
) -> int:
    """The element type of a result that lies in a wider torch type, else 0."""
    types = _types(node, scope)
    if operator.result_type is not None:
        found = operator.result_type(types, named)
    else:
        found = (
            types[0]
            if types and types[0] in NARROW and result.dtype == scope[node.inputs[0]].tensor.dtype
            else 0
        )
    return found if found in NARROW else 0


def _results(run: Callable[..., Any], spread: list[Any], named: dict[str, Any]) -> tuple[Tensor, ...]:
    """What the operator gives on the samples; ones, where the zeros would be divided by."""
    try:
        results = run(*map(_sample, spread), **{key: _sample(item) for key, item in named.items()})
    except RuntimeError as error:
        if "ZeroDivisionError" not in str(error):
            raise
        ones = {key: _as_ones(item) for key, item in named.items()}
        results = run(*map(_sample, spread), **ones)
    return results if isinstance(results, tuple) else (results,)


def _unchanged(tensors: tuple[Tensor, ...], spread: list[Any], named: dict[str, Any]) -> Value | None:
    """The input that a node hands through as it is: an Identity, a Cast to the same type, a Slice of all."""
    values = [item for item in (*spread, *named.values()) if isinstance(item, Value)]
    return next((item for item in values if len(tensors) == 1 and tensors[0] is item.tensor), None)


def _as_ones(item: Any) -> Any:
    if isinstance(item, Value) and item.slot is not None:
        return torch.ones_like(item.tensor)
    return _sample(item)


def _choose(condition: Tensor, then: Tensor, other: Tensor) -> Tensor:
    return torch.where(condition.reshape(()), then, other)


def _plain(value: Value) -> Any:
    return value.tensor if value.slot is None else value


def _sample(item: Any) -> Any:
    if isinstance(item, Value):
        return item.tensor
    return tuple(map(_sample, item)) if isinstance(item, tuple) else item


def _is_runtime(item: Any) -> bool:
    if isinstance(item, (tuple, list)):
        return any(map(_is_runtime, item))
    return isinstance(item, Value) and item.slot is not None


def _shapes(node: Node, scope: Scope) -> str:
    return ", ".join(f"{name} {tuple(scope[name].tensor.shape)}" for name in node.inputs if name in scope)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]
