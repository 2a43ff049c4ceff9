"""The network: one trunk for all regions, a head for all species, and 0 for species of other regions.

The trunk learns what regions have in common only in so far as their flags leave it room; its use is that one
file serves all. The last product is a contract: a species of another region is not "unlikely", it was never
asked, and gets exactly 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 256
BLOCKS = 2
DROPOUT = 0.3


def build(membership: NDArray[np.float32]) -> tuple[Any, Any]:
    """Build untrained.

    Parameters
    ----------
    membership : ndarray
        float32 [features, species], of :meth:`~..features.Features.membership`.

    Returns
    -------
    model, logits : keras.Model
        float32 [N, features] to scores [N, species] of 0 to 1; and the same layers up to the logits, which is
        what is trained.
    """
    import keras

    features = keras.Input((membership.shape[0],), name="features")
    flow = keras.layers.Dense(WIDTH, activation="relu", name="trunk")(features)
    for number in range(1, BLOCKS + 1):
        inner = keras.layers.Dense(WIDTH, activation="relu", name=f"block{number}_first")(flow)
        inner = keras.layers.Dropout(DROPOUT, name=f"block{number}_dropout")(inner)
        inner = keras.layers.Dense(WIDTH, activation="relu", name=f"block{number}_second")(inner)
        flow = keras.layers.Add(name=f"block{number}_sum")([flow, inner])
    logits = keras.layers.Dense(membership.shape[1], name="head")(flow)
    region = keras.layers.Dense(membership.shape[1], use_bias=False, trainable=False, name="region")
    asked = region(features)
    region.set_weights([membership])
    scores = keras.layers.Multiply(name="scores")([keras.layers.Activation("sigmoid")(logits), asked])
    return keras.Model(features, scores, name="fieldpack_species"), keras.Model(features, logits)
