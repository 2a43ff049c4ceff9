"""Stored weights of every kind, and quantised tensors."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

CODES = np.array([[[-128, 5, 0], [127, -1, 3]], [[9, -20, 44], [-3, 2, 1]]], np.int8)
SCALE = np.array([0.5, 0.25], np.float32)
ZERO = np.array([3, -1], np.int8)
MASK = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]], np.uint8)
KEPT = np.array([1.5, -2.0, 3.0, 4.0, -5.0, 6.0], np.float32)
TABLE = np.array([-1.0, 0.5, 2.0, 4.0], np.float32)
INDICES = np.array([[0, 3, 1, 2, 2], [1, 1, 0, 3, 0]], np.uint8)


def column(values: Array) -> Array:
    return exact(values).reshape(2, 1, 1)


def packed(values: Array, bits: int) -> Array:
    """Bits of ``bits``-wide codes in a byte string, lowest first."""
    stream = [int(code) >> bit & 1 for code in values.ravel() for bit in range(bits)]
    return np.packbits(stream, bitorder="little")


def dense(kept: Array) -> Array:
    y = np.zeros(MASK.shape)
    y[MASK == 1] = kept
    return y


def float_codes(x: Array, scale: float, zero: int, low: int, high: int) -> Array:
    return np.clip(np.rint(exact(x) / scale) + zero, low, high)


X = numbers(2, 3, 4, low=-40, high=40)
HALVES = np.array([-1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 100.0], np.float32)

QUANTISED = (
    Case(
        "quantize",
        {"input": X},
        {"scale": np.float32(0.25), "zero_point": np.int8(7), "output_dtype": "int8"},
        lambda: float_codes(X, 0.25, 7, -128, 127),
        opset=17,
    ),
    Case(
        "quantize",
        {"input": HALVES},
        {"scale": np.float32(0.5), "output_dtype": "uint8"},
        lambda: [0, 0, 0, 0, 2, 2, 200],
        opset=17,
        note="halves to even",
    ),
    Case(
        "quantize",
        {"input": X},
        {
            "scale": np.array([0.25, 0.5, 1.0], np.float32),
            "zero_point": np.array([0, 100, 200], np.uint8),
            "axis": np.int32(1),
            "output_dtype": "uint8",
        },
        lambda: np.stack([float_codes(X[:, i], (0.25, 0.5, 1.0)[i], 100 * i, 0, 255) for i in range(3)], 1),
        opset=17,
        note="per channel",
    ),
)

STORED = (
    Case(
        "constexpr_affine_dequantize",
        {},
        {"quantized_data": CODES, "zero_point": ZERO, "scale": SCALE, "axis": np.int32(0)},
        lambda: (exact(CODES) - column(ZERO)) * column(SCALE),
        opset=16,
    ),
    Case(
        "constexpr_affine_dequantize",
        {},
        {
            "quantized_data": CODES.view(np.uint8),
            "zero_point": np.uint8(128),
            "scale": np.float32(0.5),
            "axis": np.int32(1),
        },
        lambda: (CODES.view(np.uint8).astype(float) - 128) * 0.5,
        opset=16,
        note="per tensor",
    ),
    Case(
        "constexpr_lut_to_dense",
        {},
        {"indices": packed(INDICES, 2), "lut": TABLE, "shape": np.array([2, 5], np.uint32)},
        lambda: TABLE[INDICES],
        opset=16,
        note="packed",
    ),
    Case(
        "constexpr_sparse_to_dense",
        {},
        {"nonzero_data": KEPT, "mask": packed(MASK, 1), "shape": np.array([3, 4], np.uint32)},
        lambda: dense(KEPT),
        opset=16,
        note="packed",
    ),
    Case(
        "constexpr_cast",
        {},
        {"source_val": np.array([0.1, -2.5], np.float16), "output_dtype": "fp32"},
        lambda: np.array([0.1, -2.5], np.float16).astype(float),
        opset=16,
    ),
    Case(
        "constexpr_blockwise_shift_scale",
        {},
        {
            "data": CODES.reshape(4, 3).repeat(2, axis=1),
            "scale": numbers(2, 3),
            "offset": np.array([[1, -2, 3], [4, 5, -6]], np.int8),
        },
        lambda: np.array(
            [
                [
                    (float(CODES.reshape(4, 3)[i, j // 2]) - [[1, -2, 3], [4, 5, -6]][i // 2][j // 2])
                    * float(numbers(2, 3)[i // 2, j // 2])
                    for j in range(6)
                ]
                for i in range(4)
            ]
        ),
        opset=18,
    ),
    Case(
        "constexpr_blockwise_shift_scale",
        {},
        {"data": CODES, "scale": SCALE.reshape(2, 1, 1)},
        lambda: exact(CODES) * column(SCALE),
        opset=18,
        note="no offset",
    ),
)

CASES: tuple[Case, ...] = (*QUANTISED, *STORED)
