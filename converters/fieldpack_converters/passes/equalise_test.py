"""Equalisation keeps the function and evens the ranges; a value that something else reads is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters import testing
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.runner import apply
from fieldpack_converters.source import open_source

pytestmark = pytest.mark.full

NETWORKS = """
import torch
from torch import nn


def chain():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.ReLU(),
        nn.Conv2d(8, 6, 1), nn.ReLU6(),
        nn.Conv2d(6, 6, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4), nn.Softmax(1),
    )


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.one, self.two = (nn.Conv2d(size, 8, 3, 1, 1) for size in (3, 8, 8))
        self.norm, self.head = nn.BatchNorm2d(8), nn.Linear(8, 4)

    def forward(self, picture):
        stem = torch.relu(self.stem(picture))
        inner = self.two(nn.functional.relu(self.norm(self.one(stem))))
        return torch.softmax(self.head(torch.relu(stem + inner).mean((2, 3))), 1)


def alone():
    return nn.Sequential(nn.Flatten(), nn.Linear(432, 4), nn.Softmax(1))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks")
    (path / "uneven_networks.py").write_text(NETWORKS)
    np.save(path / "x.npy", np.random.default_rng(0).random((32, 3, 12, 12), np.float32))
    return path


def source_of(folder: Path, name: str) -> dict[str, Any]:
    """An uneven network: channels of a convolution differ by factors."""
    import sys

    import torch

    sys.path.insert(0, str(folder))
    try:
        import uneven_networks  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(folder))
    torch.manual_seed(1)
    network = getattr(uneven_networks, name)()
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.1, 4)
        if isinstance(part, torch.nn.Conv2d):
            part.weight.data *= torch.exp(2 * torch.randn(len(part.weight), 1, 1, 1))
    torch.save(network.state_dict(), folder / f"{name}.pt")
    return {
        "kind": "torch", "path": str(folder / f"{name}.pt"), "factory": f"uneven_networks:{name}",
        "input_shapes": [[1, 3, 12, 12]], "python_path": [str(folder)],
    }  # fmt: skip


def equalised(folder: Path, name: str) -> tuple[dict[str, Any], float]:
    """The facts of the pass, and how much the answer changed."""
    source = source_of(folder, name)
    words = {"inputs": {"0": str(folder / "x.npy")}, "labels": None}
    step = {"method": "equalise", "layers": ".*"}
    answer = apply(source, [step], str(folder / "out"), "softmax", 0, calibration=words)
    samples: Array = np.load(folder / "x.npy")
    before, after = (open_source(words).call([samples])[0] for words in (source, answer["source"]))
    return answer["steps"][0]["facts"], float(np.abs(before - after).max())


def test_joints_through_relu_norm_and_pooling_and_none_through_relu6(folder: Path) -> None:
    facts, change = equalised(folder, "chain")
    assert facts["joints"] == [["0", "3"], ["3", "5"], ["7", "10"]]
    assert change < 1e-5
    assert facts["unevenness"] < 0.8 * facts["unevenness_before"]


def test_what_a_residual_reads_is_left_alone(folder: Path) -> None:
    facts, change = equalised(folder, "Residual")
    assert facts["joints"] == [["one", "two"]]
    assert change < 1e-5


def test_a_network_without_joints_is_refused(folder: Path) -> None:
    with pytest.raises(SpecError, match="scaled against each other"):
        equalised(folder, "alone")


def in_keras(folder: str) -> tuple[list[list[str]], float, float]:
    """The joints of a Keras network, the change of its answer, and the evenness gained."""
    from fieldpack.spec import SourceKind
    from fieldpack_converters.keras_source import keras_library

    keras = keras_library(SourceKind.KERAS)
    layers = keras.layers
    picture = keras.Input((12, 12, 3))
    values = layers.Conv2D(8, 3, 2, "same", use_bias=False, name="stem")(picture)
    values = layers.ReLU()(layers.BatchNormalization()(values))
    values = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="deep")(values)
    values = layers.Conv2D(6, 1, activation="relu6", name="six")(values)
    values = layers.Conv2D(6, 1, name="last")(values)
    values = layers.GlobalAveragePooling2D()(values)
    model = keras.Model(picture, layers.Dense(4, activation="softmax", name="scores")(values))
    generator = np.random.default_rng(0)
    uneven = [weights * generator.lognormal(0, 2, weights.shape[-1]) for weights in model.get_weights()]
    model.set_weights([np.abs(weights) if weights.ndim == 1 else weights for weights in uneven])
    path, samples = f"{folder}/uneven.keras", generator.random((16, 12, 12, 3), np.float32)
    model.save(path)
    np.save(f"{folder}/x.npy", samples)
    source = {"kind": "keras", "path": path}
    words = {"inputs": {"0": f"{folder}/x.npy"}, "labels": None}
    step = {"method": "equalise", "layers": ".*"}
    answer = apply(source, [step], f"{folder}/out", "softmax", 0, calibration=words)
    before, after = (open_source(words).call([samples])[0] for words in (source, answer["source"]))
    facts = answer["steps"][0]["facts"]
    gain = facts["unevenness"] / facts["unevenness_before"]
    return facts["joints"], float(np.abs(before - after).max()), float(gain)


def test_keras_has_the_same_joints(tmp_path: Path) -> None:
    with testing.one_process() as pool:
        joints, change, gain = pool.submit(in_keras, str(tmp_path)).result()
    assert joints == [["stem", "deep"], ["deep", "six"], ["last", "scores"]]
    assert change < 1e-5
    assert gain < 0.95
