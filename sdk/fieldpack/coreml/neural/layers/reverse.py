"""``reverse``: turned round along the marked axes; ``ReverseLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    marks = [bool(mark) for mark in params.reverseDim]

    def run(x: Tensor) -> Tensor:
        if len(marks) != x.ndim:
            raise ModelFileError("a mark an axis is wanted", came=len(marks), allowed=str(x.ndim))
        return x.flip([axis for axis, mark in enumerate(marks) if mark])

    return run
