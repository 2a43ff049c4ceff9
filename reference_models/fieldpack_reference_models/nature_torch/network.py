"""The network: MobileNetV1 of width 1.0 with a head of our own; layer names are the published ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from fieldpack_reference_models.learning import mobilenet_torch
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.mobilenet_torch import BLOCKS, STEM_CHANNELS, backbone


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

    width = blocks[-1][0] if blocks else STEM_CHANNELS
    features = backbone(3, blocks, nn.ReLU6)
    return nn.Sequential(OrderedDict(features=features, logits=nn.Linear(width, classes)))


def load_backbone(module: Any, layers: Sequence[Layer]) -> None:
    """Give each convolution of `module` the weights of the published layer of the same name.

    Raises
    ------
    ModelFileError
        A layer is missing, or has another shape.
    """
    published = {layer.name.rpartition("/")[2]: layer for layer in layers}
    mobilenet_torch.load_backbone(module.features, published)
