"""Placed zeros, from the pass that makes them through every pass after it to the saved model."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import ConversionError, SpecError
from fieldpack.passes import PruneWeights, RoundHead, Training
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import refit, round_head, runner, testing, zeros
from fieldpack_converters.passes import round as rounding
from fieldpack_converters.passes.sparsity import Pruning
from fieldpack_converters.passes.subject import Examples
from fieldpack_converters.passes.weighted_layers import weighted_layers
from fieldpack_converters.source import open_source
from fieldpack_converters.testing import SIDE, make_torch

pytestmark = pytest.mark.full

TRAINING = {"epochs": 2, "batch": 32, "learning_rate": 5e-3}
TEACHING = {"teacher": "source", "temperature": 2.0, "label_weight": 0.2}
PRUNE = {"method": "prune_weights", "layers": "0|7", "pattern": "unstructured", "share": 0.5}
LATER: tuple[dict[str, Any], ...] = (
    {"method": "fine_tune", "layers": ".*", "training": TRAINING},
    {"method": "distil", "layers": ".*", "training": TRAINING, **TEACHING},
    {"method": "quantisation_aware", "layers": ".*", "training": TRAINING},
    {"method": "round", "layers": "0", "bits": 4, "iterations": 30},
    {"method": "round_head", "layers": "7", "bits": 4},
    {"method": "refit", "layers": "7"},
)


def run(folder: Path, *recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe on the tiny network; it trains on the task and calibrates on pictures of large patches."""
    path = make_torch(str(folder))["net.pt"]
    factory = "fieldpack_converters.testing:torch_network"
    source = {"kind": "torch", "path": path, "factory": factory, "input_shapes": [[1, 3, SIDE, SIDE]]}
    inputs, labels = testing.task("NCHW")
    np.save(folder / "x.npy", inputs)
    np.save(folder / "y.npy", labels)
    np.save(folder / "z.npy", coarse())
    np.save(folder / "l.npy", labels[:96])
    training, calibration = (
        {"inputs": {"0": str(folder / one)}, "labels": str(folder / other)}
        for one, other in (("x.npy", "y.npy"), ("z.npy", "l.npy"))
    )
    return runner.apply(
        source, list(recipe), str(folder / "out"), "softmax", 0, training=training, calibration=calibration
    )


def coarse() -> Array:
    values = np.random.default_rng(11).random((96, 3, 4, 4)).astype(np.float32)
    return values.repeat(3, axis=2).repeat(3, axis=3)


def weights(answer: dict[str, Any]) -> dict[str, Array]:
    return {layer.name: layer.weights() for layer in weighted_layers(open_source(answer["source"]))}


def share(arrays: list[Array]) -> float:
    return sum(int((array == 0).sum()) for array in arrays) / sum(array.size for array in arrays)


def test_every_later_pass_keeps_the_zeros(tmp_path: Path) -> None:
    pruned = weights(run(tmp_path, PRUNE))
    after = weights(run(tmp_path, PRUNE, *LATER))
    assert share([pruned["0"], pruned["7"]]) == pytest.approx(0.5, abs=1e-3)
    for name in ("0", "7"):
        assert (after[name][pruned[name] == 0] == 0).all()
        assert (after[name] != pruned[name]).any()
    assert share([after["3"]]) == 0


def test_a_second_pruning_adds_to_the_first(tmp_path: Path) -> None:
    fewer = {**PRUNE, "share": 0.2}
    once, twice = weights(run(tmp_path, PRUNE)), weights(run(tmp_path, PRUNE, fewer, LATER[0]))
    assert all((twice[name][once[name] == 0] == 0).all() for name in ("0", "7"))


def test_rounding_would_wake_zeros_without_their_mask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounding, "kept_matrix", lambda layer, masks: None)
    with pytest.raises(ConversionError, match=r"pass 1 of the recipe \(round\) lost zeros of 0"):
        run(tmp_path, PRUNE, LATER[3])


@pytest.mark.parametrize("known", [True, False])
def test_a_rounded_head_keeps_zeros_by_their_mask(tmp_path: Path, known: bool) -> None:
    from torch import nn

    opened = testing.torch_opened(nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, testing.CLASSES)))
    subject = testing.make_subject(opened, opened, tmp_path, calibration=Examples([coarse()], None))
    Pruning(subject, PruneWeights(method="prune_weights", layers=".*", pattern="unstructured", share=0.5))
    mask = subject.masks["1"]
    subject.masks = subject.masks if known else {}
    round_head.apply(subject, RoundHead(method="round_head", layers="1", bits=4))
    lost = np.count_nonzero(opened.model[1].weight.detach().numpy()[~mask])
    assert lost == 0 if known else lost > 0


def test_a_pass_that_loses_a_zero_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fold = refit._fold

    def careless(layer: Any, temperature: float, bias: Array) -> None:
        fold(layer, temperature, bias)
        layer.set_weights(layer.weights() + np.float32(1e-6))

    monkeypatch.setattr(refit, "_fold", careless)
    with pytest.raises(ConversionError, match=r"\(refit\) lost zeros of 7"):
        run(tmp_path, PRUNE, LATER[5])


@pytest.mark.parametrize(
    "later",
    [
        {"method": "prune_channels", "layers": ".*", "share": 0.5, "round_to": 4},
        {"method": "prune_channels", "layers": ".*", "share": 0.5, "round_to": 4, "training": TRAINING},
        {"method": "low_rank", "layers": "7", "rank": 2},
    ],
)
def test_a_pass_that_changes_a_pruned_layers_shape_is_refused(tmp_path: Path, later: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="whose zeros prune_weights has placed"):
        run(tmp_path, PRUNE, later)


def test_zeros_that_no_pass_placed_may_train(tmp_path: Path) -> None:
    from torch import nn

    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, testing.CLASSES), nn.Softmax(1))
    network[1].weight.data[0] = 0
    opened = testing.torch_opened(copy.deepcopy(network))
    subject = testing.make_subject(opened, opened, tmp_path)
    zeros.Zeros(subject).put_back()
    step = {**LATER[0], "training": {**TRAINING, "epochs": 1}}
    applied = runner._module(subject, "fine_tune").apply(subject, runner.Recipe(recipe=(step,)).recipe[0])
    assert (applied.opened.model[1].weight[0] != 0).all()


def test_the_share_rises_as_a_cubic_and_each_mask_lies_in_the_last(tmp_path: Path) -> None:
    from torch import nn

    opened = testing.torch_opened(nn.Sequential(nn.Linear(64, 64)))
    subject = testing.make_subject(opened, opened, tmp_path)
    step = PruneWeights(
        method="prune_weights", layers=".*", pattern="unstructured", share=0.8, rise=2.0,
        training=Training(epochs=4, batch=8, learning_rate=1e-3),
    )  # fmt: skip
    pruning = Pruning(subject, step)
    found, masks = [], []
    for done in (0, 25, 50, 75, 100):
        pruning.after_step(done, 100)
        masks.append(subject.masks["0"])
        found.append(float(1 - masks[-1].mean()))
    half = 0.8 * (1 - 0.5**3)
    assert found == pytest.approx([0, half, 0.8, 0.8, 0.8], abs=1e-3)
    assert all((later <= earlier).all() for earlier, later in pairwise(masks))
    assert pruning.facts()["zeros"] == {"0": pytest.approx(0.8, abs=1e-3)}
    assert share([weighted_layers(opened)[0].weights()]) == pytest.approx(0.8, abs=1e-3)
