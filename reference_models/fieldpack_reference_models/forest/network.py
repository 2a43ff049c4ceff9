"""The network: no pixel is lost on the way, so that a tile of any place gives a map of the same size.

A convolution, then separable blocks with residual sums; batch normalisation and ReLU6 after each. Three
convolutions of one pixel give the quantiles, each an output of its own. The receptive field's radius is
``RADIUS_PX``: an answer depends on nothing farther away.
"""

from __future__ import annotations

from typing import Any

from fieldpack_reference_models.forest.world import BANDS, TILE_PX

CHANNELS = 24
BLOCKS = 4
KERNEL = 3
RADIUS_PX = 1 + BLOCKS * (KERNEL // 2)
LEVELS = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
SCALE_M = 20.0
"""The heads learn heights divided by it; it is part of their weights in the end."""


def build(side_px: int = TILE_PX) -> Any:
    """The untrained ``keras.Model``: float32 [N, H, W, 4], scaled, to three heights [N, H, W, 1], m."""
    import keras

    tile = keras.Input((side_px, side_px, len(BANDS)), name="tile")
    flow = keras.layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name="stem")(tile)
    flow = _normed(flow, "stem")
    for number in range(1, BLOCKS + 1):
        flow = keras.layers.Add(name=f"sum{number}")([flow, _block(flow, f"block{number}")])
    outputs = [keras.layers.Conv2D(1, 1, name=name)(flow) for name in LEVELS]
    return keras.Model(tile, outputs, name="fieldpack_forest")


def _block(flow: Any, name: str) -> Any:
    import keras

    flow = keras.layers.DepthwiseConv2D(KERNEL, padding="same", use_bias=False, name=f"{name}_wide")(flow)
    flow = _normed(flow, f"{name}_wide")
    flow = keras.layers.Conv2D(CHANNELS, 1, use_bias=False, name=f"{name}_mix")(flow)
    return _normed(flow, f"{name}_mix")


def _normed(flow: Any, name: str) -> Any:
    import keras

    flow = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(flow)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(flow)
