"""What a stateful program remembers from one run to the next.

Specification: ``StateType`` of ``MIL.proto`` and ``read_state``, ``write_state`` of the iOS18
operator set. A new state is all zeros, as a new ``MLState`` of an app. The buffer of an app has the
declared type, so a float16 state is rounded whenever it is written, under both precisions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError


@dataclass(slots=True)
class State:
    """One remembered torch tensor, and the MIL type that it is declared with."""

    value: Any
    dtype: str = "float32"

    def put(self, value: Any) -> None:
        """Remember another tensor of the same shape."""
        kept = value.half() if self.dtype == "float16" else value
        self.value = kept.to(self.value.dtype)


@dataclass(frozen=True, slots=True)
class States:
    """The remembered tensors by name, made by ``Interpreter.make_state``."""

    by_name: dict[str, State] = field(default_factory=dict)

    def read(self, name: str) -> NDArray[Any]:
        """A copy of what is remembered under ``name``; float16 comes as float32, already rounded.

        Raises
        ------
        InputError
            There is no such state.
        """
        return np.array(self._find(name).value)

    def write(self, name: str, array: NDArray[Any]) -> None:
        """Remember a copy of ``array`` under ``name``.

        Raises
        ------
        InputError
            There is no such state, or it has another shape.
        """
        state = self._find(name)
        if np.shape(array) != tuple(state.value.shape):
            raise InputError(
                f"State {name!r} has another shape",
                came=list(np.shape(array)),
                allowed=str(list(state.value.shape)),
            )
        state.put(state.value.new_tensor(np.asarray(array)))

    def _find(self, name: str) -> State:
        if name not in self.by_name:
            raise InputError(
                "The program has no such state", came=name, allowed=", ".join(self.by_name) or "none"
            )
        return self.by_name[name]
