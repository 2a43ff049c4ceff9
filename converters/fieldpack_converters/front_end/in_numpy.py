"""Graphs in numpy: the reference, in float64 or as float32.

Sums of products are formed in float64 and rounded once, since the order of a float32 sum is the processor's
(a BLAS for AVX2 is half again as far off as one for AVX-512), and each engine has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fieldpack_converters.front_end.operations import Graph, Operation

Array = NDArray[np.floating[Any]]


def run(graph: Graph, sounds: Array, dtype: DTypeLike = np.float64) -> Array:
    """The graph's output on a batch.

    Parameters
    ----------
    sounds : ndarray
        [N, samples].
    dtype : dtype
        Of every number that an operation takes or gives.

    Returns
    -------
    ndarray
        [N, ...] of that type.
    """
    values: list[Array] = [np.asarray(sounds, dtype)]
    for one in graph.operations[1:]:
        rounded = {
            key: item.astype(dtype) if isinstance(item, np.ndarray) else item
            for key, item in one.settings.items()
        }
        operation = Operation(one.name, one.inputs, one.shape, rounded)
        values.append(RUN[one.name](operation, *(values[place] for place in one.inputs)))
    return values[-1]


def _reshape(one: Operation, value: Array) -> Array:
    return value.reshape(len(value), *one.shape)


def _transpose(one: Operation, value: Array) -> Array:
    return value.transpose(0, *(axis + 1 for axis in one.settings["axes"]))


def _pad(one: Operation, value: Array) -> Array:
    widths = [(0, 0), (one.settings["before"], one.settings["after"])]
    padded: Array = np.pad(value, widths + [(0, 0)] * (value.ndim - 2), mode=one.settings["mode"])
    return padded


def _part(one: Operation, value: Array) -> Array:
    words = one.settings
    cut = slice(words["start"], words["stop"], words["step"])
    kept: Array = value[(slice(None),) * (words["axis"] + 1) + (cut,)]
    return kept


def _concatenate(one: Operation, *values: Array) -> Array:
    return np.concatenate(values, axis=one.settings["axis"] + 1)


def _convolve(one: Operation, value: Array) -> Array:
    kernel = one.settings["kernel"]
    frames = np.lib.stride_tricks.sliding_window_view(value, kernel.shape[0], axis=1)
    return _products(frames[:, :: one.settings["hop"]], kernel)


def _products(value: Array, matrix: Array) -> Array:
    result: Array = (value.astype(np.float64) @ matrix.astype(np.float64)).astype(value.dtype)
    return result


def _reduced(name: str) -> Callable[..., Array]:
    reduce = getattr(np, name)

    def run_it(one: Operation, value: Array) -> Array:
        result: Array = reduce(value, axis=tuple(range(1, value.ndim)), keepdims=True)
        return result

    return run_it


RUN: dict[str, Callable[..., Array]] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "pad": _pad,
    "part": _part,
    "concatenate": _concatenate,
    "reverse": lambda one, value: value[..., ::-1],
    "pick": lambda one, value: value[..., list(one.settings["places"])],
    "matmul": lambda one, value: _products(value, one.settings["matrix"]),
    "convolve": _convolve,
    "real_of_fft": lambda one, value: np.fft.rfft(value, axis=-1).real.astype(value.dtype),
    "imaginary_of_fft": lambda one, value: np.fft.rfft(value, axis=-1).imag.astype(value.dtype),
    "plus": lambda one, a, b: a + b,
    "minus": lambda one, a, b: a - b,
    "over": lambda one, a, b: a / b,
    "scaled": lambda one, value: value * one.settings["factor"],
    "shifted": lambda one, value: value + one.settings["offset"],
    "squared": lambda one, value: np.square(value),
    "root": lambda one, value: np.sqrt(value),
    "magnitude": lambda one, value: np.abs(value),
    "logarithm": lambda one, value: np.log(value),
    "power": lambda one, value: value ** value.dtype.type(one.settings["exponent"]),
    "at_least": lambda one, value: np.maximum(value, value.dtype.type(one.settings["floor"])),
    "larger": lambda one, a, b: np.maximum(a, b),
    "smaller": lambda one, a, b: np.minimum(a, b),
    "floor": lambda one, value: np.floor(value),
    "sine": lambda one, value: np.sin(value),
    "max": _reduced("max"),
    "min": _reduced("min"),
    "mean": _reduced("mean"),
}
"""Operation -> what it does to arrays that lead with the batch axis."""
