"""The network: four stages down from 0.5 m to 8 m, three up to 1 m, and a head for each of three numbers.

A small U-Net (arXiv:1505.04597). It is trained with batch normalisation, which is folded into the
convolutions that are stored. An answer depends on nothing farther than ``RADIUS_PX``.
"""

from __future__ import annotations

from typing import Any

CHANNELS = 16
OUTPUTS = ("q05", "mean", "q95")
STRIDE_PX = 16
"""Tiles and paddings are multiples of it."""
RADIUS_PX = 88
SCALE_M = 5.0
"""The heads learn heights divided by it; it is part of their weights in the end."""


def build(channels: int = CHANNELS) -> Any:
    """Build the untrained ``torch.nn.Module`` that is packed.

    Parameters
    ----------
    channels : int
        Of the first stage; the others have two and four times as many.

    Returns
    -------
    torch.nn.Module
        float32 [N, 3, H, W], scaled as ``pack.toml`` says, H and W multiples of 16, to three heights in
        metres [N, 1, H / 2, W / 2]: the 5 % quantile, the mean and the 95 % quantile.
    """
    return _network(channels, normed=False, dropped=0.0)


def trainable(channels: int, dropped: float) -> Any:
    """What is trained: with batch normalisation, and answers divided by ``SCALE_M``."""
    return _network(channels, normed=True, dropped=dropped)


def folded(trained: Any) -> Any:
    """The module of :func:`build` that answers as `trained` does in evaluation, in metres."""
    import torch

    packed = build(trained.channels)
    parts = dict(trained.named_modules())
    with torch.no_grad():
        for name, module in packed.named_modules():
            if not isinstance(module, torch.nn.Conv2d):
                continue
            source, scale = parts[name], torch.full((module.out_channels,), SCALE_M)
            bias = source.bias
            if bias is None:
                norm = parts[name.rpartition(".")[0] + ".norm"]
                scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                module.bias.copy_(norm.bias - norm.running_mean * scale)
            else:
                module.bias.copy_(bias * scale)
            module.weight.copy_(source.weight * scale[:, None, None, None])
    return packed.eval()


def _network(channels: int, normed: bool, dropped: float) -> Any:
    from torch import nn
    from torch.nn.functional import interpolate

    def layer(taken: int, given: int, stride: int = 1) -> Any:
        parts = {"conv": nn.Conv2d(taken, given, 3, stride, 1, bias=not normed)}
        if normed:
            parts["norm"] = nn.BatchNorm2d(given)
        return nn.Sequential(_named(parts | {"relu": nn.ReLU()}))

    def stage(taken: int, given: int) -> Any:
        return nn.Sequential(layer(taken, given, 2), layer(given, given))

    def larger(flow: Any) -> Any:
        return interpolate(flow, scale_factor=2.0, mode="bilinear", align_corners=False)

    class Canopy(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            width = self.channels = channels
            self.down1, self.down2 = stage(3, width), stage(width, 2 * width)
            self.down4, self.down8 = stage(2 * width, 4 * width), stage(4 * width, 4 * width)
            self.drop = nn.Dropout2d(dropped)
            self.up4, self.up2 = layer(8 * width, 2 * width), layer(4 * width, width)
            self.up1 = layer(2 * width, width)
            self.heads = nn.ModuleDict({name: nn.Conv2d(width, 1, 1) for name in OUTPUTS})

        def forward(self, tile: Any) -> tuple[Any, ...]:
            import torch

            at1 = self.down1(tile)
            at2 = self.down2(at1)
            at4 = self.down4(at2)
            flow = self.drop(self.down8(at4))
            for seen, up in ((at4, self.up4), (at2, self.up2), (at1, self.up1)):
                flow = up(torch.cat([larger(flow), seen], dim=1))
            return tuple(self.heads[name](flow) for name in OUTPUTS)

    return Canopy()


def _named(parts: dict[str, Any]) -> Any:
    from collections import OrderedDict

    return OrderedDict(parts)
