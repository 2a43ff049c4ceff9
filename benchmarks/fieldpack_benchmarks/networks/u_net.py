"""A U-Net that goes up again in three ways: transposed convolution, bilinear and nearest.

Ronneberger, Fischer, Brox: "U-Net: Convolutional Networks for Biomedical Image Segmentation",
2015, with batch norm; land cover and habitat maps are made by such networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

WIDTHS = (32, 64, 128, 256)


def u_net(bands: int = 4, classes: int = 12) -> nn.Module:
    """1.9 M parameters; input [N, bands, H, W], H and W multiples of 8, output [N, classes, H, W]."""
    import torch
    from torch import nn

    def double(before: int, after: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
        )  # fmt: skip

    def rising(before: int, after: int, mode: str) -> nn.Module:
        if mode == "transposed":
            return nn.ConvTranspose2d(before, after, 2, 2)
        corners = {"align_corners": False} if mode == "bilinear" else {}
        return nn.Sequential(nn.Upsample(scale_factor=2, mode=mode, **corners), nn.Conv2d(before, after, 1))

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            befores = (bands, *WIDTHS[:-1])
            self.down = nn.ModuleList(double(*pair) for pair in zip(befores, WIDTHS, strict=True))
            pairs = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
            modes = ("transposed", "bilinear", "nearest")
            self.rise = nn.ModuleList(rising(*pair, mode) for pair, mode in zip(pairs, modes, strict=True))
            self.up = nn.ModuleList(double(2 * after, after) for _, after in pairs)
            self.out = nn.Conv2d(WIDTHS[0], classes, 1)

        def forward(self, pictures: Any) -> Any:
            kept = []
            values = pictures
            for level, block in enumerate(self.down):
                values = block(values if level == 0 else nn.functional.max_pool2d(values, 2))
                kept.append(values)
            for rise, up, beside in zip(self.rise, self.up, kept[-2::-1], strict=True):
                values = up(torch.cat([beside, rise(values)], dim=1))
            return self.out(values)

    return Network()
