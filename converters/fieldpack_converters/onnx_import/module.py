"""The ``torch.nn.Module`` that runs an imported graph: one call an operator, in a fixed order.

It has no branch and no loop that depends on data, so that ``torch.jit.trace`` and ``torch.export`` see
straight-line code; weights are its parameters and buffers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Slot:
    """Place of a value that is computed when the module runs."""

    index: int


@dataclass(frozen=True, slots=True)
class Weight:
    """Name of a parameter or buffer."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call.

    Attributes
    ----------
    label : str
        Operator and name of the node.
    spread, named : tuple, dict
        Arguments by place and by name: a ``Slot``, a ``Weight``, a plain value, or a tuple of them.
    outputs : tuple of Slot or None
        Where the results go; None is a result that nobody reads.
    """

    label: str
    run: Callable[..., Any]
    spread: tuple[Any, ...]
    named: dict[str, Any]
    outputs: tuple[Slot | None, ...]


@dataclass(slots=True)
class Program:
    """What ``importer.py`` made of a graph."""

    inputs: list[Slot] = field(default_factory=list)
    input_names: list[str] = field(default_factory=list)
    input_shapes: list[tuple[int, ...]] = field(default_factory=list)
    input_types: list[torch.dtype] = field(default_factory=list)
    outputs: list[Slot | Weight] = field(default_factory=list)
    output_names: list[str] = field(default_factory=list)
    output_shapes: list[tuple[int, ...]] = field(default_factory=list)
    output_types: list[torch.dtype] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    parameters: int = 0
    opset: int = 0

    def prune(self) -> None:
        """Leave out the steps, results and weights that no output needs."""
        needed = {item for item in self.outputs if isinstance(item, Slot)}
        kept = []
        for step in reversed(self.steps):
            if not any(slot in needed for slot in step.outputs):
                continue
            read = list(_references((step.spread, tuple(step.named.values()))))
            needed.update(item for item in read if isinstance(item, Slot))
            kept.append(step)
        self.steps = kept[::-1]
        used = {
            item.name for step in self.steps for item in _references(_arguments(step)) if _is_weight(item)
        }
        used |= {item.name for item in self.outputs if isinstance(item, Weight)}
        self.weights = {name: value for name, value in self.weights.items() if name in used}


def _arguments(step: Step) -> tuple[Any, ...]:
    return (*step.spread, *step.named.values())


def _is_weight(item: Any) -> bool:
    return isinstance(item, Weight)


def _references(value: Any) -> list[Any]:
    """The slots and weights in an argument."""
    if isinstance(value, (Slot, Weight)):
        return [value]
    return [found for item in value for found in _references(item)] if isinstance(value, tuple) else []


def weight_name(name: str, taken: dict[str, Tensor]) -> str:
    """An attribute name for the weight `name`, which no other weight has."""
    plain = "weight_" + re.sub(r"\W+", "_", name).strip("_")
    number, free = 1, plain
    while free in taken:
        number, free = number + 1, f"{plain}_{number + 1}"
    return free


class ImportedModule(torch.nn.Module):  # type: ignore[misc]
    """An ONNX graph as a module.

    Takes its inputs by place, in the order of the file and with the shapes that it was imported with;
    returns a tensor, or a tuple when the file has several outputs.

    Attributes
    ----------
    program : Program
        The calls, and the names, shapes and types of inputs and outputs.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        for name, value in program.weights.items():
            if value.is_floating_point():
                self.register_parameter(name, torch.nn.Parameter(value, requires_grad=False))
            else:
                self.register_buffer(name, value)
        program.weights = {}
        self.eval()
        self._last_use = _last_uses(program)

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run the calls in order."""
        values = dict(zip(self.program.inputs, inputs, strict=True))
        for number, step in enumerate(self.program.steps):
            spread = [self._resolved(item, values) for item in step.spread]
            named = {key: self._resolved(item, values) for key, item in step.named.items()}
            results = step.run(*spread, **named)
            for slot, value in zip(
                step.outputs, results if isinstance(results, tuple) else (results,), strict=False
            ):
                if slot is not None:
                    values[slot] = value
            for slot in self._last_use.get(number, ()):
                values.pop(slot, None)
        outputs = tuple(self._resolved(item, values) for item in self.program.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    def _resolved(self, item: Any, values: dict[Slot, Tensor]) -> Any:
        if isinstance(item, Slot):
            return values[item]
        if isinstance(item, Weight):
            return getattr(self, item.name)
        return tuple(self._resolved(part, values) for part in item) if isinstance(item, tuple) else item


def _last_uses(program: Program) -> dict[int, list[Slot]]:
    """Step -> the slots that nothing reads after it."""
    last: dict[Slot, int] = {}
    for number, step in enumerate(program.steps):
        for item in [*_references(_arguments(step)), *step.outputs]:
            if isinstance(item, Slot):
                last[item] = number
    kept = {item for item in program.outputs if isinstance(item, Slot)}
    ends: dict[int, list[Slot]] = {}
    for slot, number in last.items():
        if slot not in kept:
            ends.setdefault(number, []).append(slot)
    return ends
