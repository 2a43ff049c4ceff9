"""The teachers that a recipe names, open and ready to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fieldpack.errors import UnsupportedError
from fieldpack.passes import AnyPass, Distil
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.subject import Subject


def open_teachers(steps: Sequence[AnyPass], subject: Subject) -> dict[str, Callable[[list[Array]], Array]]:
    """Teacher name -> function from input arrays (as the student is fed) to its first output [N, ...]."""
    names = {step.teacher for step in steps if isinstance(step, Distil)}
    strange = sorted(names - {"source"})
    if strange:
        raise UnsupportedError("this teacher cannot be opened yet", came=strange[0], allowed="source")
    return {name: lambda arrays: subject.original.call(arrays)[0] for name in names}
