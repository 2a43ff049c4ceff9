"""Arithmetic of uint16, uint32 and uint64, which torch does not have, in int64 and back.

The results are exact.  int64 holds each intermediate value of the narrower types; a uint64 keeps its 64 bits,
and its order is that of int64 with the highest bit turned over.  The way back keeps the lowest bits, as
unsigned arithmetic does.  Quotients of uint64 are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

_WIDENED = (torch.uint16, torch.uint32)
_LOWEST = -(2**63)
#: Operators whose lowest 64 bits do not depend on the sign, and those that depend on the order alone.
_BITWISE = ("Add", "BitwiseNot", "Equal", "Mul", "Sub", "Sum")
_ORDERING = ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min")
OPERATORS = (*_BITWISE, *_ORDERING, "BitShift", "Div", "Mod")


def widened(name: str, run: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """`run`, or its detour through int64 where the arguments need it."""
    dtypes = {item.dtype for item in arguments if isinstance(item, Tensor)}
    if name in OPERATORS and dtypes & set(_WIDENED):
        return partial(_through_int64, run, 0)
    if name in (*_BITWISE, *_ORDERING) and torch.uint64 in dtypes:
        return partial(_through_int64, run, _LOWEST if name in _ORDERING else 0)
    return run


def _through_int64(run: Callable[..., Any], turned: int, *spread: Any, **named: Any) -> Tensor:
    """Run in int64, all bits of `turned` turned over on the way there and back."""
    dtypes = {item.dtype for item in (*spread, *named.values()) if isinstance(item, Tensor)}
    wide = {key: _wide(item, turned) for key, item in named.items()}
    result: Tensor = run(*(_wide(item, turned) for item in spread), **wide)
    return result if result.dtype is torch.bool else (result ^ turned).to(dtypes.pop())


def _wide(item: Any, turned: int) -> Any:
    return item.to(torch.int64) ^ turned if isinstance(item, Tensor) else item
