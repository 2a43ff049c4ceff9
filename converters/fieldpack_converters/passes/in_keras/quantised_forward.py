"""A Keras model's forward pass as its static int8 TFLite file computes it.

A tensor is rounded where the file stores it: behind a layer with the batch norm and the ReLU that are fused
into it. Layers that only move values keep the range of their input. Batch norms use their moving statistics.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack.errors import UnsupportedError
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.in_keras.channels import inputs_of, outputs_of, walk
from fieldpack_converters.passes.in_keras.fake_quantisation import WatchedRange, rounded_activation
from fieldpack_converters.passes.in_keras.quantised_layers import QuantisedLayer, can_quantise

MOVES = frozenset({
    "Flatten", "Reshape", "Permute", "MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "Identity",
    "ZeroPadding2D", "Cropping2D", "UpSampling2D",
})  # fmt: skip
ABSENT = frozenset({"Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"})
FUSES_RELU = frozenset({"Add", "Subtract", "Multiply"})
FIXED = {"softmax": (0.0, 255 / 256), "sigmoid": (0.0, 255 / 256), "tanh": (-1.0, 127 / 128)}
"""Ranges that TFLite's kernels demand."""


class QuantisedForward:
    """Calls the layers of a functional model one by one and rounds what is between them.

    Parameters
    ----------
    pattern : str
        Regular expression of the layers whose weights are rounded.

    Raises
    ------
    UnsupportedError
        The model holds another model.
    """

    def __init__(self, opened: OpenedSource, pattern: str) -> None:
        import tensorflow as tf

        model = opened.model
        nested = [layer.name for layer in model.layers if getattr(layer, "layers", None)]
        if nested:
            raise UnsupportedError(
                "a model inside the model cannot be trained for 8 bits",
                came=nested[0],
                hint="flatten it before packing",
            )
        self._source = getattr(model, "_functional", None) or model
        self._nodes = list(walk(self._source))
        self._readers: dict[int, list[tuple[Any, Any]]] = {}
        for node, layer in self._nodes:
            for tensor in inputs_of(node):
                self._readers.setdefault(id(tensor), []).append((node, layer))
        self._ends = {id(tensor) for tensor in self._source.outputs}
        self.fixed = tf.Variable(False, trainable=False)
        self._ranges: dict[str, WatchedRange] = {}
        self._seen: dict[str, Any] | None = None
        self.layers = self._quantised(pattern)
        self._folded = {id(one.norm) for one in self.layers.values() if one.norm is not None}
        self._declare()

    def fix(self, on: bool) -> None:
        """Whether ranges stand still, or follow the batches."""
        self.fixed.assign(on)

    def ranges(self) -> dict[str, list[float]]:
        """[low, high] by the layer that made the tensor; ``name:sum`` is before its activation."""
        return {name: watched.ends() for name, watched in self._ranges.items()}

    def seen(self, inputs: list[Any]) -> dict[str, Array]:
        """What every tensor with a range holds, without rounding of activations."""
        self._seen = {}
        try:
            self(inputs)
            return {name: np.asarray(values) for name, values in self._seen.items()}
        finally:
            self._seen = None

    def restore(self, ranges: dict[str, list[float]]) -> None:
        """Fix every range to what ``ranges()`` told."""
        for name, watched in self._ranges.items():
            watched.set(ranges[name])
        self.fix(True)

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """All outputs, flat."""
        values = {
            id(symbol): self._watched(symbol.name.split(":")[0], value)
            for symbol, value in zip(self._source.inputs, inputs, strict=True)
        }
        for node, layer in self._nodes:
            made = self._called(node, layer, values)
            for symbol, value in zip(outputs_of(node), made, strict=True):
                values[id(symbol)] = value
        return [values[id(symbol)] for symbol in self._source.outputs]

    def _quantised(self, pattern: str) -> dict[str, QuantisedLayer]:
        found, calls = {}, [layer.name for _, layer in self._nodes]
        for node, layer in self._nodes:
            if not can_quantise(layer) or not re.search(pattern, layer.name):
                continue
            norm, reader = None, self._only_reader(outputs_of(node)[0])
            if (
                reader is not None
                and type(reader).__name__ == "BatchNormalization"
                and _word(layer) == "linear"
            ):
                norm = reader if calls.count(layer.name) == calls.count(reader.name) == 1 else None
            found[layer.name] = QuantisedLayer(layer, norm)
        return found

    def _only_reader(self, tensor: Any) -> Any | None:
        readers = self._readers.get(id(tensor), [])
        return readers[0][1] if len(readers) == 1 and id(tensor) not in self._ends else None

    def _declare(self) -> None:
        """Make the ranges outside of any graph: each layer's, and its sum's where the activation is apart."""
        for symbol in self._source.inputs:
            self._ranges[symbol.name.split(":")[0]] = WatchedRange(self.fixed)
        for node, layer in self._nodes:
            if layer.name in self.layers and _word(layer) not in ("linear", "relu", "relu6"):
                self._ranges[f"{layer.name}:sum"] = WatchedRange(self.fixed)
            if self._stored(node, layer) and _word(layer) not in FIXED:
                self._ranges[layer.name] = WatchedRange(self.fixed)

    def _stored(self, node: Any, layer: Any) -> bool:
        """Whether the file keeps what the call makes as integers of a range of its own."""
        kind = type(layer).__name__
        if kind in MOVES or kind in ABSENT:
            return False
        own = self.layers.get(layer.name)
        if own is not None and own.norm is not None:
            return False
        fuses = kind in FUSES_RELU or own is not None or id(layer) in self._folded
        reader = self._only_reader(outputs_of(node)[0])
        return not (fuses and reader is not None and _word(layer) == "linear" and _is_relu(reader))

    def _watched(self, name: str, value: Any) -> Any:
        watched = self._ranges.get(name)
        if self._seen is not None:
            self._seen.update({} if watched is None else {name: value})
            return value
        return value if watched is None else watched(value)

    def _called(self, node: Any, layer: Any, values: dict[int, Any]) -> list[Any]:
        import tensorflow as tf

        given = [values[id(tensor)] for tensor in inputs_of(node)]
        own = self.layers.get(layer.name)
        if type(layer).__name__ in ABSENT or id(layer) in self._folded:
            made = given  # folded: the layer before it has done its work
        elif own is not None:
            made = [layer.activation(self._watched(f"{layer.name}:sum", own.linear(given[0])))]
        else:
            made = tf.nest.flatten(_plain(node, layer, values))
        return [
            self._rounded(symbol, layer, value) for symbol, value in zip(outputs_of(node), made, strict=True)
        ]

    def _rounded(self, symbol: Any, layer: Any, value: Any) -> Any:
        if _word(layer) in FIXED and self._seen is None:
            # The last probabilities stay whole: a loss needs their logarithm.
            return value if id(symbol) in self._ends else rounded_activation(value, *FIXED[_word(layer)])
        return self._watched(layer.name, value)


def _word(layer: Any) -> str:
    """The name of a layer's activation."""
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))


def _is_relu(layer: Any) -> bool:
    if type(layer).__name__ == "ReLU":
        plain = not getattr(layer, "negative_slope", 0.0) and not getattr(layer, "threshold", 0.0)
        return plain and getattr(layer, "max_value", None) in (None, 6.0)
    return type(layer).__name__ == "Activation" and _word(layer) in ("relu", "relu6")


def _plain(node: Any, layer: Any, values: dict[int, Any]) -> Any:
    if hasattr(node, "operation"):
        arguments, keywords = node.arguments.fill_in(values)
    else:
        arguments, keywords = node.map_arguments({str(key): [value] * 99 for key, value in values.items()})
    call: Callable[..., Any] = layer
    if type(layer).__name__ == "BatchNormalization":
        keywords = {**keywords, "training": False}
    return call(*arguments, **keywords)
