"""A changed or copied model in the shape of the source that it came from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fieldpack_converters.keras_source import call_model, keras_library
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.torch_source import call_module


def reopened(opened: OpenedSource, model: Any) -> OpenedSource:
    """The source with another model of the same inputs and outputs, its parameters counted anew."""
    call: Callable[[list[Array]], list[Array]]
    if opened.kind.is_torch:
        call, count = (lambda arrays: call_module(model, arrays)), sum(p.numel() for p in model.parameters())
    else:
        call, count = (lambda arrays: call_model(model, arrays)), model.count_params()
    return replace(opened, model=model, call=call, parameters=int(count))


def twin_of(opened: OpenedSource) -> OpenedSource:
    """A copy of the open model whose weights stay as they are now."""
    if opened.kind.is_torch:
        return reopened(opened, copy.deepcopy(opened.model))
    model = keras_library(opened.kind).models.clone_model(opened.model)
    model.set_weights(opened.model.get_weights())
    return reopened(opened, model)
