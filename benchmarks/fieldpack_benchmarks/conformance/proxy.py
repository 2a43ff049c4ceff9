"""Stands where coremltools keeps ``libcoremlpython._MLModelProxy``, Apple's runtime.

coremltools' own ``MLModel`` stays as it is: it checks names and picture modes, turns tensors into
arrays and calls the few methods below. So a test sees Core ML's conventions on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import Package, open_package
from fieldpack.coreml.state import State, States
from fieldpack.errors import FieldpackError
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
        return self._find(name).value.numpy().copy()

    def write_state(self, name: str, value: Any) -> None:
        """Set one state variable; its type and shape stay."""
        state = self._find(name)
        before = state.value.numpy()
        array = np.asarray(value)
        if array.shape != before.shape:
            raise RuntimeError(f"state {name!r} has the shape {before.shape}, not {array.shape}")
        state.value = state.value.new_tensor(array.astype(before.dtype))

    def _find(self, name: str) -> State:
        if name not in self.states.by_name:
            raise RuntimeError(f"there is no state of the name {name!r}")
        return self.states.by_name[name]


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
        try:
            extra = {} if state is None else {"state": state.states}
            outputs = self._engine.run(given, **extra)
        except FieldpackError as error:
            raise RuntimeError(f"{_refusal(self._package)} {type(error).__name__}: {error}") from error
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


def _refusal(package: Package) -> str:
    """How Core ML begins the message of a failed prediction; tests look for it."""
    kind = "ML Program" if package.model_type == "mlProgram" else "a neural network model"
    return f"Unable to compute the prediction using {kind}."


def operators_of(package: Package) -> set[str]:
    """Operators of the program, inner blocks included; those of older formats as ``layer:NAME``."""
    prefix = "" if package.model_type == "mlProgram" else "layer:"
    return {f"{prefix}{row.type}" for row in package.operations()}
