"""Randomness that falls the same on every machine.

Everything in a generated world comes from one ``Dice`` an item. It hands out only uniform
numbers and raw bytes of PCG64: both are integer arithmetic, where normal or gamma variates
would go through the C library's logarithm and could differ in the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Face = TypeVar("Face")


class Dice:
    """A stream of choices that is a pure function of its key.

    Parameters
    ----------
    *key : str or int
        Joined by ``/`` and hashed with SHA-256; the digest seeds PCG64.
    """

    __slots__ = ("_generator", "_numbers")

    def __init__(self, *key: str | int) -> None:
        digest = hashlib.sha256("/".join(str(part) for part in key).encode()).digest()
        self._generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
        self._numbers: list[float] = []

    def number(self) -> float:
        """One float64 from [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(256).tolist()
        return self._numbers.pop()

    def between(self, low: float, high: float) -> float:
        """One float64 from [low, high)."""
        return low + (high - low) * self.number()

    def whole(self, low: int, high: int) -> int:
        """One integer from low to high, both included."""
        return low + int(self.number() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.number() < probability

    def pick(self, faces: Sequence[Face]) -> Face:
        """One of the faces, all equally likely."""
        return faces[int(self.number() * len(faces))]

    def raw(self, *shape: int) -> NDArray[np.uint8]:
        """Uniform bytes, uint8 of the given shape."""
        count = 1
        for length in shape:
            count *= length
        return np.frombuffer(self._generator.bytes(count), dtype=np.uint8).reshape(shape)
