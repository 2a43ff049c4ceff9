"""Cases that a planted fault showed to be missing: values at an edge, axes that differ, sizes that tell.

``fieldpack study coreml-mutation`` plants the faults; each case here is the one that notices its fault.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.coreml.testdata.case import Case, numbers
from fieldpack.coreml.testdata.sampling_cases import NMS_BOXES, NMS_SCORES, kept
from fieldpack.coreml.testdata.shape_cases import X
from fieldpack.coreml.testdata.window_cases import (
    conv_transpose,
    greatest,
    mean_inside,
    mean_of_all,
    norm,
    pool,
)

F32, I32 = np.float32, np.int32
EDGE = np.array([-1.0, 0.49, 0.5, 0.51], F32)
SQUARE = numbers(1, 2, 5, 5)
BATCHES = numbers(2, 3, 4, 5)
ROWS = np.array([[[3, 0], [1, 1], [2, 3]], [[0, 2], [3, 3], [1, 0]]], I32)


def ceiled(
    op: str, take: Any, note: str, pads: Any, out: Any, kernel: Any, strides: Any, **more: Any
) -> Case:
    """A pool in ceil mode with custom padding, on 5 x 5 cells."""
    fixed = {
        "kernel_sizes": kernel,
        "strides": strides,
        "pad_type": "custom",
        "pad": [count for pair in pads for count in pair],
        "ceil_mode": True,
    }
    return Case(
        op, {"x": SQUARE}, fixed | more, lambda: pool(SQUARE, kernel, strides, pads, out, take), note=note
    )


ELEMENTS = (
    Case(
        "sigmoid_hard",
        {"x": X},
        {"alpha": F32(0.375), "beta": F32(0.25)},
        lambda: np.clip(0.375 * X.astype(float) + 0.25, 0, 1),
        note="another slope",
    ),
    Case(
        "thresholded_relu",
        {"x": EDGE},
        {"alpha": F32(0.5)},
        lambda: np.array([0, 0, 0.5, EDGE[3]]),
        note="at the threshold",
    ),
)

WINDOWS = (
    Case(
        "conv_transpose",
        {"x": numbers(1, 2, 3, 3)},
        {"weight": numbers(2, 2, 2, 2, seed=4), "dilations": [1, 3]},
        lambda: conv_transpose(numbers(1, 2, 3, 3), numbers(2, 2, 2, 2, seed=4), [1, 1], [1, 3]),
        note="two dilations",
    ),
    *(
        ceiled(op, take, f"ceil beyond the padding{note}", ((1, 0), (1, 1)), (3, 3), (3, 4), (2, 2), **more)
        for op, take, note, more in (
            ("avg_pool", mean_of_all, "", {}),
            ("avg_pool", mean_inside, " excluded", {"exclude_padding_from_average": True}),
            ("max_pool", greatest, "", {}),
            ("l2_pool", norm, "", {}),
        )
    ),
    *(
        ceiled(op, take, "ceil with a dropped window", ((1, 1), (1, 1)), (2, 2), (2, 2), (3, 3))
        for op, take in (("avg_pool", mean_of_all), ("max_pool", greatest), ("l2_pool", norm))
    ),
)


SHAPES = (
    Case(
        "slice_by_size",
        {"x": X},
        {"begin": [-1, -2, 0], "size": [1, 1, -1]},
        lambda: X[-1:, 1:2],
        note="negative begin",
    ),
    Case("flatten2d", {"x": X}, {"axis": I32(-1)}, lambda: X.reshape(6, 4), note="negative axis"),
    Case(
        "gather",
        {"x": BATCHES, "indices": ROWS},
        {"axis": I32(2), "batch_dims": I32(2)},
        lambda: np.stack([[BATCHES[i, j][ROWS[i, j]] for j in range(3)] for i in range(2)]),
        opset=16,
        note="two batch axes",
    ),
    Case(
        "gather_nd",
        {"x": BATCHES, "indices": ROWS[..., None]},
        {"batch_dims": I32(2)},
        lambda: np.stack([[BATCHES[i, j][ROWS[i, j]] for j in range(3)] for i in range(2)]),
        opset=16,
        note="two batch axes",
    ),
)

REGIONS = (
    Case(
        "resize",
        {"x": SQUARE},
        {
            "shape": [0, 10],
            "resized_dims": np.uint32(2),
            "interpolation_mode": "NEAREST_NEIGHBOR",
            "sampling_mode": "DEFAULT",
        },
        lambda: SQUARE[..., [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]],
        opset=17,
        note="ties",
    ),
    Case(
        "non_maximum_suppression",
        {"boxes": NMS_BOXES, "scores": NMS_SCORES},
        {
            "iou_threshold": F32(0.5),
            "score_threshold": F32(0.8),
            "max_boxes": I32(4),
            "per_class_suppression": True,
        },
        lambda: (*kept([0, 1], 4), np.array([2])),
        note="a score at the threshold",
    ),
)
CASES: tuple[Case, ...] = (*ELEMENTS, *WINDOWS, *SHAPES, *REGIONS)
