"""Runs the models of a pipeline one after the other, values handed on by the name of their feature.

A value goes from model to model as an app would see it: pictures as RGB, arrays in the declared
type. A model may be a neural network, an ML Program or a pipeline again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.neural.network import NETWORKS
from fieldpack.coreml.neural.stages import PIPELINES
from fieldpack.coreml.package import Package
from fieldpack.errors import FieldpackError, InputError, ModelFileError, UnsupportedError

__all__ = ["PipelineRunner"]


class _Runner(Protocol):
    package: Package

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]: ...


class PipelineRunner:
    """A pipeline made ready to run.

    Parameters
    ----------
    package : Package
        From ``open_package``, of a kind in ``stages.PIPELINES``.
    precision : Precision
        ``fp32`` (default) or ``fp16``, of every model.
    threads : int, optional
        Threads that torch uses during ``run``; its own setting otherwise.

    Raises
    ------
    MissingDependencyError
        torch is not installed.
    UnsupportedError
        A model is of a kind that cannot be run, or the package is no pipeline.
    ModelFileError
        A model contradicts itself, or takes or lacks a feature that no one gives.
    """

    kind = EngineKind.REFERENCE

    def __init__(
        self, package: Package, precision: Precision = Precision.FP32, threads: int | None = None
    ) -> None:
        if package.model_type not in PIPELINES:
            raise UnsupportedError(
                "The model is no pipeline", came=package.model_type, allowed=", ".join(PIPELINES)
            )
        self.package = package
        self.precision = Precision(precision)
        self.threads = threads
        self._runners = [
            _runner(stage, place, self.precision, threads) for place, stage in enumerate(package.stages)
        ]
        self._check_names()

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run all models once.

        Parameters
        ----------
        inputs : mapping of name to array
            One array per input feature of the pipeline, as for ``NeuralInterpreter.run``.

        Returns
        -------
        dict of name to array
            In the declared order.

        Raises
        ------
        InputError
            A name, shape, type or range does not fit.
        ModelFileError
            A model cannot be computed, or does not take what another gives.
        """
        values = self._execute(inputs)
        return {feature.name: values[feature.name] for feature in self.package.outputs}

    def run_intermediates(
        self, inputs: Mapping[str, NDArray[Any]], names: Iterable[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Run all models once and return features by their name.

        Parameters
        ----------
        inputs : mapping of name to array
            As for ``run``.
        names : iterable of str, optional
            Features of any model; every output of a model where none are given.

        Raises
        ------
        InputError
            As for ``run``, or a name that no model has.
        """
        given = dict.fromkeys(f.name for stage in self.package.stages for f in stage.outputs)
        known = {**given, **dict.fromkeys(f.name for f in self.package.inputs)}
        wanted = list(given) if names is None else list(names)
        strange = sorted(set(wanted) - set(known))
        if strange:
            raise InputError(
                "The pipeline has no such feature", came=", ".join(strange), allowed=", ".join(known)
            )
        values = self._execute(inputs)
        return {name: values[name] for name in wanted if name in values}

    def _execute(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        self._check_inputs(inputs)
        values = dict(inputs)
        for place, runner in enumerate(self._runners):
            features = [feature for feature in runner.package.inputs if feature.name in values]
            computed = {name for name in values if name not in inputs}
            try:
                handed = {f.name: _handed_on(f, values[f.name], f.name in computed) for f in features}
                values.update(runner.run(handed))
            except FieldpackError as error:
                raise _blamed(error, place, runner.package, inputs, computed) from error
        return values

    def _check_inputs(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        needed = {feature.name for feature in self.package.inputs if not feature.optional}
        known = {feature.name for feature in self.package.inputs}
        if not needed <= set(inputs) <= known:
            raise InputError(
                "The inputs are not those of the model",
                came=", ".join(sorted(inputs)) or "none",
                allowed=", ".join(sorted(known)) or "none",
            )

    def _check_names(self) -> None:
        known = {feature.name for feature in self.package.inputs}
        for place, runner in enumerate(self._runners):
            for feature in runner.package.inputs:
                if feature.name not in known and not feature.optional:
                    raise ModelFileError(
                        f"Model {place} of the pipeline takes a feature that no one gives",
                        came=feature.name,
                        allowed=", ".join(sorted(known)),
                    )
            known |= {feature.name for feature in runner.package.outputs}
        for feature in self.package.outputs:
            if feature.name not in known:
                raise ModelFileError(
                    f"Output {feature.name!r} is given by no model of the pipeline",
                    allowed=", ".join(sorted(known)),
                )


def _runner(package: Package, place: int, precision: Precision, threads: int | None) -> _Runner:
    if package.model_type in NETWORKS:
        from fieldpack.coreml.neural.interpreter import NeuralInterpreter

        return NeuralInterpreter(package, precision, threads)
    if package.model_type in PIPELINES:
        return PipelineRunner(package, precision, threads)
    if package.model_type == "mlProgram":
        from fieldpack.coreml.interpreter import Interpreter

        return Interpreter(package, precision, threads)
    raise UnsupportedError(
        f"Model {place} of the pipeline cannot be run",
        came=package.model_type,
        allowed=", ".join(["mlProgram", *NETWORKS, *PIPELINES]),
        hint="run the model on a device",
    )


def _handed_on(feature: Feature, value: NDArray[Any], computed: bool) -> NDArray[Any]:
    """A value as the next model takes it: Core ML changes the type of arrays between models."""
    if not computed or feature.kind != "multiarray" or not isinstance(value, np.ndarray):
        return value
    cast = value.astype(feature.dtype)
    if cast.shape != feature.shape and not feature.allows(cast.shape) and cast.size == np.prod(feature.shape):
        cast = cast.reshape(feature.shape)
    return cast


def _blamed(
    error: FieldpackError, place: int, package: Package, inputs: Mapping[str, Any], computed: set[str]
) -> FieldpackError:
    """The error with the model's place; what another model gave is the file's fault and not the caller's."""
    mine = any(f.name in inputs and f.name not in computed for f in package.inputs)
    kind = type(error) if mine or not isinstance(error, InputError) else ModelFileError
    return kind(
        f"Model {place} of the pipeline: {error.what}",
        came=error.came,
        allowed=error.allowed,
        hint=error.hint,
    )
