"""``concat`` and ``split`` along one axis."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob


def translate(call: Call) -> Blob | tuple[Blob, ...]:
    if call.kind == "concat":
        if call.flag("interleave"):
            raise call.refuse("interleaves")
        axis = int(call.number("axis")) % len(call.shape)
        return call.writer.apply("concatND", call.blobs("values"), call.shape, axis=axis)
    return _split(call, call.blob("x"))


def _split(call: Call, x: Blob) -> tuple[Blob, ...]:
    """One slice for each part, since a layer of several results is not needed for it."""
    axis, at, parts = int(call.number("axis")) % x.rank, 0, []
    for shape in call.shapes:
        begins, ends = [0] * x.rank, list(x.shape)
        begins[axis], ends[axis] = at, at + shape[axis]
        parts.append(cut(call, x, begins, ends, [1] * x.rank, shape))
        at += shape[axis]
    return tuple(parts)


def cut(
    call: Call, x: Blob, begins: list[int], ends: list[int], steps: list[int], shape: tuple[int, ...]
) -> Blob:
    """The elements from `begins` to `ends`."""
    return call.writer.apply(
        "sliceStatic",
        [x],
        shape,
        beginIds=begins,
        beginMasks=[False] * x.rank,
        endIds=ends,
        endMasks=[False] * x.rank,
        strides=steps,
    )
