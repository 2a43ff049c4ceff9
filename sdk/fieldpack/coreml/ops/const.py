"""``const``: a value of the program, all operator sets; decoded once, when the interpreter is made."""

from __future__ import annotations

from typing import Any


def run(val: Any) -> Any:
    return val
