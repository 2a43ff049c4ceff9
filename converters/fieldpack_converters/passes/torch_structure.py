"""Gives a freshly built torch module the structure that a compressed state dict has.

A factory builds the network as it was trained. Pruned channels show in the shapes of the tensors, a
factored layer in the keys ``NAME.0.weight`` and ``NAME.1.weight`` where the network has a plain layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fit_structure(module: Any, state: Mapping[str, Any]) -> None:
    """Change layers in place until ``module.load_state_dict(state)`` fits.

    Parameters
    ----------
    module : torch.nn.Module
        As the factory built it.
    state : mapping of str to tensor
        What will be loaded.
    """
    for name, layer in list(module.named_modules()):
        if f"{name}.0.weight" in state and f"{name}.1.weight" in state and hasattr(layer, "weight"):
            _replace(module, name, _factored(state, name))
    for name, layer in module.named_modules():
        _resize(layer, {key: state.get(f"{name}.{key}" if name else key) for key in _own(layer)})


def _own(layer: Any) -> list[str]:
    return [key for key, _ in layer.named_parameters(recurse=False)] + [
        key for key, _ in layer.named_buffers(recurse=False)
    ]


def _factored(state: Mapping[str, Any], name: str) -> Any:
    import torch

    first, second = state[f"{name}.0.weight"], state[f"{name}.1.weight"]
    return torch.nn.Sequential(
        torch.nn.Linear(first.shape[1], first.shape[0], bias=f"{name}.0.bias" in state),
        torch.nn.Linear(second.shape[1], second.shape[0], bias=f"{name}.1.bias" in state),
    )


def _replace(module: Any, name: str, layer: Any) -> None:
    parent, _, last = name.rpartition(".")
    setattr(module.get_submodule(parent), last, layer)


def _resize(layer: Any, tensors: Mapping[str, Any]) -> None:
    """Give a layer's own tensors the shapes of the state, and its attributes the sizes that follow."""
    import torch

    for key, wanted in tensors.items():
        old = getattr(layer, key)
        if wanted is None or old is None or old.shape == wanted.shape:
            continue
        fresh = torch.empty_like(wanted, dtype=old.dtype)
        setattr(layer, key, torch.nn.Parameter(fresh) if isinstance(old, torch.nn.Parameter) else fresh)
    weight = tensors.get("weight")
    if weight is not None:
        _set_sizes(layer, weight)


def _set_sizes(layer: Any, weight: Any) -> None:
    import torch

    if isinstance(layer, torch.nn.Linear):
        layer.out_features, layer.in_features = weight.shape
    elif isinstance(layer, torch.nn.modules.conv._ConvNd):
        depthwise = layer.groups == layer.in_channels and layer.groups > 1
        outputs, inputs = (1, 0) if layer.transposed else (0, 1)
        layer.out_channels, layer.in_channels = weight.shape[outputs], weight.shape[inputs]
        if depthwise:
            layer.groups = layer.in_channels = weight.shape[0]
        else:
            layer.in_channels *= layer.groups
    elif isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
        layer.num_features = weight.shape[0]
