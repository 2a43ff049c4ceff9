"""``conv_transpose``: transposed convolution over 1 to 3 spatial axes.

The full result has ``(size - 1) * stride + (k - 1) * dilation + 1`` cells per axis. ``custom`` cuts
``pad`` off, ``same`` keeps ``size * stride`` cells, ``output_shape`` fixes the kept size; cells beyond
the full result hold the bias alone, so there the bias is added after the padding.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    graph = call.graph
    x, weight, bias = call.wire("x"), call.wire("weight"), call.maybe("bias")
    rank, groups = x.rank - 2, call.integer("groups", 1)
    strides, dilations = call.ints("strides", (1,) * rank), call.ints("dilations", (1,) * rank)
    kernel = weight.shape[2:]
    full = [
        (size - 1) * stride + (k - 1) * dilation + 1
        for size, stride, k, dilation in zip(x.shape[2:], strides, kernel, dilations, strict=True)
    ]
    cuts = [_cut(call, axis, full[axis], x.shape[2 + axis] * strides[axis]) for axis in range(rank)]
    after = [whole - before - keep for whole, (before, keep) in zip(full, cuts, strict=True)]
    lacking = [max(0, -count) for count in after]
    shape = (
        x.shape[0],
        weight.shape[1] * groups,
        *(keep - short for (_, keep), short in zip(cuts, lacking, strict=True)),
    )
    grown = any(lacking)
    made = graph.emit(
        "ConvTranspose",
        [x, weight] if bias is None or grown else [x, weight, bias],
        shape,
        strides=strides,
        dilations=dilations,
        group=groups,
        pads=[before for before, _ in cuts] + [max(0, count) for count in after],
        kernel_shape=kernel,
    )
    if not grown:
        return made
    wider = graph.surround(made, [(0, 0), (0, 0), *((0, short) for short in lacking)])
    if bias is None:
        return wider
    return graph.combine("Add", wider, graph.reshape(bias, (bias.shape[0], *(1,) * rank)))


def _cut(call: Call, axis: int, full: int, same: int) -> tuple[int, int]:
    """First kept cell and number of kept cells on one axis."""
    pad_type = call.text("pad_type", "valid")
    wanted = call.ints("output_shape")[2 + axis] if call.has("output_shape") else None
    if pad_type == "custom" and call.has("pad"):
        before, after = call.ints("pad")[2 * axis : 2 * axis + 2]
        return before, full - before - after if wanted is None else wanted
    if pad_type == "same":
        keep = same if wanted is None else wanted
        return max(0, full - keep) // 2, keep
    if pad_type not in ("valid", "custom"):
        raise call.refuse(f"has pad_type {pad_type!r}")
    return 0, full if wanted is None else wanted
