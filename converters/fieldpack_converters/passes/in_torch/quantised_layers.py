"""Layers with 8-bit weights: the batch norm behind each is folded in before the weights are rounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import UnsupportedError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.in_torch.fake_quantisation import rounded_weights, weight_steps

KINDS = "Linear, Conv2d without groups or depthwise"
"""What ``can_quantise`` lets through, for messages."""


def can_quantise(layer: Any) -> bool:
    """A dense layer, or a convolution over pictures without groups, or with one group a channel."""
    import torch

    if type(layer) is torch.nn.Linear:
        return True
    if type(layer) is not torch.nn.Conv2d or layer.padding_mode != "zeros":
        return False
    return bool(layer.groups in (1, layer.in_channels))


def roundable(module: Any) -> list[str]:
    """Names of the layers that ``can_quantise`` lets through."""
    return [name for name, layer in module.named_modules() if can_quantise(layer)]


def can_fold(layer: Any, norm: Any) -> bool:
    """Whether the converter folds the norm into the layer: one of its kind, with statistics of its own."""
    import torch

    kinds = {torch.nn.Conv2d: torch.nn.BatchNorm2d, torch.nn.Linear: torch.nn.BatchNorm1d}
    return type(norm) is kinds.get(type(layer)) and norm.running_mean is not None


@dataclass(frozen=True, slots=True)
class QuantisedLayer:
    """A layer and the batch norm that alone reads its sum, if there is one."""

    layer: Any
    norm: Any | None

    def linear(self, values: Any) -> Any:
        """What the integer layer adds up, before any activation."""
        import torch

        weight, bias = rounded_weights(self._folded()), self._bias()
        if self._is_dense:
            self._demand_flat(values)
            return torch.nn.functional.linear(values, weight, bias)
        layer = self.layer
        return torch.nn.functional.conv2d(
            values, weight, bias, layer.stride, layer.padding, layer.dilation, layer.groups
        )

    def integers(self) -> Array:
        """int8 weights as TFLite keeps them: [outputs, *kernel, inputs], depthwise [1, *kernel, channels]."""
        import torch

        with torch.no_grad():
            folded = self._folded()
            whole = torch.round(folded / weight_steps(folded)).to(torch.int8).numpy()
        if self._is_dense:
            return np.ascontiguousarray(whole)
        depthwise = self.layer.groups > 1
        return np.ascontiguousarray(whole.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1)))

    def settle(self) -> None:
        """Leave the float weights on the grid, so that every converter finds the same integers."""
        import torch

        weight = self.layer.weight
        with torch.no_grad():
            on_grid = rounded_weights(self._folded())
            gain = torch.ones(1) if self.norm is None else self._gain()
            alive = (gain.abs() > 1e-6).expand_as(weight)
            safe = torch.where(gain.abs() > 1e-6, gain, torch.ones_like(gain))
            weight.copy_(torch.where(alive, on_grid / safe, weight))

    @property
    def _is_dense(self) -> bool:
        return bool(self.layer.weight.dim() == 2)

    def _folded(self) -> Any:
        return self.layer.weight if self.norm is None else self.layer.weight * self._gain()

    def _gain(self) -> Any:
        """What the norm multiplies by, [outputs, 1, ...] as the weights."""
        return _norm_gain(self.norm).reshape(-1, *[1] * (self.layer.weight.dim() - 1))

    def _demand_flat(self, values: Any) -> None:
        if self.norm is not None and values.dim() != 2:
            raise UnsupportedError(
                "quantisation_aware cannot fold a batch norm behind a dense layer of sequences",
                came=f"an input with {values.dim()} axes",
                allowed="[N, C]",
                hint="let layers leave the dense layer out",
            )

    def _bias(self) -> Any:
        bias, norm = self.layer.bias, self.norm
        if norm is None:
            return bias
        beta = 0.0 if norm.bias is None else norm.bias
        return beta + ((0.0 if bias is None else bias) - norm.running_mean) * _norm_gain(norm)


def _norm_gain(norm: Any) -> Any:
    import torch

    gain = torch.rsqrt(norm.running_var + norm.eps)
    return gain if norm.weight is None else gain * norm.weight
