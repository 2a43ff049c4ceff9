"""A convolutional network in the manner of ConvNeXt.

Liu et al.: "A ConvNet for the 2020s", 2022: patchify stem, depthwise 7 x 7, layer norm over
channels, inverted bottleneck of two linear layers with GELU, layer scale, residual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

WIDTHS = (48, 96, 192, 384)
DEPTHS = (2, 2, 4, 2)


def conv_next(classes: int = 1000) -> nn.Module:
    """4.6 M parameters; input [N, 3, H, W], H and W multiples of 32, output logits [N, classes]."""
    import torch
    from torch import nn

    class ChannelNorm(nn.LayerNorm):  # type: ignore[misc]
        """Layer norm over the channels of [N, C, H, W]."""

        def forward(self, values: Any) -> Any:
            return super().forward(values.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(width, width, 7, 1, 3, groups=width)
            self.layers = nn.Sequential(
                nn.LayerNorm(width, eps=1e-6),
                nn.Linear(width, 4 * width),
                nn.GELU(),
                nn.Linear(4 * width, width),
            )
            self.scale = nn.Parameter(torch.empty(width).uniform_(0.2, 1.0))

        def forward(self, values: Any) -> Any:
            inner = self.layers(self.depthwise(values).permute(0, 2, 3, 1)) * self.scale
            return values + inner.permute(0, 3, 1, 2)

    parts: list[nn.Module] = [nn.Conv2d(3, WIDTHS[0], 4, 4), ChannelNorm(WIDTHS[0], eps=1e-6)]
    for stage, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
        if stage:
            parts += [ChannelNorm(WIDTHS[stage - 1], eps=1e-6), nn.Conv2d(WIDTHS[stage - 1], width, 2, 2)]
        parts += [Block(width) for _ in range(depth)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(WIDTHS[-1], eps=1e-6)]
    return nn.Sequential(*parts, *head, nn.Linear(WIDTHS[-1], classes))
