"""MobileNetV1 in PyTorch with batch normalisation folded, which photos and sounds share.

The start weights come from files in which batch normalisation is already part of the kernels, so each
convolution has a bias. The published graphs pad below and to the right where they stride over an even map;
the padding stands before the convolution for that reason.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.learning.dequantise import Layer, LayerKind

STEM_CHANNELS = 32
# (channels out, stride) of each separable block; Howard et al. 2017 (arXiv:1704.04861), table 1.
BLOCKS: tuple[tuple[int, int], ...] = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def backbone(channels: int, blocks: Sequence[Sequence[int]], activation: Callable[[], Any]) -> Any:
    """From a map to pooled features.

    Parameters
    ----------
    channels : int
        Of the input map.
    blocks : sequence of (int, int)
        Channels out and stride of each separable block.
    activation : callable
        Makes the module after each convolution.

    Returns
    -------
    torch.nn.Sequential
        float32 [N, channels, H, W], H and W even wherever it strides, to [N, features].
    """
    from torch import nn

    parts: list[tuple[str, Any]] = _convolved("Conv2d_0", channels, STEM_CHANNELS, 3, 2, activation)
    channels = STEM_CHANNELS
    for number, (wider, stride) in enumerate(blocks, start=1):
        depthwise, pointwise = f"Conv2d_{number}_depthwise", f"Conv2d_{number}_pointwise"
        parts += _convolved(depthwise, channels, channels, 3, stride, activation, channels)
        parts += _convolved(pointwise, channels, wider, 1, 1, activation)
        channels = wider
    return nn.Sequential(OrderedDict([*parts, ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten())]))


def _convolved(
    name: str,
    channels: int,
    wider: int,
    size: int,
    stride: int,
    activation: Callable[[], Any],
    groups: int = 1,
) -> list[tuple[str, Any]]:
    from torch import nn

    late = stride > 1
    parts: list[tuple[str, Any]] = [(f"{name}_pad", nn.ZeroPad2d((0, 1, 0, 1)))] if late else []
    padding = 0 if late else size // 2
    convolution = nn.Conv2d(channels, wider, size, stride, padding, groups=groups)
    made = activation()
    return [*parts, (name, convolution), (f"{name}_{type(made).__name__.lower()}", made)]


def load_backbone(features: Any, published: Mapping[str, Layer]) -> None:
    """Give each convolution of :func:`backbone` the weights of the published layer of the same name.

    Raises
    ------
    ModelFileError
        A layer is missing, or has another shape.
    """
    import torch

    for name, convolution in features.named_children():
        if not hasattr(convolution, "weight"):
            continue
        found = published.get(name)
        kernel = None if found is None else _kernel(found)
        if found is None or kernel is None or kernel.shape != tuple(convolution.weight.shape):
            raise ModelFileError(
                f"The published weights do not fit the layer {name}.",
                came=None if kernel is None else kernel.shape,
                allowed=str(tuple(convolution.weight.shape)),
            )
        with torch.no_grad():
            convolution.weight.copy_(torch.from_numpy(kernel))
            convolution.bias.copy_(torch.from_numpy(found.bias))


def _kernel(layer: Layer) -> np.ndarray[Any, np.dtype[np.float32]]:
    """[H, W, in, out] as torch's [out, in, H, W]; depthwise [H, W, channels, 1] as [channels, 1, H, W]."""
    axes = (2, 3, 0, 1) if layer.kind is LayerKind.DEPTHWISE else (3, 2, 0, 1)
    return np.ascontiguousarray(layer.kernel.transpose(axes))
