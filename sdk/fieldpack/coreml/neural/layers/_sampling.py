"""Sampling grids: the older names of the modes, and pictures resized on them.

The grids themselves are those of the MIL operators, see ``ops._grid``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.ops._grid import resize_linear
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

#: ``SamplingMode.Method`` number -> mode of ``ops._grid``.
MODES = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS")


def mode_of(params: Any) -> str:
    """Mode of a ``SamplingMode`` message.

    Raises
    ------
    ModelFileError
        A number that the specification does not have.
    """
    if not 0 <= params.samplingMethod < len(MODES):
        raise ModelFileError("unknown sampling mode", came=params.samplingMethod, allowed="0 to 3")
    return MODES[params.samplingMethod]


def resize(x: Tensor, height: int, width: int, mode: str) -> Tensor:
    """The two last axes resized linearly."""
    bounded((*x.shape[:-2], height, width))
    return resize_linear(resize_linear(x, x.ndim - 2, height, mode), x.ndim - 1, width, mode)
