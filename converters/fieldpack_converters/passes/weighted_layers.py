"""One view of the layers with weights of torch modules and of both Keras libraries.

A pass that only sees weights and inputs of layers is written once, on this view: weights as
[outputs, inputs of a group, *kernel], inputs with channels first, setters that write in place.
Transposed and separable convolutions, recurrent cells and attention are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from fieldpack.errors import SpecError
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.keras_layers import keras_weighted
from fieldpack_converters.passes.torch_layers import torch_weighted
from fieldpack_converters.passes.window import Window


class WeightedLayer(Protocol):
    """One dense layer or convolution.

    Attributes
    ----------
    name : str
        As the framework's model calls it.
    groups : int
        Of a convolution; as many as channels where it is depthwise; 1 for a dense layer.
    window : Window or None
        None for a dense layer, which reads the last axis of its input.
    channels_last : bool
        Whether a convolution's input has its channels last.
    """

    name: str
    groups: int
    window: Window | None
    channels_last: bool

    @property
    def handle(self) -> Any:
        """The framework's own layer."""

    def weights(self) -> Array:
        """float32 [outputs, inputs of a group, *kernel]."""

    def set_weights(self, weights: Array) -> None:
        """Write weights of the same shape."""

    def bias(self) -> Array | None:
        """float32 [outputs], or None where the layer has none."""

    def set_bias(self, bias: Array) -> None:
        """Write a bias of the same shape."""


def weighted_layers(opened: OpenedSource) -> list[WeightedLayer]:
    """All layers with weights that the view knows, in the model's own order."""
    found: Callable[[Any], list[Any]] = torch_weighted if opened.kind.is_torch else keras_weighted
    return list(found(opened.model))


def matching(opened: OpenedSource, pattern: str, dense_only: bool = False) -> list[WeightedLayer]:
    """The layers whose name a pass's ``layers`` finds.

    Raises
    ------
    SpecError
        None does; the message lists names that would.
    """
    known = [layer for layer in weighted_layers(opened) if not dense_only or layer.window is None]
    found = [layer for layer in known if re.search(pattern, layer.name)]
    if not found:
        raise SpecError(
            "no layer that this pass can change has a name that fits",
            came=pattern,
            allowed=", ".join(layer.name for layer in known[:12]) or "the model has no such layer",
            hint="dense layers only" if dense_only else "dense layers and convolutions",
        )
    return found


def matrix(layer: WeightedLayer) -> Array:
    """The weights as float32 [outputs, K], K = inputs of a group times the kernel's places."""
    weights = layer.weights()
    return np.ascontiguousarray(weights.reshape(weights.shape[0], -1), np.float32)


def set_matrix(layer: WeightedLayer, values: Array) -> None:
    """Write a matrix back."""
    layer.set_weights(values.reshape(layer.weights().shape))


def places(layer: WeightedLayer) -> int:
    """Places of the kernel: 1 for a dense layer, 9 for 3 x 3."""
    return 1 if layer.window is None else int(np.prod(layer.window.kernel))
