"""Contradictions that show at the default shapes of flexible inputs.

Core ML infers the shapes of a program for the default shape of every input when it loads it.
``stack``, whose values must have one shape, is judged there: a program whose values differ at the
default shapes never runs, whatever shapes are given later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fieldpack.coreml.feature import Feature
from fieldpack.coreml.value import TensorFact
from fieldpack.errors import ModelFileError

if TYPE_CHECKING:
    from fieldpack.coreml.plan import Plan

Shape = tuple[int, ...]
#: Operators that keep the shape and that converters put between an input and its use.
KEEPING = ("cast", "identity")


def check_defaults(features: Iterable[Feature], plan: Plan) -> None:
    """Check every ``stack`` whose values have known shapes at the default shapes of the inputs.

    Raises
    ------
    ModelFileError
        The values of one differ in shape.
    """
    shapes = {name: shape for name, fact in plan.inputs.items() if (shape := _static(fact)) is not None}
    flexible = {f.name: f.shape for f in features if f.kind == "multiarray" and (f.ranges or f.shapes)}
    if not flexible:
        return
    shapes |= flexible
    for step in plan.steps:
        names = [name for source in step.sources for name in source.names]
        if step.operator.name == "stack":
            _check_stack(step.outputs[0][0], {name: shapes[name] for name in names if name in shapes})
        kept = shapes.get(names[0]) if step.operator.name in KEEPING and names else None
        for name, fact in step.outputs:
            shape = _static(fact) if kept is None else kept
            if shape is not None:
                shapes[name] = shape


def _check_stack(name: str, shapes: dict[str, Shape]) -> None:
    if len(set(shapes.values())) > 1:
        raise ModelFileError(
            f"Operation stack {name!r}: its values differ in shape at the default shapes of the inputs",
            came=", ".join(f"{key} {list(shape)}" for key, shape in shapes.items()),
            allowed="values of one shape",
            hint="give the flexible input a default shape that fits the others",
        )


def _static(fact: TensorFact | None) -> Shape | None:
    if fact is None or fact.shape is None or None in fact.shape:
        return None
    return tuple(size or 0 for size in fact.shape)
