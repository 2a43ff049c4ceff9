"""Rounding in a torch network: the grid, the order, what takes the mean, and the gain over nearest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import adaround
from fieldpack_converters.passes.grid import grid_of
from fieldpack_converters.passes.runner import apply
from fieldpack_converters.passes.weighted_layers import matrix, weighted_layers
from fieldpack_converters.source import open_source
from fieldpack_converters.testing import SIDE, make_torch

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = make_torch(str(tmp_path_factory.mktemp("net")))["net.pt"]
    factory = "fieldpack_converters.testing:torch_network"
    return {"kind": "torch", "path": path, "factory": factory, "input_shapes": [[1, 3, SIDE, SIDE]]}


@pytest.fixture(scope="module")
def samples() -> Array:
    coarse = np.random.default_rng(11).random((96, 3, 4, 4)).astype(np.float32)
    return coarse.repeat(3, axis=2).repeat(3, axis=3)


def compressed(
    source: dict[str, Any], samples: Array, folder: Path, *recipe: dict[str, Any]
) -> dict[str, Any]:
    np.save(folder / "x.npy", samples)
    words = {"inputs": {"0": str(folder / "x.npy")}, "labels": None}
    return apply(source, list(recipe), str(folder / "out"), "softmax", 0, calibration=words)


def scores(source: dict[str, Any], samples: Array) -> Array:
    return np.log(open_source(source).call([samples])[0])


@pytest.mark.parametrize("bits", [8, 4])
def test_every_weight_is_on_its_grid_and_the_answer_is_nearer(
    source: dict[str, Any], samples: Array, tmp_path: Path, bits: int
) -> None:
    answer = compressed(
        source, samples, tmp_path, {"method": "round", "layers": ".*", "bits": bits, "iterations": 50}
    )
    assert answer["steps"][0]["matched"] == ["0", "3", "7"]
    for layer in weighted_layers(open_source(answer["source"])):
        grid = grid_of(matrix(layer), 8 if layer.groups > 1 else bits)
        np.testing.assert_allclose(
            grid.real(grid.nearest(matrix(layer))), matrix(layer), rtol=1e-5, atol=1e-9
        )
    plain = open_source(source)
    for layer in weighted_layers(plain):
        grid = grid_of(matrix(layer), bits)
        layer.set_weights(grid.real(grid.nearest(matrix(layer))).reshape(layer.weights().shape))
    wanted = scores(source, samples)
    nearest = np.square(np.log(plain.call([samples])[0]) - wanted).mean()
    assert np.square(scores(answer["source"], samples) - wanted).mean() < 0.3 * nearest


def test_the_figures_say_what_each_layer_gained(
    source: dict[str, Any], samples: Array, tmp_path: Path
) -> None:
    answer = compressed(
        source, samples, tmp_path, {"method": "round", "layers": "[03]", "bits": 8, "iterations": 50}
    )
    facts = answer["steps"][0]["facts"]["layers"]
    assert list(facts) == ["0", "3"]
    for figures in facts.values():
        assert figures["mean_taken"]
        assert figures["mean_square"] <= figures["nearest_mean_square"]


def test_a_layer_that_the_block_does_not_divide_stays(
    source: dict[str, Any], samples: Array, tmp_path: Path
) -> None:
    step = {"method": "round", "layers": ".*", "bits": 4, "block_size": 4, "iterations": 50}
    assert compressed(source, samples, tmp_path, step)["steps"][0]["matched"] == ["7"]


def test_no_layer_of_the_name(source: dict[str, Any], samples: Array, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no layer"):
        compressed(
            source, samples, tmp_path, {"method": "round", "layers": "stem", "bits": 8, "iterations": 50}
        )


def test_the_head_is_rounded_and_factored(source: dict[str, Any], samples: Array, tmp_path: Path) -> None:
    answer = compressed(
        source,
        samples,
        tmp_path,
        {"method": "low_rank", "layers": "7", "rank": 2},
        {"method": "round_head", "layers": "7", "bits": 8},
    )
    assert [step["matched"] for step in answer["steps"]] == [["7"], ["7.0", "7.1"]]
    assert answer["parameters"] < open_source(source).parameters
    assert np.abs(scores(answer["source"], samples) - scores(source, samples)).max() < 0.1


def _few_causes() -> tuple[Array, Array]:
    """Moments [1, 24, 24] of inputs that three causes drive, and weights [10, 24]."""
    generator = np.random.default_rng(2)
    features = generator.standard_normal((300, 3)) @ generator.standard_normal((3, 24)) + 0.1 * (
        generator.standard_normal((300, 24))
    )
    weights = generator.standard_normal((10, 24)).astype(np.float32)
    return (features.T @ features / 300)[None], weights


def test_placed_zeros_stay_and_the_others_make_up_for_them() -> None:
    moments, weights = _few_causes()
    kept = np.random.default_rng(3).random(weights.shape) > 0.5
    grid = grid_of(weights * kept, 4)
    free = adaround.chosen(weights * kept, weights, moments, grid, 100)
    steps = adaround.chosen(weights * kept, weights, moments, grid, 100, kept)
    assert (free[~kept] != 0).any()
    assert (steps[~kept] == 0).all()
    nearest, ours = (
        adaround.row_losses(weights - grid.real(found), moments).mean()
        for found in (grid.nearest(weights * kept), steps)
    )
    assert ours < 0.3 * nearest


def test_rounding_is_never_worse_than_the_nearest() -> None:
    moments, weights = _few_causes()
    grid = grid_of(weights, 4)
    steps = adaround.chosen(weights, weights, moments, grid, 200)
    nearest = adaround.row_losses(weights - grid.real(grid.nearest(weights)), moments)
    ours = adaround.row_losses(weights - grid.real(steps), moments)
    assert (ours <= nearest).all()
    assert ours.mean() < 0.2 * nearest.mean()
    assert (np.abs(steps).max(axis=1) == 7).all()
