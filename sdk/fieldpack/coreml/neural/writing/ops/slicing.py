"""``slice_by_index`` with constant bounds."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.ops.joining import cut


def translate(call: Call) -> Blob:
    x = call.blob("x")
    begin, end = (call.weight(name).array.reshape(-1).tolist() for name in ("begin", "end"))
    steps = list(call.ints("stride", (1,) * x.rank))
    if min(steps) < 1:
        raise call.refuse("runs backwards")
    masks = {name: call.ints(name, (0,) * x.rank) for name in ("begin_mask", "end_mask", "squeeze_mask")}
    ranges = []
    for axis, size in enumerate(x.shape):
        if masks["squeeze_mask"][axis]:
            first = int(begin[axis]) % size
            ranges.append(range(first, first + 1))
            continue
        low = None if masks["begin_mask"][axis] else int(begin[axis])
        high = None if masks["end_mask"][axis] else int(end[axis])
        ranges.append(range(*slice(low, high, steps[axis]).indices(size)))
    sizes = tuple(len(places) for places in ranges)
    if 0 in sizes:
        raise call.refuse("takes nothing")
    begins, ends = [places.start for places in ranges], [places[-1] + 1 for places in ranges]
    return call.writer.reshape(cut(call, x, begins, ends, steps, sizes), call.shape)
