"""What reaches a layer: its inputs while the model runs, and the order in which layers meet.

torch tells by hooks; a Keras layer by its ``call``, wrapped for the time of one run of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.weighted_layers import WeightedLayer

Seen = Callable[[Any, Any], None]
"""Called with the arguments of a layer (one flat list) and its result."""


class _Enough(BaseException):  # no Exception: frameworks catch those to dress them up
    """All that is wanted has been met; what follows in the model is left out."""


def inputs_met(opened: OpenedSource, layers: Sequence[WeightedLayer], arrays: list[Array]) -> list[Array]:
    """The first input of each layer while the model answers, calls of a shared layer joined on axis 0."""
    met: list[list[Array]] = [[] for _ in layers]
    with ExitStack() as stack:
        for place, layer in zip(met, layers, strict=True):
            stack.enter_context(watched(opened, layer.handle, _keeper(place)))
        opened.call(arrays)
    return [np.concatenate(parts) for parts in met]


def last_inputs_met(opened: OpenedSource, layer: WeightedLayer, arrays: list[Array], calls: int) -> Array:
    """As :func:`inputs_met` of one layer that is called so often, without what the model does afterwards.

    Neither the layer's last call nor anything behind it is computed: the answers of a head of 100,000 labels
    cost more than all that is before them.
    """
    met: list[Array] = []
    keep = _keeper(met)

    def stop(arguments: Any, result: Any) -> None:
        keep(arguments, result)
        if len(met) == calls:
            raise _Enough

    with watched(opened, layer.handle, stop, before=True), suppress(_Enough):
        opened.call(arrays)
    return np.concatenate(met)


def calls_met(opened: OpenedSource, layer: WeightedLayer, arrays: list[Array]) -> int:
    """How often the model calls a layer."""
    seen: list[None] = []
    with watched(opened, layer.handle, lambda arguments, result: seen.append(None)):
        opened.call(arrays)
    return len(seen)


def _keeper(place: list[Array]) -> Seen:
    def keep(arguments: Any, result: Any) -> None:
        first = arguments[0]
        place.append(np.array(first.detach().numpy() if hasattr(first, "detach") else first.numpy()))

    return keep


@contextmanager
def watched(opened: OpenedSource, handle: Any, seen: Seen, *, before: bool = False) -> Iterator[None]:
    """Hand every call of a layer to `seen`, as long as the context lasts.

    With `before` that is before the layer computes, and its result is None.
    """
    if opened.kind.is_torch:
        if before:
            hook = handle.register_forward_pre_hook(
                lambda _, arguments, keywords: seen([*arguments, *keywords.values()], None), with_kwargs=True
            )
        else:
            hook = handle.register_forward_hook(
                lambda _, arguments, keywords, result: seen([*arguments, *keywords.values()], result),
                with_kwargs=True,
            )
        try:
            yield
        finally:
            hook.remove()
        return
    original = handle.call

    def call(*arguments: Any, **keywords: Any) -> Any:
        if before:
            seen([*arguments, *keywords.values()], None)
        result = original(*arguments, **keywords)
        if not before:
            seen([*arguments, *keywords.values()], result)
        return result

    # Past the layer's own attribute tracking, which would keep the wrapper as part of the model.
    object.__setattr__(handle, "call", call)
    try:
        yield
    finally:
        object.__delattr__(handle, "call")
