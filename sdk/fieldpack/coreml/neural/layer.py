"""Finds the file of a layer kind and binds a layer message to it.

A file under ``layers`` holds ``bind(params, site)``, which checks the parameters, decodes the weights
once and returns a function of tensors. ``INPUTS`` and ``OUTPUTS`` say how many blobs it takes and
gives (one where they are missing, None for any number), ``CONTROL`` that it runs other layers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fieldpack.coreml.neural.layers._layer_list import LAYERS
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import UnsupportedError

#: Least and most number of blobs.
Count = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class LayerKind:
    """One layer file."""

    name: str
    bind: Callable[[Any, Site], Run]
    inputs: Count
    outputs: Count
    control: bool
    whole: bool


def find_layer(name: str, specification: int) -> LayerKind:
    """The file of a layer kind.

    Raises
    ------
    UnsupportedError
        There is none.
    """
    if name not in LAYERS:
        raise UnsupportedError(
            f"Layers of kind {name!r} cannot be run",
            came=f"{name} in a file of specification {specification}",
            allowed=", ".join(LAYERS),
            hint="convert without it, or run the model on a device",
        )
    return _load(name)


@cache
def _load(name: str) -> LayerKind:
    module = importlib.import_module(f"fieldpack.coreml.neural.layers.{LAYERS[name]}")
    return LayerKind(
        name,
        module.bind,
        getattr(module, "INPUTS", (1, 1)),
        getattr(module, "OUTPUTS", (1, 1)),
        bool(getattr(module, "CONTROL", False)),
        bool(getattr(module, "WHOLE", False)),
    )
