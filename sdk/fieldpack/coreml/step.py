"""Bound operations: steps that only need their computed inputs, and how they run.

Each step knows which tensors nobody needs after it, which keeps the memory of a run near its widest
point. The blocks of control flow operations are bound the same way and handed to their operator as
callables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from fieldpack.coreml.arithmetic import Arithmetic
from fieldpack.coreml.operator import ANY_NUMBER, Operator, Parameter, convert
from fieldpack.coreml.value import TensorFact
from fieldpack.errors import FieldpackError, ModelFileError


@dataclass(frozen=True, slots=True)
class Source:
    """One input that is computed at run time: the parameter, and the tensors bound to it."""

    parameter: Parameter
    names: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether the bound value is taken as it is: one tensor."""
        return self.parameter.form == "Tensor" and len(self.names) == 1

    def collect(self, values: Mapping[str, Any]) -> Any:
        """The bound values in the form that the parameter wants."""
        try:
            if self.parameter.variadic and (len(self.names) > 1 or self.parameter.form == ANY_NUMBER):
                return convert(tuple(values[name] for name in self.names), self.parameter.form)
            return convert(values[self.names[0]], self.parameter.form)
        except KeyError as error:
            missing = [name for name in self.names if name not in values]
            if not missing:
                raise
            raise ModelFileError(
                "an input is used before it is computed",
                came=", ".join(missing),
                allowed="values computed before it",
                hint="the operations stand in a cycle or in a wrong order, or one is missing",
            ) from error


@dataclass(frozen=True, slots=True)
class Block:
    """Operations with inputs and outputs of their own, inside a control flow operation.

    Its tensors live in the same dictionary as those outside, since a name stands for one tensor.
    """

    inputs: tuple[tuple[str, TensorFact | None], ...]
    constants: dict[str, Any]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]

    def run(self, values: dict[str, Any], arithmetic: Arithmetic, *arguments: Any) -> tuple[Any, ...]:
        """Bind the arguments to the inputs, run the steps and return the outputs."""
        if len(arguments) != len(self.inputs):
            raise ModelFileError(
                "a block takes another number of values", came=len(arguments), allowed=str(len(self.inputs))
            )
        for (name, fact), argument in zip(self.inputs, arguments, strict=True):
            values[name] = arithmetic.settle(argument, fact)
        values.update(self.constants)
        run_steps(self.steps, values, arithmetic)
        return tuple(values[name] for name in self.outputs)

    @property
    def uses(self) -> set[str]:
        """Names of the tensors that it takes from outside."""
        own = {name for name, _ in self.inputs} | set(self.constants)
        own |= {name for step in self.steps for name, _ in step.outputs}
        return ({name for step in self.steps for name in step.uses} | set(self.outputs)) - own


@dataclass(frozen=True, slots=True)
class Step:
    """One bound operation; ``frees`` are the tensors used here for the last time.

    A small network spends much of its time between two operations, so what can be known ahead is
    kept here: which sources need no conversion (``plain``, parameter and tensor) and which do.
    """

    operator: Operator
    fixed: dict[str, Any]
    sources: tuple[Source, ...]
    outputs: tuple[tuple[str, TensorFact | None], ...]
    blocks: tuple[Block, ...] = ()
    frees: tuple[str, ...] = ()
    plain: tuple[tuple[str, str], ...] = field(init=False)
    others: tuple[Source, ...] = field(init=False)

    def __post_init__(self) -> None:
        plain = tuple((s.parameter.name, s.names[0]) for s in self.sources if s.plain)
        object.__setattr__(self, "plain", plain)
        object.__setattr__(self, "others", tuple(s for s in self.sources if not s.plain))

    @property
    def foldable(self) -> bool:
        """Whether it hangs on constants alone and gives the same result at every run."""
        return not self.sources and not self.blocks and not self.operator.volatile

    @property
    def uses(self) -> set[str]:
        """Names of the tensors that it needs."""
        nested = {name for block in self.blocks for name in block.uses}
        return nested | {name for source in self.sources for name in source.names}

    def compute(self, values: dict[str, Any], arithmetic: Arithmetic) -> dict[str, Any]:
        """Name -> result of the operation.

        Raises
        ------
        ModelFileError
            The operation cannot be computed, or its result is not what the program declares.
        """
        try:
            arguments = self.fixed.copy()
            for key, name in self.plain:
                arguments[key] = values[name]
            for source in self.others:
                arguments[source.parameter.name] = source.collect(values)
            if self.blocks:
                arguments["blocks"] = tuple(partial(b.run, values, arithmetic) for b in self.blocks)
            result = self.operator.run(**arguments)
            if not self.operator.many and len(self.outputs) == 1:
                name, fact = self.outputs[0]
                return {name: arithmetic.settle(result, fact)}
            return self._several(result, arithmetic)
        except OPERATION_ERRORS as error:
            reraise(error, self.operator.name, self.outputs[0][0] if self.outputs else "")

    def _several(self, result: Any, arithmetic: Arithmetic) -> dict[str, Any]:
        """The results by name, of an operation with another number of results than one."""
        results = result if self.operator.many and isinstance(result, tuple) else (result,)
        if len(results) != len(self.outputs):
            raise ModelFileError(
                "another number of results is declared", came=len(self.outputs), allowed=str(len(results))
            )
        pairs = zip(self.outputs, results, strict=True)
        return {name: arithmetic.settle(value, fact) for (name, fact), value in pairs}


def run_steps(
    steps: tuple[Step, ...], values: dict[str, Any], arithmetic: Arithmetic, keep: Collection[str] = ()
) -> None:
    """Compute the steps in order into ``values`` and drop what nobody needs afterwards, but ``keep``."""
    for step in steps:
        values.update(step.compute(values, arithmetic))
        for name in step.frees:
            if name not in keep:
                del values[name]


#: What an operator raises on inputs that do not fit it.
OPERATION_ERRORS = (
    ModelFileError,
    RuntimeError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)


@contextmanager
def blame(kind: str, name: str) -> Iterator[None]:
    """Name the operation in whatever goes wrong inside."""
    try:
        yield
    except OPERATION_ERRORS as error:
        reraise(error, kind, name)


def reraise(error: Exception, kind: str, name: str) -> NoReturn:
    """Raise one of ``OPERATION_ERRORS`` so that it names its operation."""
    if isinstance(error, ModelFileError):
        raise ModelFileError(
            f"Operation {kind} {name!r}: {error.what}",
            came=error.came,
            allowed=error.allowed,
            hint=error.hint,
        ) from error
    if isinstance(error, FieldpackError):
        raise error
    raise ModelFileError(
        f"Operation {kind} {name!r} cannot be computed",
        came=str(error) or type(error).__name__,
        allowed="inputs that fit the operator",
        hint="the package contradicts itself, or is damaged",
    ) from error
