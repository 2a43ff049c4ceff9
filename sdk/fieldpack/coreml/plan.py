"""Turns the operations of a program into steps that only need their computed inputs.

Constants are decoded once; an operation that hangs on constants alone (stored weights, shapes) is
computed here, so a run starts at the first operation that sees an input. Each step knows which
tensors nobody needs after it, which keeps the memory of a run near its widest point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fieldpack.coreml.arithmetic import Arithmetic
from fieldpack.coreml.operator import Operator, Parameter, convert, find_operator
from fieldpack.coreml.package import Package
from fieldpack.coreml.value import TensorFact, decode, tensor_fact
from fieldpack.errors import FieldpackError, ModelFileError


@dataclass(frozen=True, slots=True)
class Source:
    """One input that is computed at run time: the parameter, and the tensors bound to it."""

    parameter: Parameter
    names: tuple[str, ...]

    def collect(self, values: Mapping[str, Any]) -> Any:
        """The bound values in the form that the parameter wants."""
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ModelFileError("an input is used before it is computed", came=", ".join(missing))
        if len(self.names) == 1:
            return convert(values[self.names[0]], self.parameter.form)
        return convert(tuple(values[name] for name in self.names), self.parameter.form)


@dataclass(frozen=True, slots=True)
class Step:
    """One bound operation; ``frees`` are the tensors used here for the last time."""

    operator: Operator
    fixed: dict[str, Any]
    sources: tuple[Source, ...]
    outputs: tuple[tuple[str, TensorFact | None], ...]
    frees: tuple[str, ...] = ()

    def compute(self, values: Mapping[str, Any], arithmetic: Arithmetic) -> dict[str, Any]:
        """Name -> result of the operation.

        Raises
        ------
        ModelFileError
            The operation cannot be computed, or its result is not what the program declares.
        """
        with blame(self.operator.name, self.outputs[0][0] if self.outputs else ""):
            arguments = dict(self.fixed)
            for source in self.sources:
                arguments[source.parameter.name] = source.collect(values)
            result = self.operator.run(**arguments)
            results = result if isinstance(result, tuple) and self.operator.many else (result,)
            if len(results) != len(self.outputs):
                raise ModelFileError(
                    "another number of results is declared", came=len(self.outputs), allowed=str(len(results))
                )
            pairs = zip(self.outputs, results, strict=True)
            return {name: arithmetic.settle(value, fact) for (name, fact), value in pairs}


@dataclass(frozen=True, slots=True)
class Plan:
    """A program ready to run: inputs with their declared types, constants by name, steps in order."""

    inputs: dict[str, TensorFact | None]
    constants: dict[str, Any]
    steps: tuple[Step, ...]

    @property
    def computed(self) -> list[str]:
        """Names of the tensors that a run computes, in program order."""
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
    binder = _Binder(package, arithmetic)
    steps: list[Step] = []
    for op in package.block.operations:
        operator = find_operator(op.type, package.opset)
        with blame(op.type, op.outputs[0].name if op.outputs else ""):
            step = binder.bind(op, operator)
        if step.sources:
            steps.append(step)
        else:
            binder.constants.update(step.compute({}, arithmetic))
    wanted = {str(name) for name in package.block.outputs} | {feature.name for feature in package.outputs}
    inputs = {str(entry.name): tensor_fact(entry.type) for entry in package.function_inputs}
    plan = Plan(inputs, binder.constants, _with_frees(steps, wanted | set(binder.constants)))
    _check_border(package, plan, wanted)
    return plan


class _Binder:
    """Collects constants while it binds one operation after the other."""

    def __init__(self, package: Package, arithmetic: Arithmetic) -> None:
        self.package = package
        self.arithmetic = arithmetic
        self.constants: dict[str, Any] = {}

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
        given = {*fixed, *(source.parameter.name for source in sources)}
        missing = [p.name for p in operator.parameters.values() if p.required and p.name not in given]
        if missing:
            raise ModelFileError("an input is missing", came=", ".join(given), allowed=", ".join(missing))
        outputs = tuple((str(entry.name), tensor_fact(entry.type)) for entry in op.outputs)
        return Step(operator, fixed, tuple(sources), outputs)

    def _source(self, parameter: Parameter, bindings: list[Any]) -> Source:
        if not bindings or (len(bindings) > 1 and not parameter.variadic):
            raise ModelFileError(
                f"input {parameter.name!r} has another number of values", came=len(bindings), allowed="1"
            )
        names = []
        for binding in bindings:
            name = str(binding.name)
            if binding.WhichOneof("binding") == "value":
                name = f"{parameter.name}#{len(self.constants)}"
                self.constants[name] = self._constant(binding.value)
            names.append(name)
        return Source(parameter, tuple(names))

    def _constant(self, value: Any) -> Any:
        return self.arithmetic.constant(decode(value, self.package.open_blob), tensor_fact(value.type))


def _with_frees(steps: list[Step], needed: set[str]) -> tuple[Step, ...]:
    """Say at each step which tensors nobody needs afterwards."""
    needed = set(needed)
    done: list[Step] = []
    for step in reversed(steps):
        used = {name for source in step.sources for name in source.names}
        used |= {name for name, _ in step.outputs}
        done.append(replace(step, frees=tuple(sorted(used - needed))))
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


@contextmanager
def blame(kind: str, name: str) -> Iterator[None]:
    """Name the operation in whatever goes wrong inside."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(
            f"Operation {kind} {name!r}: {error.what}",
            came=error.came,
            allowed=error.allowed,
            hint=error.hint,
        ) from error
    except FieldpackError:
        raise
    except (RuntimeError, ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        raise ModelFileError(
            f"Operation {kind} {name!r} cannot be computed",
            came=error,
            allowed="inputs that fit the operator",
            hint="the package contradicts itself, or is damaged",
        ) from error
