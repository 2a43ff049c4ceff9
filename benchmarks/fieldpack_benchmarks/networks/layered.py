"""Families of ``.tflite`` networks written by code, each in several sizes, in float32 and in int8.

What tables of latency are fitted to and tried on: their operators are those of the models of the field, their
sizes differ by more than two orders of magnitude, and they need no framework and no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fieldpack_benchmarks.targets.small_models import (
    CHANNELS,
    CLASSES,
    IN_SCALE,
    INNER_SCALE,
    OUT_SCALE,
    SEED,
    Layers,
    small_network,
)


@dataclass(frozen=True, slots=True)
class Network:
    """A file with one input.

    Attributes
    ----------
    family, name : str
        Networks of a family differ in size and element type alone.
    content : bytes
        The file.
    """

    family: str
    name: str
    content: bytes


def separable(quantised: bool, width: int, side: int) -> bytes:
    """Five depthwise and pointwise pairs behind a convolution; input [1, side, side, 3]."""
    layers, given, current = _picture(quantised, side)
    current = layers.convolution(current, "CONV_2D", (width, 3, 3, CHANNELS), 2, IN_SCALE)
    for block in range(5):
        channels = layers.editor.shape(current)[3]
        stride = 1 + block % 2
        current = layers.convolution(current, "DEPTHWISE_CONV_2D", (1, 3, 3, channels), stride, INNER_SCALE)
        current = layers.convolution(current, "CONV_2D", (channels * stride, 1, 1, channels), 1, INNER_SCALE)
    return _ended(layers, given, layers.dense(current, CLASSES))


def residual(quantised: bool, width: int, side: int) -> bytes:
    """Three pairs of 3 by 3 convolutions with a sum around each; input [1, side, side, 3]."""
    layers, given, current = _picture(quantised, side)
    current = layers.convolution(current, "CONV_2D", (width, 3, 3, CHANNELS), 2, IN_SCALE)
    for _ in range(3):
        inner = layers.convolution(current, "CONV_2D", (width, 3, 3, width), 1, INNER_SCALE)
        inner = layers.convolution(inner, "CONV_2D", (width, 3, 3, width), 1, INNER_SCALE)
        current = layers.sum(current, inner)
    current = layers.convolution(current, "CONV_2D", (width, 3, 3, width), 2, INNER_SCALE)
    return _ended(layers, given, layers.dense(current, CLASSES))


def dense(quantised: bool, width: int, depth: int) -> bytes:
    """Equal dense layers; input [1, width]."""
    layers = Layers(quantised, np.random.default_rng(SEED))
    given = current = layers.editor.tensor("picture", (1, width), *layers.form(IN_SCALE))
    for place in range(depth):
        current = layers.dense(current, width, OUT_SCALE if place else IN_SCALE)
    return _ended(layers, given, layers.dense(current, CLASSES, OUT_SCALE))


def mixed(quantised: bool, width: int, _: int) -> bytes:
    """One layer of each kind, and a softmax; input [1, 32, 32, 3]."""
    return small_network(quantised=quantised, width=width, softmax=True)


FAMILIES: dict[str, tuple[Callable[[bool, int, int], bytes], tuple[tuple[int, int], ...]]] = {
    "separable": (separable, ((8, 64), (16, 96), (24, 128))),
    "residual": (residual, ((8, 32), (16, 48), (32, 64))),
    "dense": (dense, ((128, 4), (384, 4), (768, 4))),
    "mixed": (mixed, ((16, 0), (48, 0), (128, 0))),
}
"""Family -> what writes it, and its sizes, smallest first."""


def networks(most: int | None = None) -> Iterator[Network]:
    """All of them, or the `most` smallest of each family."""
    for family, (write, sizes) in FAMILIES.items():
        for first, second in sizes[:most]:
            for quantised in (False, True):
                kind = "int8" if quantised else "float32"
                size = f"{first} x {second}" if second else str(first)
                yield Network(family, f"{family} {size}, {kind}", write(quantised, first, second))


def _picture(quantised: bool, side: int) -> tuple[Layers, int, int]:
    layers = Layers(quantised, np.random.default_rng(SEED))
    given = layers.editor.tensor("picture", (1, side, side, CHANNELS), *layers.form(IN_SCALE))
    return layers, given, given


def _ended(layers: Layers, given: int, answer: int) -> bytes:
    layers.editor.ends([given], [answer])
    layers.editor.signature("serving_default", {"picture": given}, {"scores": answer})
    return layers.editor.content()
