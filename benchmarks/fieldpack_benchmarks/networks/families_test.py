"""The eleven families: their size, their shapes, and that their outputs depend on all that they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack_benchmarks.networks.families import FAMILIES, flat_outputs

PARAMETERS = {
    "depthwise_se": 4_213_512,
    "convnext": 4_605_688,
    "resnet18": 11_689_512,
    "place_mlp": 4_182_432,
    "mel_conv": 1_301_142,
    "mel_stft": 1_301_142,
    "unet": 1_896_940,
    "vit_operator": 3_919_528,
    "vit_einsum": 3_919_528,
    "detector": 1_177_692,
    "gru_lstm": 1_452_744,
}
#: ResNet-18 of torchvision counts 11,689,512 too; the others follow from their widths.


def run(network: Any, arrays: list[Any]) -> list[Any]:
    import torch

    with torch.no_grad():
        return flat_outputs(network(*map(torch.from_numpy, arrays)))


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_seeded_large_enough_and_not_flat(name: str) -> None:
    family = FAMILIES[name]
    network = family.network()
    assert sum(item.numel() for item in network.parameters()) == PARAMETERS[name]
    first = run(network, family.inputs(1))
    assert len(first) == family.outputs
    assert not network.training
    for again, other, found in zip(
        run(family.network(), family.inputs(1)), run(network, family.inputs(2)), first, strict=True
    ):
        np.testing.assert_array_equal(again, found)
        assert np.isfinite(found).all()
        assert found.std() > 0.02
        assert np.abs(other - found).mean() > 0.005


def test_both_attentions_and_both_front_ends_mean_the_same() -> None:
    for one, other, tolerance in (("vit_operator", "vit_einsum", 1e-4), ("mel_conv", "mel_stft", 1e-4)):
        arrays = FAMILIES[one].inputs(3)
        (left,), (right,) = (run(FAMILIES[name].network(), arrays) for name in (one, other))
        np.testing.assert_allclose(left, right, rtol=0, atol=tolerance)


def test_batch_norms_know_the_statistics_of_their_inputs() -> None:
    import torch

    norms = [m for m in FAMILIES["unet"].network().modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        assert not torch.equal(norm.running_mean, torch.zeros_like(norm.running_mean))
        assert not torch.equal(norm.weight, torch.ones_like(norm.weight))
