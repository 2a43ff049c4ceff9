"""``stack`` is judged at the default shapes of flexible inputs, as Core ML judges it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fieldpack.coreml.default_shapes import check_defaults
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.value import TensorFact
from fieldpack.errors import ModelFileError

FIXED = Feature("a", "multiarray", (2, 3), "float32", None)


def step(kind: str, values: tuple[str, ...], output: str, shape: tuple[int | None, ...]) -> Any:
    return SimpleNamespace(
        operator=SimpleNamespace(name=kind),
        sources=(SimpleNamespace(names=values),),
        outputs=((output, TensorFact("float32", shape)),),
    )


def plan(*middle: Any, stacked: tuple[str, str]) -> Any:
    return SimpleNamespace(
        inputs={"a": TensorFact("float32", (2, 3)), "b": TensorFact("float32", (2, None))},
        steps=(*middle, step("stack", stacked, "y", (2, 2, 3))),
    )


def flexible(default: int) -> Feature:
    return Feature("b", "multiarray", (2, default), "float32", None, ranges=((2, 2), (1, 9)))


@pytest.mark.parametrize("kind", ["cast", "identity"])
def test_values_that_differ_at_the_default_are_refused(kind: str) -> None:
    turned = step(kind, ("b",), "c", (2, None))
    check_defaults([FIXED, flexible(3)], plan(turned, stacked=("a", "c")))
    with pytest.raises(ModelFileError, match="differ in shape at the default"):
        check_defaults([FIXED, flexible(4)], plan(turned, stacked=("a", "c")))


def test_a_direct_input_counts_too() -> None:
    with pytest.raises(ModelFileError, match="differ in shape at the default"):
        check_defaults([FIXED, flexible(4)], plan(stacked=("a", "b")))


def test_a_shape_that_is_not_known_decides_nothing() -> None:
    check_defaults([FIXED, flexible(4)], plan(step("pad", ("b",), "c", (2, None)), stacked=("a", "c")))
