"""Random inputs for a bare model file, the same for the same seed, and what they are in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import UnsupportedError
from fieldpack.modelfile.slot import Slot

UNIT = (-1.0, 1.0)
"""Range of float arrays, whose range no model file declares."""


def sample_inputs(
    slots: Sequence[Slot], count: int, seed: int, bounds: tuple[float, float] = UNIT
) -> Iterator[dict[str, NDArray[Any]]]:
    """``count`` sets of inputs: pixels of pictures, uniform numbers of float arrays, 0 or 1 of integers.

    Raises
    ------
    UnsupportedError
        A kind of input that is neither array nor picture.
    """
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield {slot.name: _sample(slot, generator, bounds) for slot in slots}


def sampling_text(slots: Sequence[Slot], count: int, seed: int, bounds: tuple[float, float] = UNIT) -> str:
    """What ``sample_inputs`` gives, for the reader of a figure."""
    parts = []
    for slot in slots:
        kind = np.dtype(slot.dtype).kind if slot.kind != "image" else ""
        said = "pixels 0..255" if slot.kind == "image" else f"uniform {bounds[0]:g}..{bounds[1]:g}"
        parts.append(f"{slot.name} {'0 or 1' if kind in 'iub' and kind else said}")
    return f"{count} random samples, seed {seed}: {', '.join(parts)}"


def _sample(slot: Slot, generator: np.random.Generator, bounds: tuple[float, float]) -> NDArray[Any]:
    if slot.kind == "image":
        return generator.integers(0, 256, slot.shape, dtype=np.uint8)
    if slot.kind != "multiarray":
        raise UnsupportedError(
            f"Input {slot.name!r} cannot be drawn at random", came=slot.kind, allowed="multiarray, image"
        )
    if np.dtype(slot.dtype).kind != "f":
        return generator.integers(0, 2, slot.shape).astype(slot.dtype)
    return generator.uniform(*bounds, slot.shape).astype(slot.dtype)
