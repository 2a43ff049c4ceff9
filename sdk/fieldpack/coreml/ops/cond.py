"""``cond``: the results of the first block where ``pred`` is true, else of the second, iOS15."""

from __future__ import annotations

from typing import Any


def run(pred: bool, blocks: tuple[Any, ...]) -> tuple[Any, ...]:
    when_true, when_false = blocks
    chosen: tuple[Any, ...] = when_true() if pred else when_false()
    return chosen
