"""Edges that other cases do not touch: geometry of boxes, ends of ranges, tails, defaults left out.

Attributes are left out on purpose where the default is what a case is about.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers
from fieldpack.coreml.testdata.resize_cases import P
from fieldpack.coreml.testdata.shape_cases import X
from fieldpack.coreml.testdata.window_cases import (
    BLOCK,
    LINE,
    PLANE,
    conv_transpose,
    greatest,
    mean_of_all,
    neighbours,
    norm,
    pool,
)

I32, F32 = np.int32, np.float32


# Boxes (x, y, width, height), wider than high, moved by parts of their size: each overlaps the first
# one by a share that a mistake in one coordinate would change.
MOVED = [(0, 0), (1, 0), (2, 0), (0, 0.5), (0, 1), (-1, 0), (-2, 0), (0, -0.5), (0, -1), (9, 9)]
CROWD = np.array([[(x, y, 4, 2) for x, y in MOVED] + [(0, 0, 2, 4), (0, 0, 0, 0)]], np.float32)
RANKED = np.stack([np.linspace(1, 0.45, 12), np.linspace(0.1, 0.95, 12)[::-1]], -1)[None].astype(np.float32)


def share(a: Array, b: Array) -> float:
    """Intersection over union, from the sides of the boxes."""
    low = [max(p[i] - p[i + 2] / 2 for p in (a, b)) for i in (0, 1)]
    high = [min(p[i] + p[i + 2] / 2 for p in (a, b)) for i in (0, 1)]
    inner = max(0.0, high[0] - low[0]) * max(0.0, high[1] - low[1])
    both = a[2] * a[3] + b[2] * b[3] - inner
    return float(inner / both) if both > 0 else 0.0


def suppressed(limit: float, least: float, most: int) -> tuple[Array, Array, Array, Array]:
    best = RANKED[0].max(-1)
    chosen: list[int] = []
    for i in np.argsort(-best, kind="stable"):
        room = best[i] > least and len(chosen) < most
        if room and all(share(exact(CROWD)[0, i], exact(CROWD)[0, c]) <= limit for c in chosen):
            chosen.append(int(i))
    boxes, scores, places = np.zeros((1, most, 4)), np.zeros((1, most, 2)), np.full((1, most), -1)
    boxes[0, : len(chosen)], scores[0, : len(chosen)] = CROWD[0, chosen], RANKED[0, chosen]
    places[0, : len(chosen)] = chosen
    return boxes, scores, places, np.array([len(chosen)])


BOXES = (
    *(
        Case(
            "non_maximum_suppression",
            {"boxes": CROWD, "scores": RANKED},
            {"iou_threshold": F32(limit), "score_threshold": F32(least), "max_boxes": I32(most)},
            lambda limit=limit, least=least, most=most: suppressed(limit, least, most),  # type: ignore[misc]
            note=f"crowd at {limit}",
        )
        for limit, least, most in ((0.55, 0.0, 12), (0.3, 0.5, 8), (0.65, 0.0, 12), (0.1, 0.0, 12))
    ),
    Case(
        "crop_resize",
        {"x": P},
        {
            "boxes": np.array([[1.0, 2.0, 3.0, 5.0]], np.float32),
            "target_height": I32(3),
            "sampling_mode": "ALIGN_CORNERS",
        },
        lambda: exact(P)[:, :, 1:4, 3:5].mean(-1, keepdims=True),
        opset=17,
        note="default width",
    ),
    Case(
        "crop_resize",
        {"x": P},
        {
            "boxes": np.array([[-1.0, 0.0, 1.0, 5.0]], np.float32),
            "target_height": I32(3),
            "target_width": I32(6),
            "sampling_mode": "STRICT_ALIGN_CORNERS",
        },
        lambda: np.concatenate([np.zeros((1, 2, 1, 6)), exact(P)[:, :, :2]], 2),
        opset=17,
        note="default padding",
    ),
)


def transposed_3d() -> Array:
    return conv_transpose(numbers(1, 2, 2, 3, 2), numbers(2, 2, 2, 2, 3, seed=6), [1, 2, 1], [1, 1, 2])


def pooled(op: str, take: Callable[[Array, int], Array], note: str, x: Array, kernel: list[int]) -> Case:
    """A pool of default strides: windows start at every cell."""
    sizes = [size - k + 1 for size, k in zip(x.shape[2:], kernel, strict=True)]
    pads = [(0, 0)] * len(kernel)
    return Case(
        op,
        {"x": x},
        {"kernel_sizes": kernel, "pad_type": "valid"},
        lambda: pool(x, kernel, [1] * len(kernel), pads, sizes, take),
        note=note,
    )


WINDOWS = (
    Case(
        "conv_transpose",
        {"x": numbers(1, 2, 2, 3, 2)},
        {"weight": numbers(2, 2, 2, 2, 3, seed=6), "strides": [1, 2, 1], "dilations": [1, 1, 2]},
        transposed_3d,
        note="3d",
    ),
    Case(
        "conv_transpose",
        {"x": PLANE},
        {
            "weight": numbers(4, 3, 3, 2, seed=3),
            "strides": [2, 2],
            "pad_type": "custom",
            "pad": [1, 0, 1, 0],
            "output_shape": [2, 3, 13, 12],
        },
        lambda: np.pad(
            conv_transpose(PLANE, numbers(4, 3, 3, 2, seed=3), [2, 2], [1, 1])[:, :, 1:14, 1:],
            [(0, 0), (0, 0), (0, 0), (0, 1)],
        ),
        note="tail on one axis",
    ),
    Case(
        "conv_transpose",
        {"x": LINE},
        {"weight": numbers(4, 2, 1, seed=5), "strides": [3], "pad_type": "same"},
        lambda: np.pad(conv_transpose(LINE, numbers(4, 2, 1, seed=5), [3], [1]), [(0, 0), (0, 0), (0, 2)]),
        note="same wider than full",
    ),
    *(
        pooled(op, take, f"every cell {len(kernel)}d", x, kernel)
        for op, take in (("avg_pool", mean_of_all), ("max_pool", greatest))
        for x, kernel in ((LINE, [4]), (PLANE, [3, 2]), (BLOCK, [2, 3, 2]))
    ),
    *(
        pooled("l2_pool", norm, f"every cell {len(kernel)}d", x, kernel)
        for x, kernel in ((LINE, [4]), (PLANE, [3, 2]))
    ),
    Case(
        "local_response_norm",
        {"x": 20 * PLANE},
        {"size": I32(3)},
        lambda: neighbours(20 * PLANE, 3, 1e-4, 0.75, 1.0),
        note="defaults",
    ),
    Case(
        "batch_norm",
        {"x": PLANE},
        {"mean": np.zeros(4, np.float32), "variance": np.full(4, 1e-4, np.float32)},
        lambda: exact(PLANE) / np.sqrt(float(np.float32(1e-4)) + 1e-5),
        note="default epsilon",
    ),
    Case(
        "l2_norm",
        {"x": PLANE / 1000},
        {},
        lambda: (
            exact(PLANE / 1000)
            / np.sqrt(np.square(exact(PLANE / 1000)).sum(axis=(1, 2, 3), keepdims=True) + 1e-6)
        ),
        note="default epsilon",
    ),
)

CUTS = np.array([2, 0, 3], np.int32)


def turned(x: Array, sequence: int, batch: int) -> Array:
    y = x.copy()
    for i, length in enumerate(CUTS[: x.shape[batch]]):
        for j in range(length):
            here: list[int | slice] = [slice(None)] * x.ndim
            there = list(here)
            here[batch] = there[batch] = i
            here[sequence], there[sequence] = j, int(length) - 1 - j
            y[tuple(here)] = x[tuple(there)]
    return y


SHAPES = (
    Case(
        "reverse_sequence",
        {"x": numbers(3, 4, 2), "lengths": CUTS},
        {"seq_axis": I32(1), "batch_axis": I32(0)},
        lambda: turned(numbers(3, 4, 2), 1, 0),
        note="behind its batch",
    ),
    Case(
        "reverse_sequence",
        {"x": numbers(4, 2, 3), "lengths": CUTS},
        {"seq_axis": I32(0), "batch_axis": I32(2)},
        lambda: turned(numbers(4, 2, 3), 0, 2),
        note="before its batch",
    ),
    *(
        Case(
            "scatter",
            {"data": X, "indices": np.array([row], I32), "updates": numbers(2, 1, 4, seed=3)},
            {"axis": I32(-2), "mode": "add", "validate_indices": checked},
            lambda row=row: np.stack(  # type: ignore[misc]
                [
                    X[:, i].astype(float) + (i == row) * exact(numbers(2, 1, 4, seed=3))[:, 0]
                    for i in range(3)
                ],
                1,
            ),
            opset=17,
            note=note,
        )
        for row, checked, note in ((1, True, "one row"), (2, False, "last row"), (-1, False, "no row"))
    ),
    Case("band_part", {"x": X}, {}, lambda: X, note="defaults keep all"),
    Case("band_part", {"x": X}, {"lower": I32(0)}, lambda: np.triu(X), note="no lower diagonal"),
    Case("band_part", {"x": X}, {"upper": I32(0)}, lambda: np.tril(X), note="no upper diagonal"),
    Case("cumsum", {"x": X}, {}, lambda: exact(X).cumsum(0), note="default axis"),
    Case("flatten2d", {"x": X}, {}, lambda: X.reshape(2, 12), note="default axis"),
    Case("flatten2d", {"x": X}, {"axis": I32(0)}, lambda: X.reshape(1, 24), note="everything in one row"),
    Case(
        "gather",
        {"x": numbers(1, 3, 2), "indices": np.array([[2]], I32)},
        {"axis": I32(1), "batch_dims": I32(1)},
        lambda: numbers(1, 3, 2)[:, 2:],
        opset=16,
        note="one element of one batch",
    ),
    Case(
        "gather",
        {"x": X, "indices": np.array([[-1]], I32)},
        {"axis": I32(2)},
        lambda: X[:, :, -1][:, :, None, None],
        note="one row from the end",
    ),
    Case(
        "gather_along_axis",
        {"x": X, "indices": np.array([[[1, 0, 1, 0]] * 3], I32)},
        {},
        lambda: np.take_along_axis(X, np.array([[[1, 0, 1, 0]] * 3]), 0),
        note="default axis",
    ),
    Case(
        "one_hot",
        {"indices": np.array([1, 3, 0], I32)},
        {"one_hot_vector_size": I32(3)},
        lambda: [[0, 1, 0], [0, 0, 0], [1, 0, 0]],
        note="defaults",
    ),
    Case(
        "pad",
        {"x": PLANE},
        {"pad": [1, 2, 0, 3]},
        lambda: np.pad(PLANE, [(0, 0), (0, 0), (1, 2), (0, 3)]),
        note="zeros",
    ),
    Case("topk", {"x": X}, {}, lambda: (X.max(-1, keepdims=True), X.argmax(-1)[..., None]), note="defaults"),
    Case("reduce_argmax", {"x": X}, {}, lambda: X.argmax(-1), note="defaults"),
    Case(
        "sliding_windows",
        {"x": X},
        {"axis": I32(-1), "size": I32(2)},
        lambda: np.stack([X[..., i : i + 2] for i in range(3)], 2),
        note="default stride",
    ),
    Case(
        "upsample_nearest_neighbor",
        {"x": P},
        {"scale_factor_width": F32(2)},
        lambda: P.repeat(2, -1),
        note="one side",
    ),
    Case(
        "upsample_nearest_neighbor",
        {"x": P},
        {"scale_factor_height": F32(3)},
        lambda: P.repeat(3, -2),
        note="other side",
    ),
    Case(
        "upsample_bilinear",
        {"x": P},
        {"scale_factor_width": F32(2)},
        lambda: np.stack(
            [
                exact(P)[..., i] * (1 - t) + exact(P)[..., min(i + 1, 5)] * t
                for i, t in (divmod(j * 5 / 11, 1) for j in range(12))
                for i in [int(i)]
            ],
            -1,
        ),
        note="one side, aligned by default",
    ),
    Case(
        "matmul",
        {"x": numbers(3), "y": numbers(3, 2)},
        {"transpose_x": True, "transpose_y": False},
        lambda: exact(numbers(3)) @ exact(numbers(3, 2)),
        note="a vector is not transposed",
    ),
)

RANGES = (
    *(
        Case(
            "quantize",
            {"input": np.array([-1e4, -64.0, 63.5, 127.5, 1e4], np.float32)},
            {"scale": F32(0.5), "output_dtype": kind},
            lambda low=low, high=high: np.clip([-2e4, -128, 127, 255, 2e4], low, high),  # type: ignore[misc]
            opset=17,
            note=f"ends of {kind}",
        )
        for kind, low, high in (("int8", -128, 127), ("uint8", 0, 255))
    ),
)

CASES: tuple[Case, ...] = tuple(itertools.chain(BOXES, WINDOWS, SHAPES, RANGES))
