"""Graphs in Keras 3: a layer of plain operations, and the model that holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from fieldpack_converters.front_end.operations import Graph, Operation


class FrontEndLayer(keras.Layer):  # type: ignore[misc]
    """A graph as a layer without trainable weights: float32 [N, samples] to [N, ...].

    Parameters
    ----------
    graph : Graph
        See :func:`fieldpack_converters.front_end.spectrogram.graph_of`.
    """

    def __init__(self, graph: Graph, **words: Any) -> None:
        super().__init__(trainable=False, dtype="float32", **words)
        self._operations = graph.operations

    def call(self, sounds: Any) -> Any:
        """Run the operations in order."""
        values = [sounds]
        for one in self._operations[1:]:
            rounded = {
                key: ops.convert_to_tensor(item.astype(np.float32)) if isinstance(item, np.ndarray) else item
                for key, item in one.settings.items()
            }
            held = Operation(one.name, one.inputs, one.shape, rounded)
            values.append(RUN[one.name](held, *(values[before] for before in one.inputs)))
        return values[-1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The batch axis and the graph's shape."""
        return (input_shape[0], *self._operations[-1].shape)


def front_end_model(graph: Graph) -> keras.Model:
    """The layer alone in a model named ``front_end``, input ``sound``."""
    sound = keras.Input(graph.operations[0].shape, name="sound")
    return keras.Model(sound, FrontEndLayer(graph, name="spectrogram")(sound), name="front_end")


def _reshape(one: Operation, value: Any) -> Any:
    return ops.reshape(value, (-1, *one.shape))


def _transpose(one: Operation, value: Any) -> Any:
    return ops.transpose(value, (0, *(axis + 1 for axis in one.settings["axes"])))


def _pad(one: Operation, value: Any) -> Any:
    widths = [(0, 0), (one.settings["before"], one.settings["after"])]
    return ops.pad(value, widths + [(0, 0)] * (len(value.shape) - 2), mode=one.settings["mode"])


def _part(one: Operation, value: Any) -> Any:
    words = one.settings
    cut = slice(words["start"], words["stop"], words["step"])
    return value[(slice(None),) * (words["axis"] + 1) + (cut,)]


def _concatenate(one: Operation, *values: Any) -> Any:
    return ops.concatenate(values, axis=one.settings["axis"] + 1)


def _convolve(one: Operation, value: Any) -> Any:
    kernel = one.settings["kernel"][:, None]
    return ops.conv(value[..., None], kernel, strides=one.settings["hop"], padding="valid")


def _reduced(name: str) -> Callable[..., Any]:
    def run_it(one: Operation, value: Any) -> Any:
        return getattr(ops, name)(value, axis=tuple(range(1, len(value.shape))), keepdims=True)

    return run_it


RUN: dict[str, Callable[..., Any]] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "pad": _pad,
    "part": _part,
    "concatenate": _concatenate,
    "reverse": lambda one, value: ops.flip(value, -1),
    "pick": lambda one, value: ops.take(value, np.array(one.settings["places"], np.int32), axis=-1),
    "matmul": lambda one, value: ops.matmul(value, one.settings["matrix"]),
    "convolve": _convolve,
    "real_of_fft": lambda one, value: ops.rfft(value)[0],
    "imaginary_of_fft": lambda one, value: ops.rfft(value)[1],
    "plus": lambda one, a, b: a + b,
    "minus": lambda one, a, b: a - b,
    "over": lambda one, a, b: a / b,
    "scaled": lambda one, value: value * one.settings["factor"],
    "shifted": lambda one, value: value + one.settings["offset"],
    "squared": lambda one, value: value * value,
    "root": lambda one, value: ops.sqrt(value),
    "magnitude": lambda one, value: ops.abs(value),
    "logarithm": lambda one, value: ops.log(value),
    "power": lambda one, value: ops.power(value, one.settings["exponent"]),
    "at_least": lambda one, value: ops.maximum(value, one.settings["floor"]),
    "larger": lambda one, a, b: ops.maximum(a, b),
    "smaller": lambda one, a, b: ops.minimum(a, b),
    "floor": lambda one, value: ops.floor(value),
    "sine": lambda one, value: ops.sin(value),
    "max": _reduced("max"),
    "min": _reduced("min"),
    "mean": _reduced("mean"),
}
"""Operation -> what it does to tensors that lead with the batch axis."""
