"""Batch norms behind layers: what they do to each channel, and where a constant can be put."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.joints import Call, Kind, only_reader
from fieldpack_converters.passes.weighted_layers import WeightedLayer


def norm_behind(calls: list[Call], layer: WeightedLayer) -> Any | None:
    """The batch norm that alone reads what the layer makes, called once as the layer is; else None."""
    own = [call for call in calls if call.handle is layer.handle]
    if len(own) != 1 or not is_linear(layer):
        return None
    reader = only_reader(calls, own[0].made[0])
    if reader is None or reader.kind is not Kind.NORM:
        return None
    once = sum(call.handle is reader.handle for call in calls) == 1
    return reader.handle if once else None


def is_linear(layer: WeightedLayer) -> bool:
    """Whether nothing is fused behind the layer's sum."""
    activation = getattr(layer.handle, "activation", None)
    return activation is None or getattr(activation, "__name__", "") == "linear"


def mean_taker(
    opened: OpenedSource, calls: list[Call], layer: WeightedLayer
) -> Callable[[Array], None] | None:
    """A function that adds a constant to each channel of a layer's sum; None where nothing can take it.

    The layer's bias takes it, else the moving mean of the batch norm behind it.
    """
    bias = layer.bias()
    if bias is not None:
        return lambda shift: layer.set_bias((bias + shift).astype(np.float32))
    norm = norm_behind(calls, layer)
    if norm is None:
        return None
    return lambda shift: _move_mean(opened, norm, shift)


def _move_mean(opened: OpenedSource, norm: Any, shift: Array) -> None:
    if opened.kind.is_torch:
        import torch

        with torch.no_grad():
            norm.running_mean -= torch.from_numpy(np.asarray(shift, np.float32))
    else:
        norm.moving_mean.assign(norm.moving_mean.numpy() - np.asarray(shift, np.float32))


def norm_gain(opened: OpenedSource, norm: Any) -> Array:
    """What a batch norm multiplies each channel by, float64 [C]."""
    if opened.kind.is_torch:
        gamma = 1.0 if norm.weight is None else norm.weight.detach().numpy().astype(np.float64)
        return np.asarray(gamma / np.sqrt(norm.running_var.numpy().astype(np.float64) + norm.eps))
    gamma = np.asarray(norm.gamma.numpy(), np.float64) if norm.scale else 1.0
    return np.asarray(gamma / np.sqrt(np.asarray(norm.moving_variance.numpy(), np.float64) + norm.epsilon))


def can_scale(opened: OpenedSource, norm: Any) -> bool:
    """Whether a batch norm has a gamma to scale, and a beta with it."""
    if opened.kind.is_torch:
        return bool(norm.affine and norm.track_running_stats)
    return bool(norm.scale)


def scale_norm(opened: OpenedSource, norm: Any, factor: Array) -> None:
    """Multiply what a batch norm makes, channel by channel."""
    if opened.kind.is_torch:
        import torch

        values = torch.from_numpy(np.asarray(factor, np.float32))
        with torch.no_grad():
            norm.weight *= values
            norm.bias *= values
        return
    for part in (norm.gamma, norm.beta if norm.center else None):
        if part is not None:
            part.assign(np.asarray(part.numpy() * factor, np.float32))
