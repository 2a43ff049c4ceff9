"""Which channels of a Keras model hang together.

Every tensor's last axis is a list of segments; a segment is a space of channels that some layer makes.
Additions and products tie the spaces of their inputs; norms, depthwise convolutions, activations, padding and
pooling keep them; concatenation lists them; flattening repeats them. A layer that is not known, an input of
the model and an output of the model freeze theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array

KEEPS = frozenset({
    "BatchNormalization", "DepthwiseConv2D", "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout",
    "SpatialDropout2D", "ZeroPadding2D", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D",
    "GlobalMaxPooling2D", "UpSampling2D", "Cropping2D", "Identity", "GaussianNoise",
})  # fmt: skip
MAKES = frozenset({"Conv2D", "Dense"})
TIES = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract"})

Segments = tuple[tuple[int, int], ...]
"""(space, size) after another."""


@dataclass(slots=True)
class Channels:
    """What was found.

    Attributes
    ----------
    inputs, outputs : dict
        Layer name -> segments of its first input and of its output.
    makers : dict
        Space -> the layers that make it.
    sizes : dict
        Space -> its channels.
    frozen : set
        Spaces that must stay.
    """

    inputs: dict[str, Segments] = field(default_factory=dict)
    outputs: dict[str, Segments] = field(default_factory=dict)
    makers: dict[int, list[Any]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    _parents: dict[int, int] = field(default_factory=dict)

    def root(self, space: int) -> int:
        """The space that stands for all that are tied to it."""
        while self._parents.get(space, space) != space:
            space = self._parents[space]
        return space

    def tie(self, one: int, other: int) -> None:
        """Make two spaces one."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return
        self._parents[other] = one
        self.makers[one] += self.makers.pop(other)
        if other in self.frozen:
            self.frozen.add(one)

    def fresh(self, size: int, maker: Any = None) -> Segments:
        """A new space; frozen where no layer that can be pruned makes it."""
        space = len(self._parents)
        self._parents[space], self.sizes[space] = space, size
        self.makers[space] = [] if maker is None else [maker]
        if maker is None:
            self.frozen.add(space)
        return ((space, size),)

    def freeze(self, segments: Segments) -> None:
        """Keep all of these."""
        self.frozen |= {self.root(space) for space, _ in segments}

    def kept(self, segments: Segments, choice: dict[int, Array]) -> Array:
        """Indices on the axis that stay, for the chosen indices of each space."""
        found, start = [], 0
        for space, size in segments:
            root = self.root(space)
            found.append(start + (choice[root] if root in choice else np.arange(size)))
            start += size
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def find_channels(model: Any) -> Channels:
    """Walk a functional model from its inputs to its outputs."""
    channels = Channels()
    source = getattr(model, "_functional", None) or model
    tensors = {id(tensor): channels.fresh(int(tensor.shape[-1] or 1)) for tensor in source.inputs}
    uses: dict[str, int] = {}
    for node, layer in walk(source):
        given = [tensors[id(tensor)] for tensor in inputs_of(node)]
        uses[layer.name] = uses.get(layer.name, 0) + 1
        made = _through(channels, layer, given, outputs_of(node)[0])
        channels.inputs[layer.name], channels.outputs[layer.name] = given[0], made
        for tensor in outputs_of(node):
            tensors[id(tensor)] = made
        if uses[layer.name] > 1:  # the same weights on other channels
            for segments in (*given, made):
                channels.freeze(segments)
    for tensor in source.outputs:
        channels.freeze(tensors[id(tensor)])
    channels.frozen = {channels.root(space) for space in channels.frozen}
    return channels


def walk(source: Any) -> Iterator[tuple[Any, Any]]:
    """Nodes and their layers, inputs first."""
    for depth in sorted(source._nodes_by_depth, reverse=True):
        for node in source._nodes_by_depth[depth]:
            if not node.is_input:
                yield node, getattr(node, "operation", None) or node.layer


def inputs_of(node: Any) -> list[Any]:
    """Tensors that a node reads, in either library."""
    return list(node.input_tensors if hasattr(node, "operation") else node.keras_inputs)


def outputs_of(node: Any) -> list[Any]:
    """Tensors that a node makes."""
    outputs = node.outputs
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _through(channels: Channels, layer: Any, given: list[Segments], output: Any) -> Segments:
    kind = type(layer).__name__
    size = int(output.shape[-1] or 1)
    if kind in MAKES and getattr(layer, "groups", 1) == 1 and _last(layer):
        return channels.fresh(size, layer)
    if kind in KEEPS and _last(layer) and _width(given[0]) == size:
        return given[0]
    if kind in TIES and all(_sizes(one) == _sizes(given[0]) for one in given):
        for other in given[1:]:
            for (one, _), (two, _) in zip(given[0], other, strict=True):
                channels.tie(one, two)
        return given[0]
    if kind == "Concatenate" and layer.axis in (-1, len(output.shape) - 1):
        return tuple(segment for one in given for segment in one)
    if kind in ("Flatten", "Reshape") and size % _width(given[0]) == 0:
        repeats = size // _width(given[0])
        if kind == "Flatten" or repeats == 1:
            return given[0] * repeats
    for segments in given:
        channels.freeze(segments)
    return channels.fresh(size)


def _last(layer: Any) -> bool:
    multiplier = getattr(layer, "depth_multiplier", 1)
    return getattr(layer, "data_format", None) in (None, "channels_last") and multiplier == 1


def _width(segments: Segments) -> int:
    return sum(size for _, size in segments)


def _sizes(segments: Segments) -> list[int]:
    return [size for _, size in segments]
