"""Tiny seeded networks of every source kind, for tests of the converters.

One network in several frameworks: convolution, batch norm, ReLU6, depthwise convolution, global
average, dense layer; 12 x 12 x 3 in, 4 scores out.  Batch norm gets statistics that are not the
initial ones, and the weights are seeded, so that a conversion that drops something shows.

Each ``make_`` function must run in a process that has not imported the other Keras.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.spec import SourceKind
from fieldpack_converters.keras_source import keras_library

SIDE, CLASSES = 12, 4


@contextmanager
def one_process() -> Iterator[ProcessPoolExecutor]:
    """A worker process that keeps its imports; tests of one framework share it.

    It is ended at once: TensorFlow takes ten seconds to leave by itself.
    """
    before = set(active_children())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            yield pool
        finally:
            for child in set(active_children()) - before:
                child.terminate()


def make_keras(folder: str) -> dict[str, str]:
    """Write Keras 3 models: ``.keras``, ``.h5``, a SavedModel, one with two outputs, one with a class.

    Returns
    -------
    dict
        Name -> path.
    """
    import keras as framework

    keras = keras_library(SourceKind.KERAS)
    model = _keras_network(keras)
    paths = {
        name: str(Path(folder) / name) for name in ("net.keras", "net.h5", "saved", "two.keras", "own.keras")
    }
    model.save(paths["net.keras"])
    model.save(paths["net.h5"])
    model.export(paths["saved"], verbose=False)
    _two_outputs(keras, model).save(paths["two.keras"])

    class Halving(framework.layers.Layer):  # type: ignore[misc]
        def call(self, values: Any) -> Any:
            return values * 0.5

    inputs = keras.Input((3,))
    keras.Model(inputs, Halving()(inputs)).save(paths["own.keras"])
    return paths


def make_keras_legacy(folder: str) -> dict[str, str]:
    """Write a Keras 2 ``.h5``."""
    path = str(Path(folder) / "legacy.h5")
    _keras_network(keras_library(SourceKind.KERAS_LEGACY)).save(path)
    return {"legacy.h5": path}


def make_torch(folder: str) -> dict[str, str]:
    """Write state dicts (plain, prefixed, in a checkpoint), a ``.pt2``, and two refused pickles."""
    import torch

    torch.manual_seed(3)
    network = torch_network()
    names = ("net.pt", "prefixed.pt", "checkpoint.pt", "net.pt2", "module.pt", "bomb.pt")
    paths = {name: str(Path(folder) / name) for name in names}
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.5, 1.5)
    network.eval()
    state = network.state_dict()
    torch.save(state, paths["net.pt"])
    torch.save({f"module.{key}": value for key, value in state.items()}, paths["prefixed.pt"])
    torch.save({"epoch": 3, "state_dict": state}, paths["checkpoint.pt"])
    torch.save(network, paths["module.pt"])
    torch.export.save(torch.export.export(network, (torch.zeros(1, 3, SIDE, SIDE),)), paths["net.pt2"])
    Path(paths["bomb.pt"]).write_bytes(pickle.dumps(Bomb(str(Path(folder) / "exploded"))))
    return paths


class Bomb:
    """A pickle that writes a file when it is opened carelessly."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (Path(self.target),)


def torch_network(width: int = 8) -> Any:
    """The tiny network in PyTorch; input [N, 3, 12, 12]."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(),
        nn.Conv2d(width, width, 3, 1, 1, groups=width), nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, CLASSES), nn.Softmax(1),
    )  # fmt: skip


def _keras_network(keras: Any) -> Any:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    picture = keras.Input((SIDE, SIDE, 3), name="picture")
    values = layers.Conv2D(8, 3, 2, "same", use_bias=False)(picture)
    norm = layers.BatchNormalization()
    values = layers.ReLU(6.0)(norm(values))
    values = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(values)
    values = layers.GlobalAveragePooling2D()(values)
    model = keras.Model(picture, layers.Dense(CLASSES, activation="softmax", name="scores")(values))
    generator = np.random.default_rng(9)
    norm.set_weights([generator.uniform(0.5, 1.5, 8), generator.uniform(-0.3, 0.3, 8),
                      generator.uniform(-0.3, 0.3, 8), generator.uniform(0.5, 1.5, 8)])  # fmt: skip
    return model


def _two_outputs(keras: Any, model: Any) -> Any:
    """Two inputs and two outputs whose names sort the other way round."""
    picture = keras.Input((SIDE, SIDE, 3), name="z_picture")
    place = keras.Input((2,), name="a_place")
    scores = model(picture)
    joined = keras.layers.Concatenate()([scores, place])
    first = keras.layers.Dense(5, name="z_first")(joined)
    second = keras.layers.Dense(5, activation="sigmoid", name="a_second")(joined)
    return keras.Model([picture, place], [first, second])
