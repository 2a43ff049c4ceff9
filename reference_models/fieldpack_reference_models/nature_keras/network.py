"""The network: MobileNetV2 of width 1.0 with a head of our own, batch normalisation folded.

The start weights come from a file in which batch normalisation is already part of the kernels, so
each convolution has a bias and there is nothing to fold, neither here nor in a converter. Layer
names are those of the published graph, with ``_`` for ``/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.learning.dequantise import Layer


class Stage(NamedTuple):
    """Inverted residual blocks of one width: expansion, channels out, number of blocks, first stride."""

    expansion: int
    channels: int
    blocks: int
    stride: int


STEM_CHANNELS = 32
LAST_CHANNELS = 1280
# Sandler et al. 2018 (arXiv:1801.04381), table 2.
STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)


def build(
    side_px: int, classes: int, stages: Sequence[Stage] = STAGES, last_channels: int = LAST_CHANNELS
) -> Any:
    """Build the untrained ``keras.Model``.

    Parameters
    ----------
    side_px : int
        Height and width of the input, pixels; a multiple of 32 keeps every map even.
    classes : int
        Number of outputs.
    stages : sequence of Stage
        Blocks; the published ones unless a test wants a small network.
    last_channels : int
        Features before the head.

    Returns
    -------
    keras.Model
        float32 [N, side_px, side_px, 3] in [-1, 1] to shares [N, classes]; ``features`` is the layer
        before the head, ``logits`` the head without its softmax.
    """
    import keras

    picture = keras.Input((side_px, side_px, 3), name="picture")
    flow = _convolved(picture, STEM_CHANNELS, 3, 2, "Conv")
    number = 0
    for stage in stages:
        for block in range(stage.blocks):
            name = f"expanded_conv_{number}" if number else "expanded_conv"
            flow = _block(flow, stage, stage.stride if block == 0 else 1, name)
            number += 1
    flow = _convolved(flow, last_channels, 1, 1, "Conv_1")
    flow = keras.layers.GlobalAveragePooling2D(name="features")(flow)
    flow = keras.layers.Dense(classes, name="logits")(flow)
    shares = keras.layers.Softmax(name="probabilities")(flow)
    return keras.Model(picture, shares, name="fieldpack_nature_keras")


def _block(flow: Any, stage: Stage, stride: int, name: str) -> Any:
    import keras

    entry = flow
    if stage.expansion > 1:
        flow = _convolved(flow, entry.shape[-1] * stage.expansion, 1, 1, f"{name}_expand")
    flow = keras.layers.DepthwiseConv2D(3, stride, "same", name=f"{name}_depthwise")(flow)
    flow = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu6")(flow)
    flow = keras.layers.Conv2D(stage.channels, 1, name=f"{name}_project")(flow)
    if stride == 1 and entry.shape[-1] == stage.channels:
        flow = keras.layers.Add(name=f"{name}_add")([entry, flow])
    return flow


def _convolved(flow: Any, channels: int, size: int, stride: int, name: str) -> Any:
    import keras

    flow = keras.layers.Conv2D(channels, size, stride, "same", name=name)(flow)
    return keras.layers.ReLU(6.0, name=f"{name}_relu6")(flow)


def load_backbone(model: Any, layers: Sequence[Layer]) -> None:
    """Give each convolution of `model` the weights of the published layer of the same name.

    Raises
    ------
    ModelFileError
        A layer is missing, or has another shape.
    """
    published = {layer.name.partition("/")[2].replace("/", "_"): layer for layer in layers}
    for layer in model.layers:
        if not layer.weights or layer.name == "logits":
            continue
        found = published.get(layer.name)
        wanted = [tuple(variable.shape) for variable in layer.weights]
        if found is None or [found.kernel.shape, found.bias.shape] != wanted:
            raise ModelFileError(
                f"The published weights do not fit the layer {layer.name}.",
                came=None if found is None else f"{found.kernel.shape}, {found.bias.shape}",
                allowed=str(wanted),
            )
        layer.set_weights([found.kernel, found.bias])
