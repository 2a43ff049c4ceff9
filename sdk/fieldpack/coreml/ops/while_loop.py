"""``while_loop``: the second block applied to ``loop_vars`` as long as the first says true, iOS15."""

from __future__ import annotations

from typing import Any

from fieldpack.errors import ModelFileError

#: More rounds than any model needs; a condition that never turns false must not hang a build.
MOST_ROUNDS = 1_000_000


def run(loop_vars: tuple[Any, ...], blocks: tuple[Any, ...]) -> tuple[Any, ...]:
    condition, body = blocks
    for _ in range(MOST_ROUNDS):
        (again,) = condition(*loop_vars)
        if not bool(again):
            return loop_vars
        loop_vars = body(*loop_vars)
    raise ModelFileError("a loop does not end", came=f"{MOST_ROUNDS} rounds", allowed="fewer")
