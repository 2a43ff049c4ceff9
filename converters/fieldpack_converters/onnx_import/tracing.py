"""Sizes as plain numbers, also while torch records.

``torch.jit.trace`` records every reading of a size as an operation of the graph; the shapes of an imported
model are static, so its operators read them outside the record.
"""

from __future__ import annotations

import torch
from torch import Tensor


def sizes(x: Tensor) -> tuple[int, ...]:
    """The shape of `x` as plain integers."""
    state = torch._C._get_tracing_state()
    if state is None:
        return tuple(int(size) for size in x.shape)
    torch._C._set_tracing_state(None)
    try:
        return tuple(int(size) for size in x.shape)
    finally:
        torch._C._set_tracing_state(state)


def recording() -> bool:
    """Whether torch records the module for a converter, rather than computing with it."""
    return bool(torch.jit.is_tracing() or torch.compiler.is_exporting() or torch.compiler.is_compiling())
