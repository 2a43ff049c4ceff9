"""A depthwise CNN with squeeze-and-excite and hard swish, after MobileNetV3-Large.

Howard et al.: "Searching for MobileNetV3", 2019, table 1: expansion, depthwise convolution of 3 or
5, squeeze-and-excite with a hard sigmoid, linear projection, residual where nothing changes size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

#: Kernel, expanded and out channels, squeeze-and-excite, hard swish (else ReLU), stride.
ROWS = (
    (3, 16, 16, False, False, 1), (3, 64, 24, False, False, 2), (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2), (5, 120, 40, True, False, 1), (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1), (3, 480, 112, True, True, 1), (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
)  # fmt: skip


def mobile_net(classes: int = 1000) -> nn.Module:
    """4.2 M parameters; input [N, 3, H, W], output logits [N, classes]."""
    from torch import nn

    class Squeeze(nn.Module):  # type: ignore[misc]
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels // 4, 1), nn.ReLU(),
                nn.Conv2d(channels // 4, channels, 1), nn.Hardsigmoid(),
            )  # fmt: skip

        def forward(self, values: Any) -> Any:
            return values * self.layers(values)

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, before: int, row: tuple[int, int, int, bool, bool, int]) -> None:
            super().__init__()
            kernel, wide, after, squeeze, hard, stride = row
            gate = nn.Hardswish if hard else nn.ReLU
            self.layers = nn.Sequential(
                nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), gate(),
                nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
                nn.BatchNorm2d(wide), gate(),
                Squeeze(wide) if squeeze else nn.Identity(),
                nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after),
            )  # fmt: skip
            self.residual = stride == 1 and before == after

        def forward(self, values: Any) -> Any:
            inner = self.layers(values)
            return values + inner if self.residual else inner

    befores = (16, *(row[2] for row in ROWS[:-1]))
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.Hardswish(),
        *(Block(before, row) for before, row in zip(befores, ROWS, strict=True)),
        nn.Conv2d(160, 960, 1, bias=False), nn.BatchNorm2d(960), nn.Hardswish(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(960, 1280), nn.Hardswish(),
        nn.Linear(1280, classes),
    )  # fmt: skip
