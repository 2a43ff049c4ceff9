"""The network: a small depthwise-separable classifier of one log-mel patch.

One ordinary convolution, then separable blocks with batch normalisation and ReLU6, residual sums where the
shape allows, the mean over bands and time, one dense layer, softmax. The spectrogram comes from the contract.
"""

from __future__ import annotations

from typing import Any

from fieldpack_reference_models.separable import normed, separable

STEM_CHANNELS = 16
# (channels out, stride) of each separable block; equal channels at stride 1 get a residual sum.
BLOCKS: tuple[tuple[int, int], ...] = ((32, 1), (48, 2), (48, 1), (80, 2), (80, 1), (128, 1))


def build(classes: int, shape: tuple[int, ...]) -> Any:
    """Build the untrained ``keras.Model``: float32 [N, bands, frames, 1] to [N, classes] shares."""
    import keras

    patch = keras.Input(shape, name="spectrogram")
    flow = keras.layers.Conv2D(STEM_CHANNELS, 3, 2, "same", use_bias=False, name="stem")(patch)
    flow = normed(flow, "stem")
    for number, (channels, stride) in enumerate(BLOCKS, start=1):
        flow = separable(flow, channels, stride, f"block{number}")
    flow = keras.layers.GlobalAveragePooling2D(name="pool")(flow)
    scores = keras.layers.Dense(classes, activation="softmax", name="probabilities")(flow)
    return keras.Model(patch, scores, name="fieldpack_sound")
