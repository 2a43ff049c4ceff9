"""Which weights become zero and when, and what zeros are worth in bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import PruneWeights
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import matching
from fieldpack_converters.passes.zeros import Zeros

STAGES = 32
"""Times that new zeros are chosen while their share rises."""


class Pruning:
    """The zeros of one ``prune_weights``, all at once or rising through its training.

    The share rises as a cubic, most of it early (Zhu and Gupta 2017, "To prune, or not to prune"); a weight
    that is zero stays the smallest, so each mask lies within the one before it.

    Raises
    ------
    SpecError
        No layer matches, or none has a place for the pattern.
    """

    def __init__(self, subject: Subject, step: PruneWeights) -> None:
        self._subject, self._step = subject, step
        self._layers = {layer.name: layer for layer in matching(subject.opened, step.layers)}
        self._before = {name: layer.weights() for name, layer in self._layers.items()}
        self._earlier = dict(subject.masks)
        self._stage = 0
        self.names: tuple[str, ...] = ()
        self._place(step.share if not step.rise else 0.0)

    def after_step(self, done: int, whole: int) -> None:
        """Choose more zeros when the next stage is reached."""
        step = self._step
        if not step.rise or step.training is None or step.share is None:
            return
        stage = min(STAGES, int(STAGES * done * step.training.epochs / (whole * step.rise)))
        if stage > self._stage:
            self._stage = stage
            self._place(step.share * (1 - (1 - stage / STAGES) ** 3))

    def facts(self) -> dict[str, object]:
        """Zeros by layer, and the deflated bytes with the weights that were there and without."""
        masks = {name: self._subject.masks[name] for name in self.names}
        after = {name: self._layers[name].weights() for name in masks}
        dense = {name: np.where(masks[name], after[name], self._before[name]) for name in masks}
        return {
            "zeros": {name: float(1 - mask.mean()) for name, mask in masks.items()},
            "deflated_bytes_before": _deflated(dense.values()),
            "deflated_bytes": _deflated(after.values()),
        }

    def _place(self, share: float | None) -> None:
        weights = {name: layer.weights() for name, layer in self._layers.items()}
        masks = kept_weights(weights, self._step.pattern, share)
        self.names = tuple(masks)
        for name, mask in masks.items():
            self._subject.masks[name] = mask & self._earlier.get(name, np.True_)
        Zeros(self._subject).put_back()


def kept_weights(weights: Mapping[str, Array], pattern: str, share: float | None) -> dict[str, Array]:
    """Layer name -> bool mask of what stays; layers without a place for the pattern are left out.

    Parameters
    ----------
    weights : mapping
        Layer name -> [outputs, inputs, *kernel].
    pattern : str
        ``unstructured`` or ``2:4``.
    share : float or None
        Of zeros in all the layers together, 0 to 1; unstructured only.

    Raises
    ------
    SpecError
        No layer has a place for the pattern.
    """
    if pattern == "2:4":
        masks = {name: _two_of_four(array) for name, array in weights.items() if array.shape[1] % 4 == 0}
        if not masks:
            raise SpecError(
                "2:4 needs layers whose inputs are a multiple of 4",
                came=", ".join(f"{name} {array.shape}" for name, array in list(weights.items())[:5]),
            )
        return masks
    sizes = np.concatenate([np.abs(array).reshape(-1) for array in weights.values()])
    # The exact count: equal magnitudes at the threshold go by their place.
    gone = np.zeros(sizes.size, bool)
    gone[np.argsort(sizes, kind="stable")[: round((share or 0) * sizes.size)]] = True
    masks, start = {}, 0
    for name, array in weights.items():
        masks[name] = ~gone[start : start + array.size].reshape(array.shape)
        start += array.size
    return masks


def _two_of_four(array: Array) -> Array:
    """The two largest of each four neighbours on the input axis."""
    moved = np.moveaxis(np.abs(array), 1, -1)
    fours = moved.reshape(*moved.shape[:-1], -1, 4)
    rank = np.argsort(np.argsort(-fours, axis=-1, kind="stable"), axis=-1)
    return np.moveaxis((rank < 2).reshape(moved.shape), -1, 1)


def _deflated(arrays: Iterable[Array]) -> int:
    """Bytes after deflate level 6."""
    whole = b"".join(np.ascontiguousarray(array, np.float32).tobytes() for array in arrays)
    return len(zlib.compress(whole, 6))
