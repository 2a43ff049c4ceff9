"""Convolutions, pools, normalisations and matrix products, with references written as loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

Pads = Sequence[tuple[int, int]]


def index(*parts: int | slice) -> Any:
    """A mixed index; numpy's stubs know none of a length that is not fixed."""
    return parts


def same(sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], lower: bool = False) -> Pads:
    """Padding that gives ``ceil(size / stride)`` outputs; the odd cell after, or before if ``lower``."""
    pads = []
    for size, width, stride in zip(sizes, kernel, strides, strict=True):
        total = max(0, (math.ceil(size / stride) - 1) * stride + width - size)
        pads.append((math.ceil(total / 2), total // 2) if lower else (total // 2, math.ceil(total / 2)))
    return pads


def conv(
    x: Array, w: Array, pads: Pads, strides: Sequence[int], dilations: Sequence[int], groups: int = 1
) -> Array:
    """Convolution by its definition, one output cell after the other."""
    x, w = exact(x), exact(w)
    sizes, kernel = x.shape[2:], w.shape[2:]
    out = [
        (size + sum(pad) - (k - 1) * d - 1) // s + 1
        for size, pad, k, d, s in zip(sizes, pads, kernel, dilations, strides, strict=True)
    ]
    y = np.zeros((x.shape[0], w.shape[0], *out))
    per_in, per_out = w.shape[1], w.shape[0] // groups
    for cell in itertools.product(*map(range, out)):
        for tap in itertools.product(*map(range, kernel)):
            place = [
                c * s + t * d - p[0]
                for c, s, t, d, p in zip(cell, strides, tap, dilations, pads, strict=True)
            ]
            if any(not 0 <= at < size for at, size in zip(place, sizes, strict=True)):
                continue
            for o in range(w.shape[0]):
                first = o // per_out * per_in
                column = x[index(slice(None), slice(first, first + per_in), *place)]
                y[index(slice(None), o, *cell)] += column @ w[index(o, slice(None), *tap)]
    return y


def conv_transpose(
    x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int], groups: int = 1
) -> Array:
    """The whole result of a transposed convolution, before any cut."""
    x, w = exact(x), exact(w)
    kernel = w.shape[2:]
    out = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(x.shape[2:], strides, kernel, dilations, strict=True)
    ]
    y = np.zeros((x.shape[0], w.shape[1] * groups, *out))
    per_in = x.shape[1] // groups
    for cell in itertools.product(*map(range, x.shape[2:])):
        for tap in itertools.product(*map(range, kernel)):
            place = tuple(c * s + t * d for c, s, t, d in zip(cell, strides, tap, dilations, strict=True))
            for i in range(x.shape[1]):
                first = i // per_in * w.shape[1]
                here = index(slice(None), slice(first, first + w.shape[1]), *place)
                y[here] += np.outer(x[index(slice(None), i, *cell)], w[index(i, slice(None), *tap)])
    return y


def pool(
    x: Array,
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    out: Sequence[int],
    take: Callable[..., Any],
) -> Array:
    """``take(cells, counted)`` of every window; ``counted`` also counts cells of the padding."""
    x = exact(x)
    sizes = x.shape[2:]
    y = np.zeros((*x.shape[:2], *out))
    for cell in itertools.product(*map(range, out)):
        starts = [c * s - p[0] for c, s, p in zip(cell, strides, pads, strict=True)]
        inside = tuple(slice(max(0, a), min(a + k, n)) for a, k, n in zip(starts, kernel, sizes, strict=True))
        counted = math.prod(
            min(a + k, n + p[1]) - max(a, -p[0])
            for a, k, n, p in zip(starts, kernel, sizes, pads, strict=True)
        )
        window = x[index(slice(None), slice(None), *inside)].reshape(*x.shape[:2], -1)
        y[index(slice(None), slice(None), *cell)] = take(window, counted)
    return y


def greatest(window: Array, counted: int) -> Array:
    return np.asarray(window.max(axis=-1))


def mean_of_all(window: Array, counted: int) -> Array:
    return np.asarray(window.sum(axis=-1) / counted)


def mean_inside(window: Array, counted: int) -> Array:
    return np.asarray(window.mean(axis=-1))


def norm(window: Array, counted: int) -> Array:
    return np.asarray(np.sqrt(np.square(window).sum(axis=-1)))


