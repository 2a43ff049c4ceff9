"""What each group of tied channels of a PyTorch module adds to the layers that read it, and what it costs.

The counterpart of ``useful_channels.py`` for torch-pruning's dependency graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.in_torch.training import outputs_of
from fieldpack_converters.passes.subject import Examples

BATCH = 32


def contributions_and_costs(
    module: Any, groups: Sequence[Any], examples: Examples
) -> tuple[dict[int, Array], dict[int, float]]:
    """Place of each group -> share of its readers' variance that each channel brings, and parameters of one.

    Parameters
    ----------
    groups : sequence
        Of ``torch_pruning``, each over all channels of its root.
    examples : Examples
        On which the variances are taken.
    """
    readers = {
        id(item.dep.target.module): item.dep.target.module
        for group in groups
        for item in group
        if _reads(item.dep)
    }
    moments = _moments(module, list(readers.values()), examples)
    useful, cost = {}, {}
    for place, group in enumerate(groups):
        size = len(group[0].idxs)
        values, price = np.zeros(size), 0.0
        for item in group:
            layer = item.dep.target.module
            if _reads(item.dep):
                spread, made = moments[id(layer)]
                brought = spread * _squared_weights(layer) / max(made, 1e-12)
                np.add.at(values, np.asarray(item.root_idxs), brought[np.asarray(item.idxs)])
            price += _parameters(item.dep, layer) * len(item.idxs) / size
        useful[place], cost[place] = values, price
    return useful, cost


def _reads(dependency: Any) -> bool:
    """Whether pruning takes input channels from a layer that mixes them."""
    import torch_pruning

    return dependency.handler in (
        torch_pruning.prune_conv_in_channels,
        torch_pruning.prune_linear_in_channels,
    )


def _squared_weights(layer: Any) -> Array:
    """Sum of squares by input channel."""
    weight = layer.weight.detach().numpy().astype(np.float64)
    squared: Array = (weight**2).sum(axis=tuple(axis for axis in range(weight.ndim) if axis != 1))
    return squared


def _parameters(dependency: Any, layer: Any) -> float:
    """Parameters that go with one channel of a layer."""
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    if weight is None:
        return 0.0
    if _reads(dependency):
        return float(weight.numel() / weight.shape[1])
    return float(weight.numel() / weight.shape[0]) + (0.0 if bias is None else 1.0)


def _moments(module: Any, layers: Sequence[Any], examples: Examples) -> dict[int, tuple[Array, float]]:
    """id of a layer -> variance of each input channel, and summed variance of its outputs."""
    import torch

    sums: dict[int, list[Any]] = {}

    def watch(layer: Any, inputs: tuple[Any, ...], output: Any) -> None:
        found = [_summed(inputs[0], layer), _summed(output, layer)]
        old = sums.get(id(layer))
        sums[id(layer)] = (
            found if old is None else [one + other for one, other in zip(old, found, strict=True)]
        )

    hooks = [layer.register_forward_hook(watch) for layer in layers]
    module.eval()
    with torch.no_grad():
        for start in range(0, len(examples), BATCH):
            outputs_of(module, [np.array(array[start : start + BATCH]) for array in examples.inputs])
    for hook in hooks:
        hook.remove()
    return {place: (_variance(one), float(_variance(other).sum())) for place, (one, other) in sums.items()}


def _summed(values: Any, layer: Any) -> Array:
    """Number, sum and sum of squares of each channel, float64 [3, channels]."""
    channels = 1 if layer.weight.dim() > 2 else values.dim() - 1
    rows = values.detach().numpy().astype(np.float64)
    rows = np.moveaxis(rows, channels, -1).reshape(-1, rows.shape[channels])
    return np.stack([np.full(rows.shape[1], len(rows)), rows.sum(axis=0), (rows**2).sum(axis=0)])


def _variance(sums: Array) -> Array:
    count, total, squares = sums
    variance: Array = np.maximum(squares / count - (total / count) ** 2, 0.0)
    return variance
