"""The CIFAR ResNets against the paper's counts and the rule of option A."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack_benchmarks.networks.cifar_resnet import resnet20, resnet56

# Table 6 of He et al. 2015 gives 0.27 M and 0.85 M; the exact counts follow from the widths.
PARAMETERS = {resnet20: 269_722, resnet56: 853_018}


@pytest.mark.parametrize("build", [resnet20, resnet56])
def test_parameters_layers_and_shape(build: Any) -> None:
    import torch

    network = build().eval()
    assert sum(item.numel() for item in network.parameters()) == PARAMETERS[build]
    layers = [item for item in network.modules() if isinstance(item, (torch.nn.Conv2d, torch.nn.Linear))]
    assert len(layers) == int(build.__name__.removeprefix("resnet"))
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert {"conv1.weight", "bn1.running_var", "layer3.2.conv2.weight", "linear.bias"} <= set(
        network.state_dict()
    )


def test_the_shortcut_takes_every_second_pixel_between_zero_channels() -> None:
    import torch

    block: Any = resnet20().eval()
    block = block.layer2[0]
    torch.nn.init.zeros_(block.bn2.weight)
    torch.nn.init.zeros_(block.bn2.bias)
    values = torch.rand(1, 16, 8, 8)
    with torch.no_grad():
        answer = block(values)
    assert answer.shape == (1, 32, 4, 4)
    assert torch.equal(answer[:, 8:24], values[:, :, ::2, ::2])
    assert not answer[:, :8].any()
    assert not answer[:, 24:].any()
