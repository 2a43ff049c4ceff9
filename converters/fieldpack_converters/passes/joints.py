"""How layers follow each other: one run of the model, every call with what it read and what it made.

In torch a call is a leaf module, or a function outside of one; in Keras it is a layer or an operation. A
value is numbered when it is made, so that a function that writes in place makes a new one.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import OpenedSource
from fieldpack_converters.passes.keras_layers import leaf_layers
from fieldpack_converters.passes.recording import watched


class Kind(StrEnum):
    """What a call does to one channel of its input."""

    WEIGHTED = "weighted"
    NORM = "norm"
    RELU = "relu"
    CARRIES = "carries"
    """Scales with its input, channel by channel: pooling, padding with zeros, dropout."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the layer (None for a function), what it does, values read and made."""

    handle: Any
    kind: Kind
    read: tuple[int, ...]
    made: tuple[int, ...]


_KINDS = {
    **dict.fromkeys(("Linear", "Conv1d", "Conv2d", "Dense", "Conv1D", "Conv2D"), Kind.WEIGHTED),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), Kind.WEIGHTED),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNormalization"), Kind.NORM),
    **dict.fromkeys(
        (
            *("MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d"),
            *("Dropout", "Dropout2d", "Identity", "ZeroPad2d", "Flatten", "ZeroPadding1D", "ZeroPadding2D"),
            *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "SpatialDropout2D"),
            *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        ),
        Kind.CARRIES,
    ),
}
_TORCH_FUNCTIONS = {
    **dict.fromkeys(("relu", "relu_"), Kind.RELU),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "flatten", "dropout"), Kind.CARRIES),
}


def calls_of(opened: OpenedSource) -> list[Call]:
    """The calls of one run on one example, in order."""
    generator = np.random.default_rng(0)
    size = opened.fixed_batch or 1
    arrays = [generator.standard_normal(fact.fixed(size)).astype(fact.dtype) for fact in opened.inputs]
    book = _Book()
    if opened.kind.is_torch:
        _run_torch(opened, arrays, book)
    else:
        with ExitStack() as stack:
            for _, layer in leaf_layers(opened.model):
                stack.enter_context(watched(opened, layer, book.noter(layer, kind_of(layer))))
            opened.call(arrays)
    return book.calls


def kind_of(layer: Any) -> Kind:
    """What a layer does, by its class and its settings."""
    name = type(layer).__name__
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    if name == "ReLU":
        plain = not getattr(layer, "negative_slope", 0.0) and not getattr(layer, "threshold", 0.0)
        return Kind.RELU if plain and getattr(layer, "max_value", None) is None else Kind.OTHER
    if name == "Activation":
        return Kind.RELU if activation == "relu" else Kind.OTHER
    return _KINDS.get(name, Kind.OTHER)


class _Book:
    """Numbers values and keeps them alive, so that no two have the same identity."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []
        self._next = 0

    def number(self, value: Any, fresh: bool = False) -> int:
        if fresh or id(value) not in self._numbers:
            self._numbers[id(value)] = self._next
            self._kept.append(value)
            self._next += 1
        return self._numbers[id(value)]

    def note(self, handle: Any, kind: Kind, arguments: Any, result: Any) -> None:
        read = tuple(self.number(value) for value in tensors_in(arguments))
        made = tuple(self.number(value, fresh=True) for value in tensors_in(result))
        self.calls.append(Call(handle, kind, read, made))

    def noter(self, handle: Any, kind: Kind) -> Any:
        return lambda arguments, result: self.note(handle, kind, arguments, result)


def tensors_in(value: Any) -> list[Any]:
    """Tensors of either framework in nested lists, tuples and dictionaries."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors_in(item)]
    return [value] if hasattr(value, "shape") and hasattr(value, "dtype") else []


def _run_torch(opened: OpenedSource, arrays: list[Any], book: _Book) -> None:
    from torch.overrides import TorchFunctionMode

    inside = [0]

    class Functions(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            inside[0] += 1
            try:
                result = function(*args, **(kwargs or {}))
            finally:
                inside[0] -= 1
            if inside[0] == 0 and tensors_in(result):
                kind = _TORCH_FUNCTIONS.get(getattr(function, "__name__", ""), Kind.OTHER)
                book.note(None, kind, [args, kwargs or {}], result)
            return result

    def enter(_module: Any, _arguments: Any) -> None:
        inside[0] += 1

    def leave(module: Any) -> Any:
        def seen(arguments: Any, result: Any) -> None:
            inside[0] -= 1
            book.note(module, kind_of(module), arguments, result)

        return seen

    leaves = [module for module in opened.model.modules() if not list(module.children())]
    with ExitStack() as stack:
        for module in leaves:
            stack.callback(module.register_forward_pre_hook(enter).remove)
            stack.enter_context(watched(opened, module, leave(module)))
        with Functions():
            opened.call(arrays)


def only_reader(calls: list[Call], value: int, outputs: bool = True) -> Call | None:
    """The one call that reads a value, None where none does or several do."""
    readers = [call for call in calls if value in call.read]
    return readers[0] if len(readers) == 1 else None
