"""The network: YAMNet's front-end, its body up to layer 13, and a head of our own.

YAMNet is MobileNetV1 on one channel with ReLU; its ``layer<k+1>`` is block k there. Its last block of
1.1 million weights is left out, so that float16 weights stay under 6 MB.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from fieldpack_reference_models.learning import mobilenet_torch
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.mobilenet_torch import STEM_CHANNELS, backbone
from fieldpack_reference_models.sound_torch.front_end import front_end

BLOCKS = mobilenet_torch.BLOCKS[:12]


def build(classes: int, blocks: Sequence[Sequence[int]] = BLOCKS) -> Any:
    """Build the untrained ``torch.nn.Module`` that is packed: the waveform in.

    Parameters
    ----------
    classes : int
        Number of outputs.
    blocks : sequence of (int, int)
        Channels out and stride of each block; YAMNet's unless a test wants a small network.

    Returns
    -------
    torch.nn.Module
        float32 [N, 15600] at 16 kHz in -1..1 to logits [N, classes] and the pooled features [N, width] that
        they are computed from; ``front_end`` has no weights, ``features`` and ``logits`` are those of
        :func:`body`.
    """
    from torch import nn

    class Heard(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            parts = body(classes, blocks)
            self.front_end, self.features, self.logits = front_end(), parts.features, parts.logits

        def forward(self, sound: Any) -> tuple[Any, Any]:
            embedding = self.features(self.front_end(sound))
            return self.logits(embedding), embedding

    return Heard()


def body(classes: int, blocks: Sequence[Sequence[int]] = BLOCKS) -> Any:
    """Build what is trained: log-mel patch float32 [N, 1, 96 frames, 64 bands] to logits [N, classes].

    ``features`` ends in the pooled features, ``logits`` is the head. Its state dict is that of
    :func:`build`.
    """
    from torch import nn

    width = blocks[-1][0] if blocks else STEM_CHANNELS
    features = backbone(1, blocks, nn.ReLU)
    return nn.Sequential(OrderedDict(features=features, logits=nn.Linear(width, classes)))


def load_backbone(module: Any, layers: Sequence[Layer]) -> None:
    """Give each convolution of `module` the weights of YAMNet's layer of the same place.

    Raises
    ------
    ModelFileError
        A layer is missing, or has another shape.
    """
    mobilenet_torch.load_backbone(module.features, published(layers))


def published(layers: Sequence[Layer]) -> dict[str, Layer]:
    """YAMNet's layers by the names of :mod:`~..learning.mobilenet_torch`, without front-end and head."""
    named = [(place(layer.name), layer) for layer in layers]
    return {name: layer for name, layer in named if name is not None}


def place(name: str) -> str | None:
    """``Conv2d_11_pointwise`` of ``.../layer12/pointwise_conv/Conv2D``; None where there is no such layer."""
    stage, kind = ("", "", *name.split("/"))[-3:-1]
    number = stage.removeprefix("layer")
    if not number.isdecimal():
        return None
    suffix = "" if kind == "conv" else "_" + kind.removesuffix("_conv")
    return f"Conv2d_{int(number) - 1}{suffix}"