LINE, PLANE, ODD, BLOCK = numbers(2, 4, 9), numbers(2, 4, 7, 6), numbers(1, 3, 5, 7), numbers(1, 2, 4, 5, 3)
W1, W2, W3 = numbers(6, 4, 3, seed=1), numbers(6, 4, 3, 2, seed=1), numbers(4, 2, 2, 3, 2, seed=1)
WG, WD = numbers(6, 2, 3, 3, seed=1), numbers(8, 1, 3, 3, seed=1)
B6 = numbers(6, seed=2)

CONVOLUTIONS = (
    Case(
        "conv",
        {"x": LINE},
        {"weight": W1, "pad_type": "valid"},
        lambda: conv(LINE, W1, [(0, 0)], [1], [1]),
        note="1d",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": W2, "bias": B6, "strides": [2, 1], "pad_type": "custom", "pad": [1, 2, 0, 1]},
        lambda: conv(PLANE, W2, [(1, 2), (0, 1)], [2, 1], [1, 1]) + exact(B6).reshape(1, -1, 1, 1),
        note="custom",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": W2, "strides": [2, 2], "pad_type": "same"},
        lambda: conv(PLANE, W2, same((7, 6), (3, 2), (2, 2)), [2, 2], [1, 1]),
        note="same",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": W2, "strides": [2, 3], "pad_type": "same_lower"},
        lambda: conv(PLANE, W2, same((7, 6), (3, 2), (2, 3), lower=True), [2, 3], [1, 1]),
        opset=16,
        note="same_lower",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": W2, "dilations": [2, 3], "pad_type": "same"},
        lambda: conv(PLANE, W2, same((7, 6), (5, 4), (1, 1)), [1, 1], [2, 3]),
        note="dilated same",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": WG, "groups": np.int32(2), "pad_type": "custom", "pad": [1, 1, 1, 1]},
        lambda: conv(PLANE, WG, [(1, 1), (1, 1)], [1, 1], [1, 1], groups=2),
        note="groups",
    ),
    Case(
        "conv",
        {"x": PLANE},
        {"weight": WD, "groups": np.int32(4), "strides": [2, 2], "pad_type": "same"},
        lambda: conv(PLANE, WD, same((7, 6), (3, 3), (2, 2)), [2, 2], [1, 1], groups=4),
        note="depthwise",
    ),
    Case(
        "conv",
        {"x": BLOCK},
        {"weight": W3, "strides": [1, 2, 1], "pad_type": "custom", "pad": [0, 1, 1, 0, 1, 1]},
        lambda: conv(BLOCK, W3, [(0, 1), (1, 0), (1, 1)], [1, 2, 1], [1, 1, 1]),
        note="3d",
    ),
)

WT = numbers(4, 3, 3, 2, seed=3)
WTG = numbers(4, 3, 3, 3, seed=3)
B3 = numbers(3, seed=4)

TRANSPOSED = (
    Case(
        "conv_transpose",
        {"x": PLANE},
        {"weight": WT, "bias": B3, "strides": [2, 3], "pad_type": "valid"},
        lambda: conv_transpose(PLANE, WT, [2, 3], [1, 1]) + exact(B3).reshape(1, -1, 1, 1),
        note="valid",
    ),
    Case(
        "conv_transpose",
        {"x": PLANE},
        {"weight": WT, "strides": [2, 2], "pad_type": "custom", "pad": [1, 0, 0, 1]},
        lambda: conv_transpose(PLANE, WT, [2, 2], [1, 1])[:, :, 1:, :-1],
        note="custom",
    ),
    Case(
        "conv_transpose",
        {"x": PLANE},
        {"weight": WTG, "strides": [2, 2], "pad_type": "same", "groups": np.int32(2)},
        lambda: conv_transpose(PLANE, WTG, [2, 2], [1, 1], groups=2)[:, :, :14, :12],
        note="same odd surplus",
    ),
    Case(
        "conv_transpose",
        {"x": PLANE},
        {"weight": WTG, "pad_type": "same"},
        lambda: conv_transpose(PLANE, WTG, [1, 1], [1, 1])[:, :, 1:-1, 1:-1],
        note="same even surplus",
    ),
    Case(
        "conv_transpose",
        {"x": PLANE},
        {"weight": WT, "bias": B3, "strides": [3, 3], "pad_type": "valid", "output_shape": [2, 3, 22, 18]},
        lambda: (
            np.pad(conv_transpose(PLANE, WT, [3, 3], [1, 1]), [(0, 0), (0, 0), (0, 1), (0, 1)])
            + exact(B3).reshape(1, -1, 1, 1)
        ),
        note="output_shape",
    ),
    Case(
        "conv_transpose",
        {"x": LINE},
        {"weight": numbers(4, 2, 3, seed=5), "dilations": [2], "pad_type": "valid"},
        lambda: conv_transpose(LINE, numbers(4, 2, 3, seed=5), [1], [2]),
        note="1d dilated",
    ),
)


