"""``classify``: the label of the greatest probability, and the probabilities, iOS15 operator set.

The second result is the vector of probabilities in the order of ``classes``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor


def run(probabilities: Tensor, classes: Any) -> tuple[Any, Tensor]:
    flat = probabilities.reshape(-1)
    return classes[int(flat.argmax())], flat
