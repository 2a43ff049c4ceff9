"""``write_state``: a state holds ``data`` from here on, iOS18 (``coreml_update_state`` of the converter).

A later ``read_state`` of the same run sees it, and so does the next run.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.state import State
from fieldpack.errors import ModelFileError


def run(input: State, data: Tensor) -> tuple[Tensor, ...]:
    if data.shape != input.value.shape:
        raise ModelFileError(
            "A state is written with another shape",
            came=list(data.shape),
            allowed=str(list(input.value.shape)),
        )
    input.put(data)
    return ()
