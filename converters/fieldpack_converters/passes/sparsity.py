"""Which weights become zero, and what zeros are worth in bytes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import PruneWeights
from fieldpack_converters.opened_source import Array


def kept_weights(weights: Mapping[str, Array], step: PruneWeights) -> dict[str, Array]:
    """Layer name -> bool mask of what stays; layers without a place for the pattern are left out.

    Parameters
    ----------
    weights : mapping
        Layer name -> [outputs, inputs, *kernel].

    Raises
    ------
    SpecError
        No layer has a place for the pattern.
    """
    if step.pattern == "2:4":
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
    gone[np.argsort(sizes, kind="stable")[: round((step.share or 0) * sizes.size)]] = True
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


def sparsity_facts(weights: Mapping[str, Array], masks: Mapping[str, Array]) -> dict[str, object]:
    """Share of zeros by layer, and the bytes of the weights after deflate level 6, before and after."""
    return {
        "zeros": {name: float(1 - mask.mean()) for name, mask in masks.items()},
        "deflated_bytes_before": _deflated(weights[name] for name in masks),
        "deflated_bytes": _deflated(weights[name] * mask for name, mask in masks.items()),
    }


def _deflated(arrays: object) -> int:
    whole = b"".join(np.ascontiguousarray(array, np.float32).tobytes() for array in arrays)  # type: ignore[attr-defined]
    return len(zlib.compress(whole, 6))
