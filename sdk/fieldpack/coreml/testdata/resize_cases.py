"""Resizing: the grids that the specification prints, and two axes at once."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

#: The specification's own example: input [0, 1], so every sample is its grid point. For OFFSET_CORNERS
#: and 6 cells it prints two decimals of (2 i + 1) / 12.
PRINTED = {
    ("STRICT_ALIGN_CORNERS", 5): [0, 0.25, 0.5, 0.75, 1],
    ("ALIGN_CORNERS", 6): [0, 0.2, 0.4, 0.6, 0.8, 1],
    ("DEFAULT", 5): [0, 0.4, 0.8, 1, 1],
    ("DEFAULT", 6): [0, 1 / 3, 2 / 3, 1, 1, 1],
    ("OFFSET_CORNERS", 5): [0.1, 0.3, 0.5, 0.7, 0.9],
    ("OFFSET_CORNERS", 6): [1 / 12, 3 / 12, 5 / 12, 7 / 12, 9 / 12, 11 / 12],
    ("UNALIGN_CORNERS", 5): [0, 0.1, 0.5, 0.9, 1],
    ("UNALIGN_CORNERS", 6): [0, 0, 1 / 3, 2 / 3, 1, 1],
}
STEP = np.array([0, 1], np.float32).reshape(1, 1, 1, 2)
P = numbers(1, 2, 4, 6)
I32 = np.int32


def linear(x: Array, axis: int, points: Array) -> Array:
    """Linear interpolation along one axis at given positions."""
    return np.apply_along_axis(lambda line: np.interp(points, np.arange(len(line)), line), axis, exact(x))


def aligned(size: int, target: int) -> Array:
    return np.linspace(0, size - 1, target)


def centred(size: int, target: int) -> Array:
    return np.clip((np.arange(target) + 0.5) * size / target - 0.5, 0, size - 1)


CASES: tuple[Case, ...] = (
    *(
        Case(
            "resize_bilinear",
            {"x": STEP},
            {"target_size_height": I32(1), "target_size_width": I32(count), "sampling_mode": mode},
            lambda expected=expected: np.reshape(expected, (1, 1, 1, -1)),  # type: ignore[misc]
            note=f"{mode} {count}",
        )
        for (mode, count), expected in PRINTED.items()
    ),
    Case(
        "resize_bilinear",
        {"x": P},
        {"target_size_height": I32(3), "target_size_width": I32(9), "sampling_mode": "UNALIGN_CORNERS"},
        lambda: linear(linear(P, 2, centred(4, 3)), 3, centred(6, 9)),
        note="two axes",
    ),
    Case(
        "resize_bilinear",
        {"x": P},
        {"target_size_height": I32(1), "target_size_width": I32(6), "sampling_mode": "ALIGN_CORNERS"},
        lambda: linear(P, 2, np.array([1.5])),
        note="single row",
    ),
    Case(
        "upsample_bilinear",
        {"x": P},
        {"scale_factor_height": np.float32(2), "scale_factor_width": np.float32(1.5), "align_corners": True},
        lambda: linear(linear(P, 2, aligned(4, 8)), 3, aligned(6, 9)),
        note="aligned",
    ),
    Case(
        "upsample_bilinear",
        {"x": P},
        {"scale_factor_height": I32(2), "scale_factor_width": I32(3), "align_corners": False},
        lambda: linear(linear(P, 2, centred(4, 8)), 3, centred(6, 18)),
        note="half pixel",
    ),
    Case(
        "upsample_bilinear",
        {"x": P},
        {
            "scale_factor_height": I32(2),
            "scale_factor_width": I32(2),
            "align_corners": False,
            "half_pixel_centers": False,
        },
        lambda: linear(linear(P, 2, np.clip(np.arange(8) / 2, 0, 3)), 3, np.clip(np.arange(12) / 2, 0, 5)),
        opset=16,
        note="corner origin",
    ),
    Case(
        "upsample_nearest_neighbor",
        {"x": P},
        {"scale_factor_height": I32(2), "scale_factor_width": I32(3)},
        lambda: P.repeat(2, axis=2).repeat(3, axis=3),
    ),
    Case(
        "resize_nearest_neighbor",
        {"x": P},
        {"target_size_height": I32(2), "target_size_width": I32(9)},
        lambda: P[:, :, [0, 2]][..., [0, 0, 1, 2, 2, 3, 4, 4, 5]],
    ),
    Case(
        "resize",
        {"x": STEP},
        {"shape": [0, 5], "resized_dims": np.uint32(2), "sampling_mode": "DEFAULT"},
        lambda: np.reshape([0, 0.4, 0.8, 1, 1], (1, 1, 1, 5)),
        opset=17,
    ),
    Case(
        "resize",
        {"x": np.array([-6.174, 9.371], np.float32).reshape(1, 1, 2, 1)},
        {
            "shape": [1, 1, 3, 2],
            "resized_dims": np.uint32(2),
            "interpolation_mode": "NEAREST_NEIGHBOR",
            "sampling_mode": "DEFAULT",
        },
        lambda: np.array([-6.174, -6.174, 9.371, 9.371, 9.371, 9.371], np.float32).reshape(1, 1, 3, 2),
        opset=17,
        note="nearest",
    ),
)
