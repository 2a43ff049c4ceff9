"""Weights for networks that nobody trained: drawn from a seed, with statistics like trained ones.

Fresh networks are poor witnesses: batch norm has mean 0 and variance 1, biases are zero, layer
scales vanish and outputs are flat, so a converter that drops one of them gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

PASSES = 4


def seeded(
    build: Callable[[], nn.Module], shapes: Sequence[Sequence[int]], low: float, high: float, seed: int = 0
) -> nn.Module:
    """Build a network and settle its statistics.

    Parameters
    ----------
    build : callable
        Makes the module; its own initial weights come from the seed.
    shapes : sequence of shape
        Of its inputs, in order.
    low, high : float
        Range of the inputs, drawn uniformly.
    seed : int
        Of weights and inputs.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, without gradients. Norms have weights in 0.5..1.5 and biases of
        spread 0.2, batch norms the true means and variances of their inputs.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build().requires_grad_(False)
        _draw_norms(network)
        _settle(network, [tuple(shape) for shape in shapes], low, high)
    return network.eval()


def _draw_norms(network: nn.Module) -> None:
    from torch import nn

    for part in network.modules():
        if isinstance(part, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0.0, 0.2)


def _settle(network: Any, shapes: list[tuple[int, ...]], low: float, high: float) -> None:
    """Running means and variances of batch norms over a few passes of drawn inputs."""
    import torch
    from torch import nn

    norms = [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = None  # the plain mean over all passes
    network.eval()
    for norm in norms:
        norm.train()
    with torch.no_grad():
        for _ in range(PASSES if norms else 0):
            network(*(torch.empty(shape).uniform_(low, high) for shape in shapes))
