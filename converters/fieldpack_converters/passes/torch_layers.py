"""The layers with weights of a torch module, as ``weighted_layers`` sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.window import Window


@dataclass(frozen=True, slots=True)
class TorchLayer:
    """``Linear``, ``Conv1d`` or ``Conv2d``."""

    name: str
    handle: Any
    groups: int
    window: Window | None
    channels_last: bool = False

    def weights(self) -> Array:
        return np.array(self.handle.weight.detach().numpy(), np.float32)

    def set_weights(self, weights: Array) -> None:
        _write(self.handle.weight, weights)

    def bias(self) -> Array | None:
        bias = self.handle.bias
        return None if bias is None else np.array(bias.detach().numpy(), np.float32)

    def set_bias(self, bias: Array) -> None:
        _write(self.handle.bias, bias)


def torch_weighted(model: Any) -> list[TorchLayer]:
    """Layers in the order of ``named_modules``; one that is called under two names counts once."""
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)
    found = [(name, module) for name, module in model.named_modules() if type(module) in kinds]
    return [
        TorchLayer(name, module, getattr(module, "groups", 1), _window(module))
        for name, module in found
        if getattr(module, "padding_mode", "zeros") == "zeros"
    ]


def _window(module: Any) -> Window | None:
    if not hasattr(module, "kernel_size"):
        return None
    kernel, dilation = tuple(module.kernel_size), tuple(module.dilation)
    padding = module.padding
    if padding == "same":
        totals = [(size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
        pads = tuple((total // 2, total - total // 2) for total in totals)
    elif padding == "valid":
        pads = tuple((0, 0) for _ in kernel)
    else:
        pads = tuple((size, size) for size in padding)
    return Window(kernel, tuple(module.stride), dilation, pads)


def _write(tensor: Any, values: Array) -> None:
    import torch

    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.array(values, np.float32)))
