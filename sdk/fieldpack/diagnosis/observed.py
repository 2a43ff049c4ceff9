"""What the tensors of a file are on real examples: ranges, channels, clipped values.

The file runs with the plain kernels and every tensor kept; of each tensor only these figures stay, so that
memory is bounded by one example. The scores' own values are kept whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.tflite.runner import TfliteRunner

Array = NDArray[Any]


@dataclass(slots=True)
class Seen:
    """The stored values of one tensor over all examples.

    Attributes
    ----------
    low, high : int
        Smallest and largest stored value.
    channel_low, channel_high : ndarray, shape [C]
        The same for each index of the last axis.
    rows : list of ndarray
        Stored values of each example, flattened; only where asked for.
    """

    low: int
    high: int
    channel_low: Array
    channel_high: Array
    rows: list[Array] = field(default_factory=list)

    def add(self, channel_low: Array, channel_high: Array) -> None:
        """Take in one more example."""
        self.channel_low = np.minimum(self.channel_low, channel_low)
        self.channel_high = np.maximum(self.channel_high, channel_high)
        self.low, self.high = int(self.channel_low.min()), int(self.channel_high.max())


@dataclass(frozen=True, slots=True)
class Observations:
    """All that was seen.

    Attributes
    ----------
    examples : int
        How many ran.
    origin : str
        Where they come from, for a reader.
    tensors : mapping of int to Seen
        By tensor index; integer tensors that were computed or fed.
    """

    examples: int
    origin: str
    tensors: Mapping[int, Seen]


def observe(path: Path, examples: list[Array], origin: str, whole: Iterable[int]) -> Observations:
    """Run every example and keep the figures of each integer tensor.

    Parameters
    ----------
    path : Path
        A ``.tflite`` file.
    examples : list of ndarray
        One array [N, ...] an input, in the dtype of its tensor.
    origin : str
        Where they come from.
    whole : iterable of int
        Tensors whose values are kept.
    """
    runner = TfliteRunner(path)
    kept = set(whole)
    names = runner.layer_names()
    seen: dict[int, Seen] = {}
    count = len(examples[0])
    for number in range(count):
        inputs = {
            spec.name: array[number : number + 1] for spec, array in zip(runner.inputs, examples, strict=True)
        }
        for name, values in runner.run_intermediates(inputs).items():
            tensor = names[name]
            if tensor.is_quantised and values.size:
                _add(seen, tensor.index, values, tensor.index in kept)
    return Observations(count, origin, seen)


def _add(seen: dict[int, Seen], index: int, values: Array, whole: bool) -> None:
    channels = values.reshape(-1, values.shape[-1] if values.ndim else 1)
    low, high = channels.min(axis=0).astype(np.int64), channels.max(axis=0).astype(np.int64)
    if index not in seen:
        seen[index] = Seen(int(low.min()), int(high.max()), low, high)
    elif seen[index].channel_low.shape == low.shape:
        seen[index].add(low, high)
    if whole:
        seen[index].rows.append(values.reshape(-1).astype(np.int64))
