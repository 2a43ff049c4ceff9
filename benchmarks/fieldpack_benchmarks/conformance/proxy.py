"""Stands where coremltools keeps ``libcoremlpython._MLModelProxy``, Apple's runtime.

coremltools' own ``MLModel`` stays as it is: it checks names and picture modes, turns tensors into
arrays and calls the few methods below. So a test sees Core ML's conventions on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import Package, open_package
from fieldpack.coreml.state import States
from fieldpack.errors import FieldpackError, UnsupportedError
from fieldpack_benchmarks.conformance.border import from_engine, to_engine

SPECIFICATION = 10
"""Highest version that ``open_package`` reads."""


@dataclass
class Watch:
    """What the running test has asked of the runtime; the plugin clears it before each test."""

    reached: bool = False
    operators: set[str] = field(default_factory=set)
    engines: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget the last test."""
        self.reached = False
        self.operators.clear()
        self.engines.clear()


WATCH = Watch()


@dataclass
class Settings:
    """Which engine and which arithmetic stand in for Core ML."""

    kind: EngineKind = EngineKind.REFERENCE
    precision: Precision = Precision.FP32


SETTINGS = Settings()


class StateProxy:
    """One state object, as ``MLState`` holds it."""

    def __init__(self, states: States) -> None:
        self.states = states

    def read_state(self, name: str) -> Any:
        """Value of one state variable, as an array."""
        return _answer(lambda: self.states.read(name), "Unable to read the state.")

    def write_state(self, name: str, value: Any) -> None:
        """Set one state variable; its type and shape stay."""
        _answer(lambda: self.states.write(name, np.asarray(value)), "Unable to write the state.")


class ModelProxy:
    """One loaded model."""

    def __init__(self, path: str, compute_units: str, function: str, hints: Any, asset: Any = None) -> None:
        try:
            self._package = open_package(Path(path), function or None)
        except FieldpackError as error:
            WATCH.reached = True
            raise RuntimeError(str(error)) from error

    @staticmethod
    def maximum_supported_specification_version() -> int:
        """Newest specification that can be loaded."""
        return SPECIFICATION

    @cached_property
    def _engine(self) -> Any:
        return open_engine(self._package, SETTINGS.precision, kind=SETTINGS.kind)

    def predict(self, inputs: dict[str, Any], state: StateProxy | None = None) -> dict[str, Any]:
        """Run once."""
        WATCH.reached = True
        features = {feature.name: feature for feature in self._package.inputs}
        given = {
            name: to_engine(features[name], value) for name, value in inputs.items() if value is not None
        }
        extra = {} if state is None else {"state": state.states}
        outputs = _answer(lambda: self._engine.run(given, **extra), _refusal(self._package))
        WATCH.operators.update(operators_of(self._package))
        WATCH.engines.add(str(self._engine.kind))
        declared = {feature.name: feature for feature in self._package.outputs}
        return from_engine(outputs, declared, self._package.labels)

    def batchPredict(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N802
        """Run once per entry."""
        return [self.predict(inputs) for inputs in batch]

    def newState(self) -> StateProxy:  # noqa: N802
        """A state object with the values that the model starts with."""
        WATCH.reached = True
        return StateProxy(self._engine.make_state())


def _answer(ask: Callable[[], Any], refusal: str) -> Any:
    """What the runtime gives; its errors as Core ML's binding raises them.

    What is not supported yet is no judgement on the program, so it never looks like Core ML's
    refusal, which some tests expect.
    """
    try:
        return ask()
    except UnsupportedError:
        raise
    except FieldpackError as error:
        raise RuntimeError(f"{refusal} {type(error).__name__}: {error}") from error


def _refusal(package: Package) -> str:
    """How Core ML begins the message of a failed prediction; tests look for it."""
    kind = "ML Program" if package.model_type == "mlProgram" else "a neural network model"
    return f"Unable to compute the prediction using {kind}."


def operators_of(package: Package) -> set[str]:
    """Operators of the program, inner blocks included; those of older formats as ``layer:NAME``."""
    prefix = "" if package.model_type == "mlProgram" else "layer:"
    return {f"{prefix}{row.type}" for row in package.operations()}
