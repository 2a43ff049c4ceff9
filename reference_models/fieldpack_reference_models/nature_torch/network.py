"""The network: MobileNetV1 of width 1.0 with a head of our own, batch normalisation folded.

The start weights come from a file in which batch normalisation is already part of the kernels, so
each convolution has a bias. The published graph pads below and to the right where it strides over an
even map; the padding stands before the convolution for that reason. Layer names are the published ones.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.nature.dequantise import Layer, LayerKind

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


def build(classes: int, blocks: Sequence[Sequence[int]] = BLOCKS) -> Any:
    """Build the untrained ``torch.nn.Module``.

    Parameters
    ----------
    classes : int
        Number of outputs.
    blocks : sequence of (int, int)
        Channels out and stride of each block; the published ones unless a test wants a small network.

    Returns
    -------
    torch.nn.Sequential
        float32 [N, 3, H, W] in [-1, 1], H and W multiples of 32, to logits [N, classes]; ``features``
        ends in the pooled features, ``logits`` is the head.
    """
    from torch import nn

    parts: list[tuple[str, Any]] = _convolved("Conv2d_0", 3, STEM_CHANNELS, 3, 2)
    channels = STEM_CHANNELS
    for number, (wider, stride) in enumerate(blocks, start=1):
        parts += _convolved(f"Conv2d_{number}_depthwise", channels, channels, 3, stride, channels)
        parts += _convolved(f"Conv2d_{number}_pointwise", channels, wider, 1, 1)
        channels = wider
    parts += [("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten())]
    features = nn.Sequential(OrderedDict(parts))
    return nn.Sequential(OrderedDict(features=features, logits=nn.Linear(channels, classes)))


def _convolved(
    name: str, channels: int, wider: int, size: int, stride: int, groups: int = 1
) -> list[tuple[str, Any]]:
    from torch import nn

    late = stride > 1
    parts: list[tuple[str, Any]] = [(f"{name}_pad", nn.ZeroPad2d((0, 1, 0, 1)))] if late else []
    padding = 0 if late else size // 2
    convolution = nn.Conv2d(channels, wider, size, stride, padding, groups=groups)
    return [*parts, (name, convolution), (f"{name}_relu6", nn.ReLU6())]


def load_backbone(module: Any, layers: Sequence[Layer]) -> None:
    """Give each convolution of `module` the weights of the published layer of the same name.

    Raises
    ------
    ModelFileError
        A layer is missing, or has another shape.
    """
    import torch

    published = {layer.name.rpartition("/")[2]: layer for layer in layers}
    for name, convolution in module.features.named_children():
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
