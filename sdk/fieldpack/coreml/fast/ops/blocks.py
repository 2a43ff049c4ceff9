"""Blocks of pixels into channels or into the batch, and back.

``depth_to_space`` and ``space_to_depth`` count blocks before channels, ``pixel_shuffle`` and
``pixel_unshuffle`` channels before blocks; the block is the slow part of the new batch axis of
``space_to_batch``.
"""

from __future__ import annotations

import math

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = (
    "batch_to_space",
    "depth_to_space",
    "pixel_shuffle",
    "pixel_unshuffle",
    "space_to_batch",
    "space_to_depth",
)


def translate(call: Call) -> Wire:
    graph, x = call.graph, call.wire("x")
    if call.kind == "batch_to_space":
        return _batch_to_space(call, x)
    if call.kind == "space_to_batch":
        return _space_to_batch(call, x)
    n, c, h, w = x.shape
    if call.kind in ("depth_to_space", "pixel_shuffle"):
        name, mode = ("block_size", "DCR") if call.kind == "depth_to_space" else ("upscale_factor", "CRD")
        b = call.integer(name)
        return graph.emit("DepthToSpace", [x], (n, c // b**2, h * b, w * b), blocksize=b, mode=mode)
    if call.kind == "space_to_depth":
        b = call.integer("block_size")
        return graph.emit("SpaceToDepth", [x], (n, c * b**2, h // b, w // b), blocksize=b)
    b = call.integer("downscale_factor")
    cells = graph.transpose(graph.reshape(x, (n, c, h // b, b, w // b, b)), (0, 1, 3, 5, 2, 4))
    return graph.reshape(cells, (n, c * b**2, h // b, w // b))


def _space_to_batch(call: Call, x: Wire) -> Wire:
    graph, blocks = call.graph, call.ints("block_shape")
    flat = call.ints("paddings")
    x = graph.surround(x, [(0, 0), (0, 0), *zip(flat[::2], flat[1::2], strict=True)])
    n, c, *sizes = x.shape
    parts = [part for size, block in zip(sizes, blocks, strict=True) for part in (size // block, block)]
    inner, outer = range(3, 3 + 2 * len(sizes), 2), range(2, 2 + 2 * len(sizes), 2)
    cells = graph.transpose(graph.reshape(x, (n, c, *parts)), [*inner, 0, 1, *outer])
    return graph.reshape(cells, (n * math.prod(blocks), c, *parts[::2]))


def _batch_to_space(call: Call, x: Wire) -> Wire:
    graph, blocks = call.graph, call.ints("block_shape")
    rank = len(blocks)
    n, c, *sizes = x.shape
    cells = graph.reshape(x, (*blocks, n // math.prod(blocks), c, *sizes))
    order = [rank, rank + 1] + [axis for i in range(rank) for axis in (rank + 2 + i, i)]
    whole = [size * block for size, block in zip(sizes, blocks, strict=True)]
    y = graph.reshape(graph.transpose(cells, order), (n // math.prod(blocks), c, *whole))
    crops = call.ints("crops")
    pairs = enumerate(zip(crops[::2], crops[1::2], strict=True), start=2)
    return graph.cut(y, {axis: range(before, y.shape[axis] - after) for axis, (before, after) in pairs})
