"""Operators that cut, sample or select regions of pictures, pixel by pixel in float64."""

from __future__ import annotations

import math

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

P = numbers(2, 3, 4, 5)
ONE = numbers(1, 2, 4, 5)
POINTS = numbers(1, 3, 4, 2, low=-1.6, high=1.6, seed=5)
PIXELS = numbers(1, 3, 4, 2, low=-2.0, high=7.0, seed=6)
MATRIX = np.array([[0.9, 0.3, -0.1, -0.2, 0.8, 0.25]], np.float32)


def reach(place: int, size: int, padding: str) -> int | None:
    """The pixel that stands at ``place``, which may lie outside; None for the padding value."""
    if 0 <= place < size:
        return place
    if padding == "constant":
        return None
    if padding == "border":
        return min(max(place, 0), size - 1)
    period = 2 * (size - 1) if padding == "reflection" else 2 * size
    place %= period
    return place if place < size else (period - place if padding == "reflection" else period - 1 - place)


def read(x: Array, row: float, column: float, padding: str, fill: float, nearest: bool = False) -> Array:
    """One bilinear (or nearest) sample of every channel."""
    if nearest:
        row, column = round(row), round(column)
    total = np.zeros(x.shape[0])
    for r, part_r in ((math.floor(row), 1 - row % 1), (math.floor(row) + 1, row % 1)):
        for c, part_c in ((math.floor(column), 1 - column % 1), (math.floor(column) + 1, column % 1)):
            at = reach(r, x.shape[1], padding), reach(c, x.shape[2], padding)
            pixel = np.full(x.shape[0], fill) if None in at else exact(x)[:, at[0], at[1]]
            total = total + part_r * part_c * pixel
    return total


def to_pixels(unit: float, size: int, centred: bool) -> float:
    return (unit + 1) / 2 * (size - 1) if centred else ((unit + 1) * size - 1) / 2


def resample(mode: str, padding: str, fill: float, centred: bool, nearest: bool = False) -> Array:
    points = exact(PIXELS if mode == "unnormalized" else POINTS)
    result = np.zeros((1, 2, *points.shape[1:3]))
    for i in range(points.shape[1]):
        for j in range(points.shape[2]):
            x, y = points[0, i, j]
            if mode == "normalized_zero_to_one":
                x, y = 2 * x - 1, 2 * y - 1
            if mode != "unnormalized":
                x, y = to_pixels(x, 5, centred), to_pixels(y, 4, centred)
            result[0, :, i, j] = read(ONE[0], y, x, padding, fill, nearest)
    return result


def resample_case(mode: str, padding: str, fill: float, centred: bool, nearest: bool = False) -> Case:
    return Case(
        "resample",
        {"x": ONE, "coordinates": PIXELS if mode == "unnormalized" else POINTS},
        {
            "sampling_mode": "nearest" if nearest else "bilinear",
            "padding_mode": padding,
            "padding_value": np.float32(fill),
            "coordinates_mode": mode,
            "align_corners": centred,
        },
        lambda: resample(mode, padding, fill, centred, nearest),
        opset=16,
        atol=1e-5,
        note=f"{mode} {padding} {'centres' if centred else 'edges'}{' nearest' if nearest else ''}",
    )


def affine() -> Array:
    a0, a1, a2, b0, b1, b2 = exact(MATRIX)[0]
    result = np.zeros((2, 3, 3, 6))
    for i, y in enumerate(np.linspace(-1, 1, 3)):
        for j, x in enumerate(np.linspace(-1, 1, 6)):
            column = to_pixels(a0 * x + a1 * y + a2, 5, True)
            row = to_pixels(b0 * x + b1 * y + b2, 4, True)
            for n in range(2):
                result[n, :, i, j] = read(P[n], row, column, "constant", 0.0)
    return result


def cut(picture: Array, rows: list[float], columns: list[float], fill: float = 0.0) -> Array:
    """Samples at the given rows and columns; outside the picture stands the fill value."""
    result = np.full((picture.shape[0], len(rows), len(columns)), fill)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if 0 <= row <= picture.shape[1] - 1 and 0 <= column <= picture.shape[2] - 1:
                result[:, i, j] = read(picture, row, column, "border", 0.0)
    return result


ROI = np.array([0.5, 1.0, 2.5, 4.0], np.float32).reshape(1, 1, 4, 1, 1)
ROI_INDEXED = np.array([1.0, 0.25, 0.0, 1.0, 0.5], np.float32).reshape(1, 1, 5, 1, 1)
BOXES = np.array([[0.5, 1.0, 2.5, 4.0], [2.0, 3.0, 5.0, 1.0]], np.float32)
BOX_CENTRES = np.array([[2.0, 1.5, 2.0, 1.0]], np.float32)
PICKED = np.array([1, 0], np.int32)
SIZES = {"target_height": np.int32(2), "target_width": np.int32(3)}


