"""Arithmetic of uint16 and uint32, which torch does not have, in int64 and back.

The results are exact: int64 holds every intermediate value of these operators, and the way back keeps the
lowest bits, as unsigned arithmetic does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

_NARROWER = (torch.uint16, torch.uint32)
OPERATORS = (
    "Add",
    "BitShift",
    "BitwiseNot",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Min",
    "Mod",
    "Mul",
    "Sub",
    "Sum",
)


def widened(name: str, run: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """`run`, or its detour through int64 where the arguments need it."""
    wide = name in OPERATORS and any(
        isinstance(item, Tensor) and item.dtype in _NARROWER for item in arguments
    )
    return partial(_through_int64, run) if wide else run


def _through_int64(run: Callable[..., Any], *spread: Any, **named: Any) -> Tensor:
    dtypes = {item.dtype for item in (*spread, *named.values()) if isinstance(item, Tensor)}
    result = run(*map(_wide, spread), **{key: _wide(item) for key, item in named.items()})
    return result if result.dtype is torch.bool else result.to(dtypes.pop())


def _wide(item: Any) -> Any:
    return item.to(torch.int64) if isinstance(item, Tensor) else item
