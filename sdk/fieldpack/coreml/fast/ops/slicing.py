"""``slice_by_index``, ``slice_by_size``, ``crop``, ``reverse``: some elements of every axis.

Bounds must be constants. Negative ones count from the end; ``begin_mask`` and ``end_mask`` drop a
bound; ``squeeze_mask`` takes the single element at ``begin`` and drops the axis.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("crop", "reverse", "slice_by_index", "slice_by_size")


def translate(call: Call) -> Wire:
    x = call.wire("x")
    if call.kind == "slice_by_index":
        ranges, single = index_ranges(call, x)
        cut = call.graph.cut(x, dict(enumerate(ranges)))
        return call.graph.reshape(cut, [n for n, gone in zip(cut.shape, single, strict=True) if not gone])
    return call.graph.cut(x, _ranges(call, x))


def index_ranges(call: Call, x: Wire) -> tuple[list[range], tuple[bool, ...]]:
    """The places that ``begin``, ``end``, ``stride`` and the masks name, and which axes are single."""
    begins, ends, steps = call.ints("begin"), call.ints("end"), call.ints("stride", (1,) * x.rank)
    open_begin, open_end, single = (
        call.flags(name, x.rank) for name in ("begin_mask", "end_mask", "squeeze_mask")
    )
    ranges = []
    for axis, size in enumerate(x.shape):
        if single[axis]:
            place = begins[axis] % size if -size <= begins[axis] < size else size
            ranges.append(range(place, place + 1))
            continue
        first = None if open_begin[axis] else begins[axis]
        last = None if open_end[axis] else ends[axis]
        ranges.append(range(*slice(first, last, steps[axis]).indices(size)))
    return ranges, single


def _ranges(call: Call, x: Wire) -> dict[int, range]:
    if call.kind == "reverse":
        axes = call.ints("axes", ()) or tuple(range(x.rank))
        return {axis % x.rank: range(x.shape[axis] - 1, -1, -1) for axis in axes}
    if call.kind == "crop":
        cuts = zip((x.rank - 2, x.rank - 1), (call.ints("crop_height"), call.ints("crop_width")), strict=True)
        return {axis: range(before, x.shape[axis] - after) for axis, (before, after) in cuts}
    found = {}
    for axis, (first, count) in enumerate(zip(call.ints("begin"), call.ints("size"), strict=True)):
        start = first % x.shape[axis] if first < 0 else first
        found[axis] = range(start, x.shape[axis] if count == -1 else start + count)
    return found
