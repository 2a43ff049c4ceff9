"""What half precision costs, operator by operator.

The program runs side by side in two legal arithmetics (``arithmetic``): float32, and float16-rounded,
where every tensor declared float16 is rounded when it is stored. Of each operation two differences
are kept. The *accumulated* one compares the two runs at its result: what reached this point. Its *own*
one gives the operation the exact inputs, rounds what it stores, and compares again: what it would
cost if all before it were exact. Both are the largest absolute difference over the largest absolute
value of the exact tensor; of integer results, the share that changed.

A package without half floats is looked at as if every float tensor were one, weights included: what
converting it with ``precision = "float16"`` would do. Sums run in float32 in both arithmetics, so a
chip that adds in half floats can do worse (evidence ``reference``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.exchange import take_input
from fieldpack.coreml.islands import suggest_islands
from fieldpack.coreml.package import Package
from fieldpack.coreml.plan import Plan, make_plan
from fieldpack.coreml.precision_risk import Observed, Risk, RiskKind, find_risks
from fieldpack.coreml.state import State
from fieldpack.coreml.step import Source, Step
from fieldpack.coreml.value import TensorFact
from fieldpack.errors import InputError

HALVES = ("float16",)
FLOATS = ("float16", "float32")


@dataclass(frozen=True, slots=True)
class OperationPrecision:
    """One operation of the program.

    Attributes
    ----------
    operator, name : str
        MIL operator, and the name of its first result.
    dtype : str
        Declared type of that result.
    scale : float
        Largest absolute value of the exact result over all samples.
    own, accumulated : float
        See the module; the largest over all samples; infinite where a number is lost to overflow.
    risks : tuple of Risk
        What half precision puts at risk here, and why.
    """

    operator: str
    name: str
    dtype: str
    scale: float
    own: float
    accumulated: float
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class PrecisionReport:
    """The report of one package.

    Attributes
    ----------
    operations : tuple of OperationPrecision
        In program order.
    samples : int
        How many inputs were run.
    assumed : bool
        Whether the package holds no half floats and was looked at as if it did.
    outputs : dict
        Output name -> accumulated difference there.
    islands : str or None
        Expression for ``float32_layers`` that keeps the risky operators in float32, if one helps.
    """

    operations: tuple[OperationPrecision, ...]
    samples: int
    assumed: bool
    outputs: dict[str, float]
    islands: str | None

    @property
    def at_risk(self) -> tuple[OperationPrecision, ...]:
        """Operations with a finding, the largest own error first."""
        found = [row for row in self.operations if row.risks]
        return tuple(sorted(found, key=lambda row: -row.own))


def report_precision(
    package: Package,
    samples: Iterable[Mapping[str, NDArray[Any]]],
    progress: Callable[[float], None] = lambda fraction: None,
) -> PrecisionReport:
    """Run samples in both arithmetics and compare operation by operation.

    Parameters
    ----------
    package : Package
        An ML Program, from ``open_package``.
    samples : iterable of mapping
        Inputs as for ``Interpreter.run``; at least one. A program with state starts each from zeros.
    progress : callable
        Told the fraction of the current sample.

    Raises
    ------
    InputError
        There is no sample, or one does not fit.
    UnsupportedError
        The package cannot be run, or is no ML Program.
    MissingDependencyError
        torch is not installed.
    """
    comparison = _Comparison(package)
    count = 0
    with comparison.exact.torch.inference_mode():
        for inputs in samples:
            comparison.run(inputs, progress)
            count += 1
    if count == 0:
        raise InputError("A precision report needs inputs", came="none", allowed="one sample or more")
    return comparison.report(count)


class _Halved(Arithmetic):
    """Rounds every float tensor, whatever it is declared as."""

    def __init__(self) -> None:
        super().__init__(Precision.FP32)

    def settle(self, value: Any, fact: TensorFact | None) -> Any:
        settled = super().settle(value, fact)
        return halved(settled) if fact is not None and fact.dtype in FLOATS else settled


@dataclass(slots=True)
class _Row:
    """Figures of one operation while samples come in."""

    scale: float = 0.0
    own: float = 0.0
    accumulated: float = 0.0
    risks: dict[RiskKind, Risk] = field(default_factory=dict)

    def add(self, scale: float, own: float, accumulated: float, risks: list[Risk]) -> None:
        self.scale = max(self.scale, scale)
        self.own = max(self.own, own)
        self.accumulated = max(self.accumulated, accumulated)
        for risk in risks:
            known = self.risks.get(risk.kind)
            if known is None or risk.weight > known.weight:
                self.risks[risk.kind] = risk


class _Comparison:
    """The two runs, step by step."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.exact = Arithmetic(Precision.FP32)
        self.plan: Plan = make_plan(package, self.exact)
        facts = [*self.plan.inputs.values(), *(fact for step in self.plan.steps for _, fact in step.outputs)]
        self.assumed = not any(fact is not None and fact.dtype in HALVES for fact in facts)
        self.rounded = _Halved() if self.assumed else Arithmetic(Precision.FP16)
        self._names = FLOATS if self.assumed else HALVES
        self._half = {name for name, fact in self.plan.inputs.items() if self._is_half(fact)}
        self._half |= {n for step in self.plan.steps for n, fact in step.outputs if self._is_half(fact)}
        self._steps = [replace(s, fixed=_map(s.fixed)) if self.assumed else s for s in self.plan.steps]
        self._rows = [_Row() for _ in self.plan.steps]
        self._outputs: dict[str, float] = {}

    def run(self, inputs: Mapping[str, NDArray[Any]], progress: Callable[[float], None]) -> None:
        exact, rounded = self._begin(inputs)
        for number, (step, lossy) in enumerate(zip(self.plan.steps, self._steps, strict=True)):
            arguments = _arguments(step, exact)
            own = self._own(lossy, exact)
            exact.update(step.compute(exact, self.exact))
            if step.operator.volatile:
                rounded.update({n: self.rounded.settle(exact[n], fact) for n, fact in step.outputs})
            else:
                rounded.update(lossy.compute(rounded, self.rounded))
            self._compare(number, step, arguments, exact, own, rounded)
            for name in step.frees:
                exact.pop(name, None)
                rounded.pop(name, None)
            progress((number + 1) / len(self._steps))
        for feature in self.package.outputs:
            found = difference(exact[feature.name], rounded[feature.name])
            self._outputs[feature.name] = max(found, self._outputs.get(feature.name, 0.0))

    def report(self, samples: int) -> PrecisionReport:
        rows = []
        for step, row in zip(self.plan.steps, self._rows, strict=True):
            if not step.outputs:
                continue
            name, fact = step.outputs[0]
            risks = tuple(row.risks.values())
            dtype = fact.dtype if fact else "other"
            rows.append(
                OperationPrecision(
                    step.operator.name, name, dtype, row.scale, row.own, row.accumulated, risks
                )
            )
        risky = {row.name: {risk.kind for risk in row.risks} for row in rows if row.risks}
        islands = suggest_islands(self.plan.steps, risky, set(self._half))
        return PrecisionReport(tuple(rows), samples, self.assumed, self._outputs, islands)

    def _is_half(self, fact: TensorFact | None) -> bool:
        return fact is not None and fact.dtype in self._names

    def _begin(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Constants, inputs and fresh state of both runs."""
        features = {feature.name: feature for feature in self.package.inputs}
        given = {
            f.name: np.full(f.shape, f.default, f.dtype) for f in features.values() if f.default is not None
        }
        given |= dict(inputs)
        if set(given) != set(features):
            raise InputError(
                "The inputs are not those of the model",
                came=", ".join(sorted(given)) or "none",
                allowed=", ".join(features) or "none",
            )
        starts = []
        for arithmetic in (self.exact, self.rounded):
            constants = self.plan.constants
            if self.assumed and arithmetic is self.rounded:
                constants = _map(constants)
            values = dict(constants)
            for name, feature in features.items():
                tensor = arithmetic.torch.from_numpy(take_input(feature, given[name]))
                values[name] = arithmetic.settle(tensor, self.plan.inputs[name])
            values |= {name: State(arithmetic.zeros(fact)) for name, fact in self.plan.states.items()}
            starts.append(values)
        return starts[0], starts[1]

    def _own(self, step: Step, exact: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Results on the exact inputs, with everything that is carried in half floats rounded."""
        if step.operator.volatile:
            return None
        values = {name: self._lossy(name, exact[name]) for name in step.uses if name in exact}
        results = step.compute(values, self.rounded)
        return tuple(results[name] for name, _ in step.outputs)

    def _lossy(self, name: str, value: Any) -> Any:
        if isinstance(value, State):
            return State(value.value)
        return halved(value) if self.assumed or name in self._half else value

    def _compare(
        self,
        number: int,
        step: Step,
        arguments: dict[str, Any],
        exact: Mapping[str, Any],
        own: tuple[Any, ...] | None,
        rounded: Mapping[str, Any],
    ) -> None:
        right = [exact[name] for name, _ in step.outputs]
        came = [rounded[name] for name, _ in step.outputs]
        alone = right if own is None else list(own)
        own_error = max(map(difference, right, alone), default=0.0)
        observed = Observed(
            step.operator.name,
            {key: _plain(value) for key, value in arguments.items()},
            self._half_arguments(step),
            tuple(map(_plain, right)),
            tuple(map(_plain, came)),
            bool(step.outputs) and self._is_half(step.outputs[0][1]),
            own_error,
        )
        scale = max((_scale(value) for value in right), default=0.0)
        accumulated = max(map(difference, right, came), default=0.0)
        self._rows[number].add(scale, own_error, accumulated, find_risks(observed))

    def _half_arguments(self, step: Step) -> frozenset[str]:
        """Computed inputs in half floats; a constant operand is what the file holds."""
        found = {s.parameter.name for s in step.sources if any(n in self._half for n in s.names)}
        return frozenset(found)


def halved(value: Any) -> Any:
    """Floats rounded to half floats; everything else as it is."""
    if isinstance(value, float):
        with np.errstate(over="ignore"):
            return float(np.float16(value))
    if isinstance(value, tuple):
        return tuple(map(halved, value))
    if hasattr(value, "is_floating_point") and value.is_floating_point():
        return value.half().to(value.dtype)
    return value


def difference(exact: Any, other: Any) -> float:
    """Largest absolute difference over the largest exact value; of integers the share that differs."""
    right, came = _plain(exact), _plain(other)
    if not isinstance(right, np.ndarray) or not isinstance(came, np.ndarray):
        return 0.0 if right is came or right == came else 1.0
    if right.shape != came.shape:
        return float("inf")
    if right.size == 0:
        return 0.0
    if right.dtype.kind != "f":
        return float((right != came).mean())
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(right.astype(np.float64) - came.astype(np.float64))
    apart[(right == came) | (np.isnan(right) & np.isnan(came))] = 0.0
    largest = float(np.where(np.isnan(apart), np.inf, apart).max())
    scale = _scale(right)
    return largest / scale if scale else (0.0 if largest == 0 else float("inf"))


def _scale(value: Any) -> float:
    array = _plain(value)
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return 0.0
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def _plain(value: Any) -> Any:
    """A tensor as an array, for reading only."""
    return value.numpy() if hasattr(value, "numpy") else value


def _map(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: halved(value) for name, value in values.items()}


def _arguments(step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of an operation by name, tensors of lists left out."""
    found: dict[str, Any] = dict(step.fixed)
    for source in step.sources:
        found[source.parameter.name] = _value(source, values)
    return found


def _value(source: Source, values: Mapping[str, Any]) -> Any:
    if len(source.names) == 1:
        return values[source.names[0]]
    return tuple(values[name] for name in source.names)
