"""The network: a small depthwise-separable classifier of the kind phones run.

Two ordinary convolutions, then separable blocks; batch normalisation and ReLU6 after each
convolution, residual sums where the shape allows, global average pooling, one dense layer,
softmax. The graph takes pixels already scaled to [-1, 1], so that the scaling stands in the
contract and not in the weights.
"""

from __future__ import annotations

from typing import Any

from fieldpack_reference_models.separable import normed, separable

SIDE_PX = 96
# (channels out, stride) of each separable block; equal channels at stride 1 get a residual sum.
BLOCKS: tuple[tuple[int, int], ...] = (
    (72, 2),
    (72, 1),
    (144, 2),
    (144, 1),
    (144, 1),
    (256, 1),
)
# Two ordinary convolutions of stride 2 come first: on the early, large maps they learn faster.
STEM_CHANNELS = (24, 40)


def build(classes: int) -> Any:
    """Build the untrained ``keras.Model``: float32 [N, 96, 96, 3] in [-1, 1] to [N, classes] shares."""
    import keras

    picture = keras.Input((SIDE_PX, SIDE_PX, 3), name="picture")
    flow = picture
    for number, channels in enumerate(STEM_CHANNELS, start=1):
        flow = keras.layers.Conv2D(channels, 3, 2, "same", use_bias=False, name=f"stem{number}")(flow)
        flow = normed(flow, f"stem{number}")
    for number, (channels, stride) in enumerate(BLOCKS, start=1):
        flow = separable(flow, channels, stride, f"block{number}")
    flow = keras.layers.GlobalAveragePooling2D(name="pool")(flow)
    scores = keras.layers.Dense(classes, activation="softmax", name="probabilities")(flow)
    return keras.Model(picture, scores, name="fieldpack_vision")
