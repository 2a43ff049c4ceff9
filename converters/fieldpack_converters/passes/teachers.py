"""The teachers that a recipe names, open and ready to answer on the student's views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.contract import GridInput, ImageInput
from fieldpack.errors import SpecError
from fieldpack.passes import AnyPass, teaching_of
from fieldpack.spec import Spec, load_spec
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.source import open_source

Teacher = Callable[[list[Array]], Array]
SOURCE = "source"


def open_teachers(steps: Sequence[AnyPass], subject: Subject, inputs: Sequence[Any]) -> dict[str, Teacher]:
    """Teacher name -> function from the student's input arrays to its first output [N, ...].

    Parameters
    ----------
    inputs : sequence
        The contract's inputs, of the student.

    Raises
    ------
    SpecError
        A teacher takes other inputs than the student, or its output has another activation.
    """
    names = {teaching.teacher for step in steps if (teaching := teaching_of(step)) is not None}
    return {
        name: _source(subject) if name == SOURCE else _other(Path(name), subject, inputs) for name in names
    }


def _source(subject: Subject) -> Teacher:
    return lambda arrays: subject.original.call(arrays)[0]


def _other(path: Path, subject: Subject, inputs: Sequence[Any]) -> Teacher:
    """The source model of another ``pack.toml``; its pictures are those of the student, scaled anew."""
    spec = load_spec(path)
    _check(spec, path, subject, inputs)
    words = spec.source.model_dump(mode="json")
    first = spec.contract.inputs[0]
    words["layout"] = first.layout.value if isinstance(first, GridInput) else "NHWC"
    words["input_shapes"] = [[1, *item.shape] for item in spec.contract.inputs]
    opened = open_source(words)
    changes = [_change(one, other) for one, other in zip(inputs, spec.contract.inputs, strict=True)]

    def answer(arrays: list[Array]) -> Array:
        return opened.call([change(array) for change, array in zip(changes, arrays, strict=True)])[0]

    return answer


def _check(spec: Spec, path: Path, subject: Subject, inputs: Sequence[Any]) -> None:
    theirs = [_seen(item) for item in spec.contract.inputs]
    ours = [_seen(item) for item in inputs]
    if theirs != ours:
        raise SpecError(
            f"the teacher {path} takes other inputs than the student", came=theirs, allowed=str(ours)
        )
    activation = spec.contract.outputs[0].activation.value
    if activation != subject.activation:
        raise SpecError(
            f"the teacher {path} gives another kind of answer", came=activation, allowed=subject.activation
        )


def _seen(item: Any) -> tuple[object, ...]:
    """What must be alike; layout and normalization are brought over."""
    if isinstance(item, ImageInput):
        return ("image", item.height, item.width, item.color_order.value)
    return (item.kind, *item.shape)


def _change(ours: Any, theirs: Any) -> Callable[[Array], Array]:
    if not isinstance(ours, ImageInput):
        return lambda array: array
    (our_scale, our_offset), (scale, offset) = (
        tuple(np.array(part, np.float32) for part in item.scale_offset()) for item in (ours, theirs)
    )

    def change(array: Array) -> Array:
        last = array if ours.layout.value == "NHWC" else array.transpose(0, 2, 3, 1)
        scaled = (last - our_offset) / our_scale * scale + offset
        turned = scaled if theirs.layout.value == "NHWC" else scaled.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(turned, np.float32)

    return change
