"""The zeros that ``prune_weights`` placed: every later pass keeps them.

A zero is known by its mask on the subject, never guessed from a weight that happens to be zero. Training puts
them back after each step, rounding holds them on step 0, and the runner looks after every pass.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fieldpack.errors import ConversionError, SpecError
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, weighted_layers


class Zeros:
    """The layers of a subject that hold placed zeros.

    Raises
    ------
    SpecError
        A layer with placed zeros is gone or has another shape.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._layers = pruned_layers(subject.opened, subject.masks)

    def put_back(self) -> None:
        """Set the masked weights to zero again; to a plain 0, since -0.0 has other bytes."""
        for name, mask in self._subject.masks.items():
            layer = self._layers[name]
            layer.set_weights(np.where(mask, layer.weights(), np.float32(0)))


def pruned_layers(opened: OpenedSource, masks: Mapping[str, Array]) -> dict[str, WeightedLayer]:
    """The layers that the masks belong to, by name.

    Raises
    ------
    SpecError
        One is gone or has another shape.
    """
    found = {layer.name: layer for layer in weighted_layers(opened) if layer.name in masks}
    for name, mask in masks.items():
        shape = found[name].weights().shape if name in found else None
        if shape != mask.shape:
            raise SpecError(
                f"a pass changed the shape of {name}, whose zeros prune_weights has placed",
                came="no such layer" if shape is None else shape,
                allowed=f"{mask.shape}",
                hint="put prune_channels and low_rank before prune_weights",
            )
    return found


def kept_matrix(layer: WeightedLayer, masks: Mapping[str, Array]) -> Array | None:
    """The layer's mask as bool [O, K]; None where it has no placed zeros."""
    mask = masks.get(layer.name)
    return None if mask is None else np.ascontiguousarray(mask.reshape(mask.shape[0], -1))


def demand_zeros(opened: OpenedSource, masks: Mapping[str, Array], where: str) -> None:
    """Look that every placed zero is one.

    Raises
    ------
    SpecError
        A layer with placed zeros is gone or has another shape.
    ConversionError
        A weight is not zero.
    """
    for name, layer in pruned_layers(opened, masks).items():
        lost = int(np.count_nonzero(layer.weights()[~masks[name]]))
        if lost:
            raise ConversionError(f"{where} lost zeros of {name}", came=f"{lost} weights", allowed="0")
