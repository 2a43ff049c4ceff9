"""``reshape``: the same elements in another shape, iOS15 operator set.

``-1`` stands for what is left over. ``0`` takes the size of ``x`` at the same place counted from the
right, and 1 beyond its rank (iOS17; iOS15 allows it for equal ranks only, where both rules agree).
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    target = list(shape)
    for back in range(1, len(target) + 1):
        if target[-back] == 0:
            target[-back] = x.shape[-back] if back <= x.ndim else 1
    return x.reshape(target)
