"""What each channel of a Keras model adds to the layers that read it, and what it costs.

The counterpart of ``useful_channels.py`` for Keras: variances seen on examples, and parameters by channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.in_keras.channels import MAKES, Channels, inputs_of, outputs_of, walk
from fieldpack_converters.passes.subject import Examples

BATCH = 32


def contributions(
    opened: OpenedSource, channels: Channels, spaces: Sequence[int], examples: Examples
) -> dict[int, Array]:
    """Space -> share of its readers' variance that each of its channels brings, float64 [channels].

    Parameters
    ----------
    spaces : sequence of int
        Spaces whose channels may go.
    examples : Examples
        On which the variances are taken.
    """
    readers = list(_readers(opened.model, channels, set(spaces)))
    probe = keras_library(opened.kind).Model(
        (getattr(opened.model, "_functional", None) or opened.model).inputs,
        [tensor for node, _, _ in readers for tensor in (inputs_of(node)[0], outputs_of(node)[0])],
    )
    moments = _moments(probe, examples)
    found = {space: np.zeros(channels.sizes[space]) for space in spaces}
    for number, (_, layer, segments) in enumerate(readers):
        spread, made = moments[2 * number], moments[2 * number + 1]
        kernel = np.asarray(layer.get_weights()[0], np.float64)
        read = (kernel.reshape(-1, *kernel.shape[-2:]) ** 2).sum(axis=(0, 2))
        brought, start = spread * read / max(float(made.sum()), 1e-12), 0
        for space, size in segments:
            root = channels.root(space)
            if root in found:
                found[root] += brought[start : start + size]
            start += size
    return found


def costs(opened: OpenedSource, channels: Channels, spaces: Sequence[int]) -> dict[int, float]:
    """Space -> parameters that go with one of its channels, in the layers that make, keep or read it."""
    found = dict.fromkeys(spaces, 0.0)
    for _, layer in walk(getattr(opened.model, "_functional", None) or opened.model):
        weights = layer.get_weights() if hasattr(layer, "get_weights") else []
        if not weights:
            continue
        total = sum(weight.size for weight in weights)
        for space, _ in channels.outputs[layer.name]:
            if (root := channels.root(space)) in found:
                found[root] += total / max(_width(channels.outputs[layer.name]), 1)
        if type(layer).__name__ in MAKES:
            for space, _ in channels.inputs[layer.name]:
                if (root := channels.root(space)) in found:
                    found[root] += weights[0].size / max(_width(channels.inputs[layer.name]), 1)
    return found


def _readers(
    model: Any, channels: Channels, spaces: set[int]
) -> Iterator[tuple[Any, Any, tuple[tuple[int, int], ...]]]:
    """Nodes, layers and input segments of the layers that mix channels of the spaces."""
    for node, layer in walk(getattr(model, "_functional", None) or model):
        segments = channels.inputs[layer.name]
        if type(layer).__name__ in MAKES and any(channels.root(space) in spaces for space, _ in segments):
            yield node, layer, segments


def _moments(probe: Any, examples: Examples) -> list[Array]:
    """Variance of each channel of each output of `probe`, over examples and places."""
    sums: list[list[Array]] = []
    count = 0
    for start in range(0, len(examples), BATCH):
        inputs = [np.asarray(array[start : start + BATCH], np.float32) for array in examples.inputs]
        tensors = probe(inputs, training=False)
        count += len(inputs[0])
        for place, tensor in enumerate(tensors):
            values = np.asarray(tensor, np.float64)
            rows = values.reshape(-1, values.shape[-1])
            both = [rows.mean(axis=0) * len(values), (rows**2).mean(axis=0) * len(values)]
            if len(sums) == place:
                sums.append(both)
            else:
                sums[place] = [old + new for old, new in zip(sums[place], both, strict=True)]
    return [np.maximum(square / count - (mean / count) ** 2, 0.0) for mean, square in sums]


def _width(segments: tuple[tuple[int, int], ...]) -> int:
    return sum(size for _, size in segments)
