"""What a user states about the inputs of a model, checked against the file: shapes, and values held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from fieldpack.errors import SpecError
from fieldpack_converters.onnx_import.graph import Border, Graph, tensor_from

Shapes = Mapping[str, Sequence[int]]


def check_names(graph: Graph, shapes: Shapes, constants: Mapping[str, Any]) -> None:
    """Raise where a shape or constant is given for an input that the file does not have."""
    names = [border.name for border in graph.inputs]
    unknown = [name for name in (*shapes, *constants) if name not in names]
    if unknown:
        raise SpecError(
            "A shape or constant is given for an input that the ONNX model does not have.",
            came=", ".join(unknown),
            allowed=", ".join(names) or "the model has no inputs",
        )


def static_shape(border: Border, given: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of an input, from the file and from what was given for it."""
    stated = ", ".join("?" if size is None else str(size) for size in border.shape or ())
    if given is None:
        free = [index for index, size in enumerate(border.shape or ()) if not isinstance(size, int)]
        if free or border.shape is None:
            raise SpecError(
                f"The input {border.name} of the ONNX model has free axes.",
                came=f"[{stated}]; free: axis {', '.join(map(str, free))}" if free else "no shape at all",
                allowed="the size of every axis",
                hint="give its shape: [[contract.inputs]] of pack.toml, or input_shapes",
            )
        return tuple(size for size in border.shape if isinstance(size, int))
    fits = border.shape is None or (
        len(given) == len(border.shape)
        and all(
            not isinstance(size, int) or size == int(asked)
            for size, asked in zip(border.shape, given, strict=True)
        )
    )
    if not fits or any(int(size) < 0 for size in given):
        raise SpecError(
            f"The shape given for the input {border.name} does not fit the ONNX model.",
            came=list(given),
            allowed=f"[{stated}], where words are free axes",
            hint="set the sizes of [[contract.inputs]] to what the model takes",
        )
    return tuple(int(size) for size in given)


def held_value(border: Border, given: Any) -> Tensor:
    """What an input is held at, in its element type and shape."""
    value = given if isinstance(given, Tensor) else tensor_from(np.asarray(given), border.dtype)
    fits = border.shape is None or (
        value.dim() == len(border.shape)
        and all(
            not isinstance(size, int) or size == came
            for size, came in zip(border.shape, value.shape, strict=True)
        )
    )
    if not fits:
        raise SpecError(
            f"The constant for the input {border.name} does not fit the ONNX model.",
            came=tuple(value.shape),
            allowed=str(list(border.shape or ())),
        )
    return value


def describe_input(border: Border) -> str:
    """Name, shape and type of an input, for messages."""
    shape = "any" if border.shape is None else ", ".join("?" if s is None else str(s) for s in border.shape)
    return f"{border.name} [{shape}] {str(border.dtype).removeprefix('torch.')}"