def pools(op: str, take: Callable[..., Any], **extra: Any) -> tuple[Case, ...]:
    """Each padding mode and ceil mode of one kind of pool."""

    def case(note: str, x: Array, pads: Pads, out: Sequence[int], opset: int = 15, **fixed: Any) -> Case:
        strides = fixed.get("strides", [1] * len(out))
        kernel = fixed["kernel_sizes"]
        note = " ".join([note, *extra])
        return Case(
            op, {"x": x}, fixed | extra, lambda: pool(x, kernel, strides, pads, out, take), opset, note=note
        )

    low = same((5, 7), (2, 3), (1, 2), lower=True)
    return (
        case("1d", LINE, [(0, 0)], [4], kernel_sizes=[3], strides=[2], pad_type="valid"),
        case(
            "custom", ODD, [(1, 0), (1, 2)], [5, 4],
            kernel_sizes=[2, 3], strides=[1, 2], pad_type="custom", pad=[1, 0, 1, 2],
        ),
        case(
            "same", ODD, same((5, 7), (3, 2), (2, 2)), [3, 4],
            kernel_sizes=[3, 2], strides=[2, 2], pad_type="same",
        ),
        case("same_lower", ODD, low, [5, 4], 16, kernel_sizes=[2, 3], strides=[1, 2], pad_type="same_lower"),
        case(
            "ceil", ODD, [(0, 0), (0, 0)], [2, 3],
            kernel_sizes=[3, 3], strides=[3, 3], pad_type="valid", ceil_mode=True,
        ),
        case(
            "ceil custom", ODD, [(1, 1), (1, 1)], [3, 3],
            kernel_sizes=[3, 3], strides=[2, 3], pad_type="custom", pad=[1, 1, 1, 1], ceil_mode=True,
        ),
    )  # fmt: skip


POOLS = (
    *pools("max_pool", greatest),
    *pools("avg_pool", mean_of_all),
    *pools("avg_pool", mean_inside, exclude_padding_from_average=True),
    *pools("l2_pool", norm),
    Case(
        "max_pool",
        {"x": BLOCK},
        {"kernel_sizes": [2, 2, 2], "strides": [2, 2, 1], "pad_type": "valid"},
        lambda: pool(BLOCK, (2, 2, 2), (2, 2, 1), [(0, 0)] * 3, (2, 2, 2), greatest),
        note="3d",
    ),
)


