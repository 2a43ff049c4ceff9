"""``Dropout``: its input; and the mask of ones that inference has.

Training mode is refused, unless the ratio is 0.

Covers versions 7, 10, 12, 13 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import UnsupportedError

VERSIONS = (7, 10, 12, 13, 22)


def run(
    x: Tensor,
    ratio: float = 0.5,
    training_mode: bool = False,
    *,
    outputs: int,
    seed: int | None = None,
) -> tuple[Tensor, ...]:
    if training_mode and ratio != 0.0:
        raise UnsupportedError(
            "A Dropout node is in training mode.",
            came=f"ratio {ratio}",
            hint="export the model for inference: model.eval(), or training=TrainingMode.EVAL",
        )
    return (x, torch.ones_like(x, dtype=torch.bool))[:outputs]
