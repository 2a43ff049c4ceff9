"""What reaches a layer: its inputs while the model runs, and the order in which layers meet.

torch tells by hooks; a Keras layer by its ``call``, wrapped for the time of one run of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.weighted_layers import WeightedLayer

Seen = Callable[[Any, Any], None]
"""Called with the arguments of a layer (one flat list) and its result."""


def inputs_met(opened: OpenedSource, layers: Sequence[WeightedLayer], arrays: list[Array]) -> list[Array]:
    """The first input of each layer while the model answers, calls of a shared layer joined on axis 0."""
    met: list[list[Array]] = [[] for _ in layers]
    with ExitStack() as stack:
        for place, layer in zip(met, layers, strict=True):
            stack.enter_context(watched(opened, layer.handle, _keeper(place)))
        opened.call(arrays)
    return [np.concatenate(parts) for parts in met]


def _keeper(place: list[Array]) -> Seen:
    def keep(arguments: Any, result: Any) -> None:
        first = arguments[0]
        place.append(np.array(first.detach().numpy() if hasattr(first, "detach") else first.numpy()))

    return keep


@contextmanager
def watched(opened: OpenedSource, handle: Any, seen: Seen) -> Iterator[None]:
    """Hand every call of a layer to `seen`, as long as the context lasts."""
    if opened.kind.is_torch:
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
        result = original(*arguments, **keywords)
        seen([*arguments, *keywords.values()], result)
        return result

    # Past the layer's own attribute tracking, which would keep the wrapper as part of the model.
    object.__setattr__(handle, "call", call)
    try:
        yield
    finally:
        object.__delattr__(handle, "call")