NMS_BOXES = np.array(
    [[[1, 1, 2, 2], [1.2, 1, 2, 2], [6, 6, 2, 2], [6.1, 6.1, 2, 2], [9, 1, 1, 1]]], np.float32
)
NMS_SCORES = np.array([[[0.9, 0.1], [0.2, 0.8], [0.1, 0.7], [0.05, 0.6], [0.3, 0.2]]], np.float32)


def kept(order: list[int], places: int) -> tuple[Array, Array, Array]:
    boxes, scores, indices = np.zeros((1, places, 4)), np.zeros((1, places, 2)), np.full((1, places), -1)
    boxes[0, : len(order)], scores[0, : len(order)] = NMS_BOXES[0, order], NMS_SCORES[0, order]
    indices[0, : len(order)] = order
    return boxes, scores, indices


CASES = (
    resample_case("normalized_minus_one_to_one", "constant", 0.5, True),
    resample_case("normalized_minus_one_to_one", "border", 0.0, False),
    resample_case("normalized_zero_to_one", "reflection", 0.0, True),
    resample_case("normalized_minus_one_to_one", "symmetric", 0.0, False),
    resample_case("unnormalized", "symmetric", 0.0, True),
    resample_case("unnormalized", "constant", -1.0, True, nearest=True),
    Case(
        "affine",
        {"x": P},
        {
            "transform_matrix": MATRIX,
            "output_height": np.int32(3),
            "output_width": np.int32(6),
            "sampling_mode": "bilinear",
            "padding_mode": "constant",
            "padding_value": np.float32(0),
            "coordinates_mode": "normalized_minus_one_to_one",
            "align_corners": True,
        },
        affine,
        opset=16,
        atol=1e-5,
    ),
    Case(
        "crop_resize",
        {"x": P},
        {"roi": ROI, "sampling_mode": "ALIGN_CORNERS"} | SIZES,
        lambda: np.stack([cut(p, [0.5, 2.5], [1.0, 2.5, 4.0]) for p in P])[None],
        note="every picture",
    ),
    Case(
        "crop_resize",
        {"x": P},
        {"roi": ROI_INDEXED, "sampling_mode": "STRICT_ALIGN_CORNERS", "normalized_coordinates": True} | SIZES,
        lambda: cut(P[1], [0.75, 3.0], [0.0, 1.0, 2.0])[None, None],
        note="indexed and normalised",
    ),
    Case(
        "crop_resize",
        {"x": P},
        {
            "boxes": BOXES,
            "box_indices": PICKED,
            "sampling_mode": "ALIGN_CORNERS",
            "pad_value": np.float32(9),
        }
        | SIZES,
        lambda: np.stack(
            [cut(P[1], [0.5, 2.5], [1.0, 2.5, 4.0], 9.0), cut(P[0], [2.0, 5.0], [3.0, 2.0, 1.0], 9.0)]
        ),
        opset=17,
        note="outside and turned round",
    ),
    Case(
        "crop_resize",
        {"x": P},
        {
            "boxes": BOX_CENTRES,
            "box_indices": PICKED[:1],
            "box_coordinate_mode": "CENTER_SIZE_WIDTH_FIRST",
            "sampling_mode": "DEFAULT",
            "spatial_scale": np.float32(0.5),
        }
        | SIZES,
        lambda: cut(P[1], [0.5, 1.25], [0.5, 0.5 + 2 / 3, 0.5 + 4 / 3])[None],
        opset=17,
        note="centre and scale",
    ),
    Case(
        "non_maximum_suppression",
        {"boxes": NMS_BOXES, "scores": NMS_SCORES},
        {
            "iou_threshold": np.float32(0.5),
            "score_threshold": np.float32(0.35),
            "max_boxes": np.int32(4),
            "per_class_suppression": False,
        },
        lambda: (*kept([0, 2], 4), np.array([2])),
    ),
    Case(
        "non_maximum_suppression",
        {"boxes": NMS_BOXES.transpose(0, 2, 1), "scores": NMS_SCORES.transpose(0, 2, 1)},
        {"iou_threshold": np.float32(0.5), "max_boxes": np.int32(3), "per_class_suppression": True},
        lambda: tuple(part if part.ndim == 2 else part.transpose(0, 2, 1) for part in kept([0, 1, 2], 3)),
        opset=17,
        note="per class",
    ),
)
