"""What a stateful program remembers from one run to the next.

Specification: ``StateType`` of ``MIL.proto`` and ``read_state``, ``write_state`` of the iOS18
operator set. A new state is all zeros, as a new ``MLState`` of an app.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class State:
    """One remembered tensor."""

    value: Any


@dataclass(frozen=True, slots=True)
class States:
    """The remembered tensors by name, made by ``Interpreter.make_state``."""

    by_name: dict[str, State] = field(default_factory=dict)
