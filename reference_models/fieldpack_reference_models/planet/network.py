"""The network: iNaturalist's range model in small, on the five numbers of a place.

One dense layer, residual blocks of two, a head without bias and a sigmoid, as Cole et al. 2023 (SINR). The
five numbers come from the contract.
"""

from __future__ import annotations

from typing import Any

NUMBERS = 5
WIDTH = 96
BLOCKS = 2
DROPOUT = 0.1


def build(labels: int) -> Any:
    """Build the untrained ``keras.Model``: float32 [N, 5] to scores of independent labels [N, labels]."""
    import keras

    place = keras.Input((NUMBERS,), name="place")
    flow = keras.layers.Dense(WIDTH, activation="relu", name="trunk")(place)
    for number in range(1, BLOCKS + 1):
        inner = keras.layers.Dense(WIDTH, activation="relu", name=f"block{number}_first")(flow)
        inner = keras.layers.Dropout(DROPOUT, name=f"block{number}_dropout")(inner)
        inner = keras.layers.Dense(WIDTH, activation="relu", name=f"block{number}_second")(inner)
        flow = keras.layers.Add(name=f"block{number}_sum")([flow, inner])
    scores = keras.layers.Dense(labels, use_bias=False, activation="sigmoid", name="head")(flow)
    return keras.Model(place, scores, name="fieldpack_planet")
