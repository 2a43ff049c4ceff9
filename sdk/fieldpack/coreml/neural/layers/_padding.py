"""Windows over height and width: kernel sizes, strides, and the padding around a blob.

Messages ``ValidPadding``, ``SamePadding`` and ``BorderAmounts``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fieldpack.coreml.ops._window import Padding
from fieldpack.errors import ModelFileError

_AXES = 2


def pair(values: Any, default: int) -> tuple[int, int]:
    """Height and width entries of a repeated field; ``default`` where it is not set.

    Raises
    ------
    ModelFileError
        Another number of entries, or one below 1.
    """
    given = [int(value) for value in values] or [default] * _AXES
    if len(given) != _AXES or min(given) < 1:
        raise ModelFileError("a size for height and width is wrong", came=given, allowed="two numbers from 1")
    return given[0], given[1]


def borders(amounts: Any) -> Padding:
    """``BorderAmounts`` as (before, after) of height and width; none where it is empty.

    Raises
    ------
    ModelFileError
        Another number of entries.
    """
    edges = tuple((int(edge.startEdgeSize), int(edge.endEdgeSize)) for edge in amounts.borderAmounts)
    if len(edges) not in (0, _AXES):
        raise ModelFileError("border amounts are wrong", came=len(edges), allowed="height and width")
    return edges or ((0, 0),) * _AXES


def full_sizes(
    sizes: Iterable[int], kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    """Spatial sizes of a deconvolution before anything is cut off."""
    ways = zip(sizes, kernel, stride, dilation, strict=True)
    return tuple((size - 1) * step + (width - 1) * spread + 1 for size, width, step, spread in ways)


def window_form(params: Any, group: str) -> tuple[str, tuple[int, ...]]:
    """Padding of a convolution or pool as ``pad_type`` and ``pad`` of ``ops._window``.

    Raises
    ------
    ModelFileError
        None is chosen.
    """
    kind = params.WhichOneof(group)
    if kind == "valid":
        return "custom", tuple(size for edge in borders(params.valid.paddingAmounts) for size in edge)
    if kind == "same":
        return ("same_lower" if params.same.asymmetryMode else "same"), ()
    raise ModelFileError("no padding is chosen", came=kind, allowed="valid or same")
