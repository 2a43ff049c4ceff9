"""``Pad``: values added or taken off at the ends of axes: constant, reflect, edge or wrap.

Covers versions 2, 11, 13, 18, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant, pad_copied

VERSIONS = (2, 11, 13, 18, 19, 21, 23, 24, 25)


def run(
    x: Tensor,
    pads: tuple[int, ...],
    constant_value: Tensor | None = None,
    axes: tuple[int, ...] | None = None,
    *,
    mode: str = "constant",
    value: float = 0.0,
) -> Tensor:
    rank = x.dim()
    places = [axis % rank for axis in axes] if axes is not None else list(range(rank))
    ends = {place: (pads[i], pads[i + len(places)]) for i, place in enumerate(places)}
    if mode == "constant":
        return pad_constant(x, ends, value if constant_value is None else constant_value)
    for place, (before, after) in ends.items():
        x = pad_copied(x, place, before, after, mode)
    return x


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    filled = arguments.get("constant_value")
    return {**arguments, "constant_value": filled.item()} if isinstance(filled, Tensor) else arguments
