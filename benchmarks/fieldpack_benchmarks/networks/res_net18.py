"""ResNet-18 for photos.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015, table 1: a 7 x 7 stem,
max pooling, four stages of two basic blocks, projection shortcuts (option B).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

WIDTHS = (64, 128, 256, 512)


def res_net18(classes: int = 1000) -> nn.Module:
    """11.7 M parameters; input [N, 3, H, W], output logits [N, classes]."""
    import torch
    from torch import nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
                nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
            )  # fmt: skip
            self.shortcut = nn.Sequential()
            if stride != 1 or before != after:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
                )

        def forward(self, values: Any) -> Any:
            return torch.relu(self.layers(values) + self.shortcut(values))

    blocks = []
    for stage, width in enumerate(WIDTHS):
        before, stride = (WIDTHS[stage - 1], 2) if stage else (width, 1)
        blocks += [Block(before, width, stride), Block(width, width, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTHS[-1], classes),
    )  # fmt: skip
