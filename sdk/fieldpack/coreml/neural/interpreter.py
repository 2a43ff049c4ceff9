"""Runs a neural network of the older format layer by layer with torch, on any machine.

``graph`` binds the layers, ``border`` fixes what goes in and out. Every blob is float32; with
``Precision.FP16`` weights and blobs are rounded to float16, which the format leaves to the device; not
inputs of whole numbers and blobs of places and sizes.
Figures made here carry the evidence class ``reference``: no Apple software takes part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.engine import EngineKind
from fieldpack.coreml.exchange import give_output
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.neural.border import give_blob, take_blob
from fieldpack.coreml.neural.graph import make_graph
from fieldpack.coreml.package import Package
from fieldpack.coreml.threads import thread_count
from fieldpack.errors import InputError, ModelFileError

__all__ = ["NeuralInterpreter", "Precision"]


class NeuralInterpreter:
    """A neural network made ready to run: weights decoded, layers bound.

    Parameters
    ----------
    package : Package
        From ``open_package``, of a kind in ``network.NETWORKS``.
    precision : Precision
        ``fp32`` (default) or ``fp16``.
    threads : int, optional
        Threads that torch uses during ``run``; its own setting otherwise.

    Raises
    ------
    MissingDependencyError
        torch is not installed.
    UnsupportedError
        The network uses a kind of layer that is not there, or the model is no neural network.
    ModelFileError
        The network contradicts itself.
    """

    kind = EngineKind.REFERENCE

    def __init__(
        self, package: Package, precision: Precision = Precision.FP32, threads: int | None = None
    ) -> None:
        self.package = package
        self.threads = threads
        self._network = package.network
        self._arithmetic = Arithmetic(precision)
        self._defined = {feature.name for feature in package.inputs}
        with self._arithmetic.torch.inference_mode():
            layers, version = self._network.layers, self._network.specification
            self._graph = make_graph(layers, version, self._arithmetic, self._defined)
        self._blobs = {feature.name: self._blob_of(feature) for feature in package.outputs}
        self._check_outputs()

    @property
    def precision(self) -> Precision:
        """The arithmetic that runs."""
        return self._arithmetic.precision

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the network once.

        Parameters
        ----------
        inputs : mapping of name to array
            One array per input feature; pictures as RGB ``[1, H, W, 3]``, 0..255 (see ``feature``);
            arrays of a rank 5 network may carry sequence and batch in front. Optional inputs that
            are left out are zeros, or the declared default.

        Returns
        -------
        dict of name to array
            In the declared order and type (see ``exchange.give_output``).

        Raises
        ------
        InputError
            A name, shape, type or range does not fit.
        ModelFileError
            A layer cannot be computed.
        """
        values = self._execute(inputs, set(self._blobs.values()))
        return {feature.name: self._give(feature, values) for feature in self.package.outputs}

    def run_intermediates(
        self, inputs: Mapping[str, NDArray[Any]], names: Iterable[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Run the network once and return blobs by their name.

        Parameters
        ----------
        inputs : mapping of name to array
            As for ``run``.
        names : iterable of str, optional
            Inputs or blobs of layers; every blob of a layer where none are given, in order.

        Returns
        -------
        dict of name to float32 array
            With the axes that the layers see.

        Raises
        ------
        InputError
            As for ``run``, or a name that the network does not have.
        """
        computed = [name for step in self._graph.steps for name in step.outputs]
        wanted = list(dict.fromkeys(computed)) if names is None else list(names)
        strange = sorted(set(wanted) - self._defined)
        if strange:
            raise InputError(
                "The network has no such blob",
                came=", ".join(strange),
                allowed=f"its {len(self._defined)} names",
                hint="leave names out to see all blobs",
            )
        values = self._execute(inputs, set(wanted))
        return {name: self._arithmetic.to_numpy(values[name]) for name in wanted if name in values}

    def _execute(self, inputs: Mapping[str, NDArray[Any]], keep: set[str]) -> dict[str, Any]:
        torch = self._arithmetic.torch
        with torch.inference_mode(), thread_count(torch, self.threads):
            values = self._take(inputs)
            self._graph.run(values, keep)
        return values

    def _computed(self, values: Mapping[str, Any], feature: Feature) -> NDArray[Any]:
        blob = self._blobs[feature.name]
        if blob not in values:
            raise ModelFileError(
                f"Output {feature.name!r} was not computed in this run",
                came=blob,
                hint="a branch or a loop of the model left it out",
            )
        found: NDArray[Any] = self._arithmetic.to_numpy(values[blob])
        return found

    def _take(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        features = {feature.name: feature for feature in self.package.inputs}
        absent = {name for name, feature in features.items() if name not in inputs and feature.optional}
        if set(inputs) | absent != set(features):
            raise InputError(
                "The inputs are not those of the model",
                came=", ".join(sorted(inputs)) or "none",
                allowed=", ".join(features) or "none",
            )
        values = {}
        for name, feature in features.items():
            given = _default(feature) if name in absent else inputs[name]
            tensor = self._arithmetic.torch.from_numpy(take_blob(feature, given, self._network))
            rounded = self.precision is Precision.FP16 and not feature.dtype.startswith("int")
            values[name] = tensor.half().float() if rounded else tensor
        return values

    def _blob_of(self, feature: Feature) -> str:
        """Blob behind an output: that of its name, or the probabilities of a classifier."""
        if self._network.labels is not None and feature.kind in ("dictionary", "string", "int64"):
            return self._network.probabilities
        return feature.name

    def _check_outputs(self) -> None:
        for name, blob in self._blobs.items():
            if blob not in self._defined:
                raise ModelFileError(
                    f"Output {name!r} is not computed by any layer",
                    came=blob or "no name",
                    allowed=f"one of {len(self._defined)} blobs",
                )

    def _give(self, feature: Feature, values: Mapping[str, Any]) -> NDArray[Any]:
        blob = self._computed(values, feature)
        labels = self._network.labels
        if labels is None or feature.kind not in ("dictionary", "string", "int64"):
            return give_output(feature, give_blob(feature, blob, self._network))
        if blob.size != len(labels):
            raise ModelFileError(
                "The classifier has another number of probabilities than labels",
                came=blob.size,
                allowed=str(len(labels)),
            )
        if feature.kind == "dictionary":
            return give_output(feature, blob.reshape(-1))
        return give_output(feature, labels[int(blob.argmax())])


def _default(feature: Feature) -> NDArray[Any]:
    return np.full(feature.shape, feature.default or 0, dtype=feature.dtype)