def moments(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    x = exact(x)
    return np.asarray(
        (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)
    )


def neighbours(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    x = exact(x)
    y = np.zeros_like(x)
    for c in range(x.shape[1]):
        first = max(0, c - size // 2)
        near = x[:, first : c + (size - 1) // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha / size * np.square(near).sum(axis=1)) ** beta
    return y


G4, B4 = numbers(4, seed=7), numbers(4, seed=8)
V4 = numbers(4, low=0.2, high=2, seed=9)
CHANNELS = (1, -1, 1, 1)

NORMALISATIONS = (
    Case(
        "batch_norm",
        {"x": PLANE},
        {"mean": G4, "variance": V4, "gamma": B4, "beta": G4, "epsilon": np.float32(0.25)},
        lambda: (
            (exact(PLANE) - exact(G4).reshape(CHANNELS))
            / np.sqrt(exact(V4).reshape(CHANNELS) + 0.25)
            * exact(B4).reshape(CHANNELS)
            + exact(G4).reshape(CHANNELS)
        ),
    ),
    Case(
        "instance_norm",
        {"x": PLANE},
        {"gamma": G4, "beta": B4, "epsilon": np.float32(0.25)},
        lambda: moments(PLANE, (2, 3), 0.25) * exact(G4).reshape(CHANNELS) + exact(B4).reshape(CHANNELS),
    ),
    Case("instance_norm", {"x": LINE}, {}, lambda: moments(LINE, (2,), 1e-5), note="1d"),
    Case(
        "layer_norm",
        {"x": PLANE},
        {"axes": [2, 3], "gamma": numbers(7, 6), "beta": numbers(7, 6, seed=1), "epsilon": np.float32(0.25)},
        lambda: moments(PLANE, (2, 3), 0.25) * exact(numbers(7, 6)) + exact(numbers(7, 6, seed=1)),
    ),
    Case(
        "layer_norm",
        {"x": PLANE},
        {"axes": [1], "gamma": G4, "beta": B4, "epsilon": np.float32(0.25)},
        lambda: moments(PLANE, (1,), 0.25) * exact(G4).reshape(CHANNELS) + exact(B4).reshape(CHANNELS),
        note="inner axis",
    ),
    Case("layer_norm", {"x": LINE}, {"axes": [0, -2, 2]}, lambda: moments(LINE, (0, 1, 2), 1e-5), note="all"),
    Case(
        "l2_norm",
        {"x": PLANE},
        {"epsilon": np.float32(0.5)},
        lambda: exact(PLANE) / np.sqrt(np.square(exact(PLANE)).sum(axis=(1, 2, 3), keepdims=True) + 0.5),
    ),
    Case(
        "local_response_norm",
        {"x": PLANE},
        {"size": np.int32(3), "alpha": np.float32(0.5), "beta": np.float32(0.75), "k": np.float32(1.5)},
        lambda: neighbours(PLANE, 3, 0.5, 0.75, 1.5),
    ),
    Case(
        "local_response_norm",
        {"x": PLANE},
        {"size": np.int32(2), "alpha": np.float32(0.5), "beta": np.float32(0.75), "k": np.float32(1.5)},
        lambda: neighbours(PLANE, 2, 0.5, 0.75, 1.5),
        note="even",
    ),
    Case(
        "local_response_norm",
        {"x": PLANE[0]},
        {"size": np.int32(3), "alpha": np.float32(0.5), "beta": np.float32(0.75), "k": np.float32(1.5)},
        lambda: neighbours(PLANE[:1], 3, 0.5, 0.75, 1.5)[0],
        note="without a batch",
    ),
)


def attention(q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    scores = exact(q) @ exact(k).swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True) @ exact(v))


A, B = numbers(2, 3, 4), numbers(2, 4, 5, seed=1)
Q, K, V = numbers(1, 2, 3, 4), numbers(1, 2, 5, 4, seed=1), numbers(1, 2, 5, 6, seed=2)
MASK = np.array([[1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
E1, E2 = numbers(2, 3, 4, 5), numbers(2, 5, 4, 3, seed=1)

PRODUCTS = (
    Case(
        "linear",
        {"x": A},
        {"weight": numbers(5, 4), "bias": numbers(5)},
        lambda: exact(A) @ exact(numbers(5, 4)).T + exact(numbers(5)),
    ),
    Case("matmul", {"x": A, "y": B}, {}, lambda: exact(A) @ exact(B)),
    Case(
        "matmul",
        {"x": A, "y": A},
        {"transpose_y": True},
        lambda: exact(A) @ exact(A).swapaxes(1, 2),
        note="transpose_y",
    ),
    Case(
        "matmul",
        {"x": A, "y": numbers(3, 5)},
        {"transpose_x": True},
        lambda: exact(A).swapaxes(1, 2) @ exact(numbers(3, 5)),
        note="transpose_x",
    ),
    Case(
        "einsum",
        {"values": (E1, E2)},
        {"equation": "nchw,nwhu->nchu"},
        lambda: np.einsum("abcd,adce->abce", exact(E1), exact(E2)),
    ),
    Case(
        "scaled_dot_product_attention",
        {"query": Q, "key": K, "value": V},
        {},
        lambda: attention(Q, K, V),
        opset=18,
    ),
    Case(
        "scaled_dot_product_attention",
        {"query": Q, "key": K, "value": V, "attn_mask": MASK},
        {},
        lambda: attention(Q, K, V, MASK),
        opset=18,
        note="bool mask",
    ),
    Case(
        "scaled_dot_product_attention",
        {"query": Q, "key": K, "value": V, "attn_mask": numbers(3, 5)},
        {},
        lambda: attention(Q, K, V, exact(numbers(3, 5))),
        opset=18,
        note="float mask",
    ),
)

#: Sums of many products: float32 keeps fewer digits of them.
CASES: tuple[Case, ...] = tuple(
    replace(case, rtol=1e-5, atol=1e-5)
    for case in (*CONVOLUTIONS, *TRANSPOSED, *POOLS, *NORMALISATIONS, *PRODUCTS)
)
