"""Padding of the layers over depth, height and width."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.ops._window import Padding, window_padding
from fieldpack.errors import ModelFileError

_NAMES = ("Front", "Back", "Top", "Bottom", "Left", "Right")
_FORMS = ("custom", "valid", "same")
_AXES = ("Depth", "Height", "Width")


def triple(params: Any, what: str) -> tuple[int, ...]:
    """Depth, height and width of ``kernel``, ``stride`` or ``dilation``; 0 stands for 1.

    Raises
    ------
    ModelFileError
        A negative number.
    """
    sizes = tuple(int(getattr(params, f"{what}{axis}")) or 1 for axis in _AXES)
    if min(sizes) < 1:
        raise ModelFileError(f"a {what} size is wrong", came=sizes, allowed="from 1")
    return sizes


def around(params: Any, sizes: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...]) -> Padding:
    """Cells before and after each of the three axes."""
    if not 0 <= params.paddingType < len(_FORMS):
        raise ModelFileError("unknown padding", came=params.paddingType, allowed="0 to 2")
    amounts = tuple(int(getattr(params, f"customPadding{name}")) for name in _NAMES)
    return window_padding(_FORMS[params.paddingType], amounts, sizes, kernel, stride)


def flattened(x: Tensor) -> Tensor:
    """A blob as ``[N, C, D, H, W]``."""
    if x.ndim < 5:
        raise ModelFileError("the blob has too few axes", came=list(x.shape), allowed="at least 5")
    return x.reshape(-1, *x.shape[-4:])
