"""Turns the operations of a program into steps that only need their computed inputs.

Constants are decoded once; an operation that hangs on constants alone (stored weights, shapes) is
computed here, so a run starts at the first operation that sees an input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.default_shapes import check_defaults
from fieldpack.coreml.operator import Operator, Parameter, convert, find_operator
from fieldpack.coreml.package import Package
from fieldpack.coreml.recurrence import fuse_recurrence
from fieldpack.coreml.step import Block, Source, Step, blame
from fieldpack.coreml.value import TensorFact, decode, state_fact, tensor_fact
from fieldpack.errors import ModelFileError

#: Most elements of all constants together that are computed ahead; later ones at every run.
MOST_FOLDED = 2**26


@dataclass(frozen=True, slots=True)
class Plan:
    """A program ready to run: inputs and states with their types, constants by name, steps in order."""

    inputs: dict[str, TensorFact | None]
    states: dict[str, TensorFact]
    constants: dict[str, Any]
    steps: tuple[Step, ...]

    @property
    def computed(self) -> list[str]:
        """Names of the tensors that a run computes, in program order; those inside blocks left out."""
        return [name for step in self.steps for name, fact in step.outputs if fact is not None]

    @property
    def known(self) -> set[str]:
        """Every name that has a value during a run."""
        names = {name for step in self.steps for name, _ in step.outputs}
        return names | set(self.inputs) | set(self.constants)


def make_plan(package: Package, arithmetic: Arithmetic) -> Plan:
    """Bind every operation of the package's program.

    Raises
    ------
    UnsupportedError
        An operator is not there, or the model is no ML Program.
    ModelFileError
        The program contradicts itself.
    """
    inputs: dict[str, TensorFact | None] = {}
    states: dict[str, TensorFact] = {}
    for entry in package.function_inputs:
        state = state_fact(entry.type)
        if state is None:
            inputs[str(entry.name)] = tensor_fact(entry.type)
        else:
            states[str(entry.name)] = state
    binder = _Binder(package, arithmetic, {*inputs, *states})
    steps = binder.bind_all(package.block.operations)
    wanted = {str(name) for name in package.block.outputs} | {feature.name for feature in package.outputs}
    plan = Plan(
        inputs, states, binder.constants, _with_frees(steps, wanted | set(binder.constants) | set(states))
    )
    _check_border(package, plan, wanted)
    check_defaults(package.inputs, plan)
    return plan


class _Binder:
    """Collects constants while it binds one operation after the other."""

    def __init__(self, package: Package, arithmetic: Arithmetic, defined: set[str]) -> None:
        self.package = package
        self.arithmetic = arithmetic
        self.constants: dict[str, Any] = {}
        self._defined = defined
        self._folded = 0
        self._inline = 0

    def bind_all(self, operations: Any) -> list[Step]:
        """Bind operations in order; what hangs on constants alone is computed here."""
        steps: list[Step] = []
        for op in operations:
            with blame(op.type, op.outputs[0].name if op.outputs else ""):
                operator = find_operator(op.type, self.package.opset)
                step = self.bind(op, operator)
                self._define(name for name, _ in step.outputs)
            if op.type == "while_loop" and self.arithmetic.precision is Precision.FP32:
                step = fuse_recurrence(step, self.constants)
            if step.foldable and self._affordable(step):
                self.constants.update(step.compute({}, self.arithmetic))
            else:
                steps.append(step)
        return steps

    def _affordable(self, step: Step) -> bool:
        """Whether the result may be computed ahead and kept; stored weights always are.

        What a program says of its constants may be wrong, so its inputs are counted as well: neither
        broadcasting nor a product of them may need more memory than the bound.
        """
        if step.operator.name == "const" or step.operator.name.startswith("constexpr_"):
            return True
        size = max(_declared_elements(step.outputs), _broadcast_elements(step.fixed.values()))
        self._folded += size
        return self._folded <= MOST_FOLDED

    def bind(self, op: Any, operator: Operator) -> Step:
        fixed = {
            key: convert(self._constant(value), operator.parameters[key].form)
            for key, value in op.attributes.items()
            if key in operator.parameters
        }
        sources: list[Source] = []
        for key, argument in op.inputs.items():
            if key not in operator.parameters:
                raise ModelFileError(
                    "an input is not known", came=key, allowed=", ".join(operator.parameters) or "none"
                )
            source = self._source(operator.parameters[key], list(argument.arguments))
            if all(name in self.constants for name in source.names):
                fixed[key] = source.collect(self.constants)
            else:
                sources.append(source)
        blocks = tuple(self._block(block) for block in op.blocks)
        given = {*fixed, *(source.parameter.name for source in sources), *(["blocks"] if blocks else [])}
        missing = [p.name for p in operator.parameters.values() if p.required and p.name not in given]
        if missing:
            raise ModelFileError("an input is missing", came=", ".join(given), allowed=", ".join(missing))
        outputs = tuple((str(entry.name), tensor_fact(entry.type)) for entry in op.outputs)
        return Step(operator, fixed, tuple(sources), outputs, blocks)

    def _block(self, block: Any) -> Block:
        """Bind a block; it sees the names outside, and two blocks side by side may use the same names."""
        outside, constants = self._defined, self.constants
        self._defined, self.constants = set(outside), dict(constants)
        inputs = tuple((str(entry.name), tensor_fact(entry.type)) for entry in block.inputs)
        self._define(name for name, _ in inputs)
        steps = self.bind_all(block.operations)
        outputs = tuple(str(name) for name in block.outputs)
        undefined = [name for name in outputs if name not in self._defined]
        if undefined:
            raise ModelFileError(
                "a block does not compute its outputs",
                came=", ".join(undefined),
                allowed="names of its tensors",
            )
        used = {name for step in steps for name in step.uses} | set(outputs)
        own = {
            name: self.constants[name] for name in used if name in self.constants.keys() - constants.keys()
        }
        self._defined, self.constants = outside, constants
        return Block(inputs, own, _with_frees(steps, set(outputs), own_only=True), outputs)

    def _define(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._defined:
                raise ModelFileError(
                    "a name stands for two tensors", came=name, allowed="a name of its own for every tensor"
                )
            self._defined.add(name)

    def _source(self, parameter: Parameter, bindings: list[Any]) -> Source:
        if not bindings or (len(bindings) > 1 and not parameter.variadic):
            raise ModelFileError(
                f"input {parameter.name!r} has another number of values", came=len(bindings), allowed="1"
            )
        names = []
        for binding in bindings:
            name = str(binding.name)
            if binding.WhichOneof("binding") == "value":
                self._inline += 1
                name = f"{parameter.name}#{self._inline}"
                self.constants[name] = self._constant(binding.value)
            elif name not in self._defined:
                raise ModelFileError(
                    f"input {parameter.name!r} is used before it is computed",
                    came=name,
                    allowed="an input, or a tensor computed before",
                    hint="the operations stand in a cycle or in a wrong order, or one is missing",
                )
            names.append(name)
        return Source(parameter, tuple(names))

    def _constant(self, value: Any) -> Any:
        return self.arithmetic.constant(decode(value, self.package.open_blob), tensor_fact(value.type))


def _declared_elements(outputs: Iterable[tuple[str, TensorFact | None]]) -> int:
    """Declared elements of the largest result; a size that is not known counts as one."""
    shapes = [fact.shape or () for _, fact in outputs if fact is not None]
    return max((math.prod(size or 1 for size in shape) for shape in shapes), default=1)


def _broadcast_elements(values: Iterable[Any]) -> int:
    """Elements that tensors can grow to when they meet: by broadcasting, else by a product."""
    shapes = [value.shape for value in values if hasattr(value, "shape")]
    rank = max(map(len, shapes), default=0)
    aligned = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    sizes = [max(axis) for axis in zip(*aligned, strict=True)]
    if all(have in (1, size) for shape in aligned for have, size in zip(shape, sizes, strict=True)):
        return math.prod(sizes)
    return math.prod(math.prod(shape) for shape in shapes)


def _with_frees(steps: list[Step], needed: set[str], own_only: bool = False) -> tuple[Step, ...]:
    """Say at each step which tensors nobody needs afterwards; ``own_only``: among those computed here."""
    needed = set(needed)
    own = {name for step in steps for name, _ in step.outputs}
    done: list[Step] = []
    for step in reversed(steps):
        used = step.uses | {name for name, _ in step.outputs}
        free = (used - needed) & own if own_only else used - needed
        done.append(replace(step, frees=tuple(sorted(free))))
        needed |= used
    return tuple(reversed(done))


def _check_border(package: Package, plan: Plan, wanted: set[str]) -> None:
    if not wanted <= plan.known:
        raise ModelFileError(
            "The program does not compute its outputs",
            came=", ".join(sorted(wanted - plan.known)),
            allowed="names of its tensors",
        )
    described = {feature.name for feature in package.inputs}
    if described != set(plan.inputs):
        raise ModelFileError(
            "The inputs that the model describes are not those of its program",
            came=", ".join(sorted(described)) or "none",
            allowed=", ".join(sorted(plan.inputs)) or "none",
        )
