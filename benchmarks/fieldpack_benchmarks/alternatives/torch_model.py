"""A PyTorch source opened plainly, for the tools that want the module itself."""

from __future__ import annotations

import importlib
from typing import Any


def opened_module(source: dict[str, Any]) -> tuple[Any, Any]:
    """The factory's module with its state dict, in evaluation mode, and an example of zeros [1, ...].

    Parameters
    ----------
    source : dict
        ``path``, ``factory`` (``module:callable``), ``strip_prefix`` and ``input_shapes`` of a spec.
    """
    import torch

    name, _, function = source["factory"].partition(":")
    module = getattr(importlib.import_module(name), function)(**(source.get("factory_arguments") or {}))
    stored = torch.load(source["path"], map_location="cpu", weights_only=True)
    state = stored.get("state_dict", stored)
    prefix = source.get("strip_prefix") or ""
    state = {key.removeprefix(prefix): value for key, value in state.items()}
    module.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    )
    module.eval()
    return module, torch.zeros(source["input_shapes"][0])
