"""The PyTorch baseline of BioDCASE Tiny 2026: three convolutions, two dense layers.

The names and sizes are those of its published state dict; pools of 2 and 4 stand between the convolutions,
and the mean over bands and frames behind them (birdnet-team/BioDCASE-Tiny-2026, Apache-2.0).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

CLASSES = 11


def network() -> Any:
    """The untrained ``torch.nn.Module``: float32 [N, 1, 40, 133] to logits [N, 11]."""
    from torch import nn

    features = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(4),
        nn.Conv2d(64, 128, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Flatten(), nn.Dropout(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, CLASSES)
    )
    return nn.Sequential(OrderedDict(features=features, classifier=classifier))
