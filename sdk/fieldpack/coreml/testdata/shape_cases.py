"""Operators that move, pick, repeat or sort elements."""

from __future__ import annotations

import itertools

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

X = numbers(2, 3, 4)
P = numbers(2, 8, 4, 6)
INTS = np.array([[-7, -1, 0], [3, 8, 100]], np.int32)
I32 = np.int32


def depth_to_space(x: Array, b: int) -> Array:
    n, c, h, w = x.shape
    y = np.zeros((n, c // b**2, h * b, w * b))
    for i, j, k in itertools.product(range(b), range(b), range(c // b**2)):
        y[:, k, i::b, j::b] = x[:, (i * b + j) * (c // b**2) + k]
    return y


def pixel_shuffle(x: Array, r: int) -> Array:
    n, c, h, w = x.shape
    y = np.zeros((n, c // r**2, h * r, w * r))
    for i, j, k in itertools.product(range(r), range(r), range(c // r**2)):
        y[:, k, i::r, j::r] = x[:, k * r**2 + i * r + j]
    return y


def space_to_batch(x: Array, block: tuple[int, int], pads: list[list[int]]) -> Array:
    x = np.pad(x, [(0, 0), (0, 0), *map(tuple, pads)])
    parts = [x[:, :, i :: block[0], j :: block[1]] for i in range(block[0]) for j in range(block[1])]
    return np.concatenate(parts)


MOVES = (
    Case("reshape", {"x": X}, {"shape": [4, -1]}, lambda: X.reshape(4, 6)),
    Case("reshape", {"x": X}, {"shape": [0, -1, 1]}, lambda: X.reshape(2, 12, 1), note="zero"),
    Case(
        "reshape",
        {"x": numbers(2, 50)},
        {"shape": [1, 0, -1, 0]},
        lambda: numbers(2, 50).reshape(1, 1, 2, 50),
        opset=17,
        note="zeros from the right",
    ),
    Case("transpose", {"x": X}, {"perm": [2, 0, 1]}, lambda: X.transpose(2, 0, 1)),
    Case("expand_dims", {"x": X}, {"axes": [0, -1]}, lambda: X[None, ..., None]),
    Case("squeeze", {"x": X.reshape(2, 1, 12, 1)}, {"axes": [-1]}, lambda: X.reshape(2, 1, 12)),
    Case("squeeze", {"x": X.reshape(2, 1, 12, 1)}, {}, lambda: X.reshape(2, 12), note="all"),
    Case("flatten2d", {"x": X}, {"axis": I32(2)}, lambda: X.reshape(6, 4)),
    Case(
        "reshape_like",
        {"x": numbers(3, 4), "ref_tensors": (numbers(4, 2), numbers(5, 3))},
        {"begins": [0, 1], "ends": [1, 0], "end_masks": [False, True]},
        lambda: numbers(3, 4).reshape(4, 3),
        opset=16,
    ),
    Case("reverse", {"x": X}, {"axes": [0, -1]}, lambda: X[::-1, :, ::-1]),
    Case("reverse", {"x": X}, {}, lambda: X[::-1, ::-1, ::-1], note="all"),
    Case("concat", {"values": (X, X + 1)}, {"axis": I32(1)}, lambda: np.concatenate([X, X + 1], 1)),
    Case(
        "concat",
        {"values": (X, X + 1)},
        {"axis": I32(1), "interleave": True},
        lambda: np.stack([X, X + 1], 2).reshape(2, 6, 4),
        note="interleave",
    ),
    Case("stack", {"values": (X, X + 1)}, {"axis": I32(-1)}, lambda: np.stack([X, X + 1], -1)),
    Case("split", {"x": X}, {"num_splits": I32(2), "axis": I32(2)}, lambda: tuple(np.split(X, 2, 2))),
    Case(
        "split",
        {"x": X},
        {"split_sizes": [1, 3], "axis": I32(-1)},
        lambda: (X[..., :1], X[..., 1:]),
        note="sizes",
    ),
    Case("tile", {"x": X}, {"reps": [1, 2, 3]}, lambda: np.tile(X, (1, 2, 3))),
    Case("depth_to_space", {"x": P}, {"block_size": I32(2)}, lambda: depth_to_space(P, 2)),
    Case(
        "space_to_depth",
        {"x": depth_to_space(P, 2).astype(np.float32)},
        {"block_size": I32(2)},
        lambda: P,
    ),
    Case("pixel_shuffle", {"x": P}, {"upscale_factor": I32(2)}, lambda: pixel_shuffle(P, 2)),
    Case(
        "pixel_unshuffle",
        {"x": pixel_shuffle(P, 2).astype(np.float32)},
        {"downscale_factor": np.uint32(2)},
        lambda: P,
        opset=16,
    ),
    Case(
        "space_to_batch",
        {"x": P},
        {"block_shape": [2, 3], "paddings": [[1, 1], [0, 3]]},
        lambda: space_to_batch(P, (2, 3), [[1, 1], [0, 3]]),
    ),
    Case(
        "batch_to_space",
        {"x": space_to_batch(P, (2, 3), [[1, 1], [0, 3]]).astype(np.float32)},
        {"block_shape": [2, 3], "crops": [[1, 1], [0, 3]]},
        lambda: P,
    ),
    Case(
        "sliding_windows",
        {"x": X},
        {"axis": I32(2), "size": I32(3), "stride": I32(1)},
        lambda: np.stack([X[..., 0:3], X[..., 1:4]], 2),
    ),
    Case("crop", {"x": P}, {"crop_height": [1, 0], "crop_width": [2, 1]}, lambda: P[:, :, 1:, 2:-1]),
)

SLICES = (
    Case("slice_by_index", {"x": X}, {"begin": [0, 1, 1], "end": [2, 3, 4]}, lambda: X[0:2, 1:3, 1:4]),
    Case(
        "slice_by_index",
        {"x": X},
        {
            "begin": [0, -2, 3],
            "end": [0, -1, 0],
            "stride": [1, 1, -2],
            "begin_mask": [False, False, True],
            "end_mask": [True, False, True],
            "squeeze_mask": [False, False, False],
        },
        lambda: X[:, -2:-1, ::-2],
        note="masks and steps",
    ),
    Case(
        "slice_by_index",
        {"x": X},
        {
            "begin": [1, 0, 3],
            "end": [0, 0, 0],
            "stride": [1, 2, -1],
            "end_mask": [False, True, False],
            "squeeze_mask": [True, False, False],
        },
        lambda: X[1, ::2, 3:0:-1],
        note="squeeze",
    ),
    Case("slice_by_size", {"x": X}, {"begin": [0, 1, 1], "size": [1, 2, -1]}, lambda: X[:1, 1:3, 1:]),
    Case(
        "slice_update",
        {"x": X, "update": numbers(2, 1, 2, seed=5)},
        {"begin": [0, 1, 0], "end": [2, 2, 4], "stride": [1, 1, 2]},
        lambda: np.stack([replaced(X[i], numbers(2, 1, 2, seed=5)[i]) for i in range(2)]),
        opset=18,
    ),
    Case(
        "slice_update",
        {"x": X, "update": numbers(3, 2, seed=5)},
        {
            "begin": [1, 0, 3],
            "end": [0, 0, 0],
            "stride": [1, 1, -2],
            "end_mask": [False, True, False],
            "squeeze_mask": [True, False, False],
        },
        lambda: np.stack([X[0], backwards(X[1], numbers(3, 2, seed=5))]),
        opset=18,
        note="backwards",
    ),
)


def backwards(x: Array, update: Array) -> Array:
    x = x.copy()
    x[:, 3], x[:, 1] = update[:, 0], update[:, 1]
    return x


def replaced(x: Array, update: Array) -> Array:
    x = x.copy()
    x[1, 0], x[1, 2] = update[0]
    return x


INDICES = np.array([[2, 0], [-1, 1]], I32)
ALONG = np.array([[[0, 2, 1, -1]], [[2, 2, 0, 1]]], I32)
ND = np.array([[0, 2], [1, -1]], I32)
TIED = np.array([[1, 3, 3, 2], [0, -1, 5, 0]], np.float32)
UPDATES = numbers(2, 2, 4, seed=3)


def scattered(mode: str) -> Array:
    """Rows 2 and 0 of axis 1 combined with two updates, by hand."""
    y = exact(X)
    for i, row in enumerate((2, 0)):
        old, new = y[:, row].copy(), exact(UPDATES)[:, i]
        combined = {
            "update": new, "add": old + new, "sub": old - new, "mul": old * new,
            "div": old / new, "max": np.maximum(old, new), "min": np.minimum(old, new),
        }  # fmt: skip
        y[:, row] = combined[mode]
    return y


def scattered_along() -> Array:
    y = exact(X)
    for n, i, c in itertools.product(range(2), range(1), range(4)):
        y[n, ALONG[n, i, c], c] += exact(UPDATES)[n, i, c]
    return y


def scattered_nd() -> Array:
    y = exact(X)
    for i, (a, b) in enumerate(ND):
        y[a, b] += exact(UPDATES)[0, i]
    return y


def batched(x: Array, indices: Array) -> Array:
    return np.stack([x[i][indices[i]] for i in range(len(x))])


PICKS = (
    Case("gather", {"x": X, "indices": INDICES}, {"axis": I32(1)}, lambda: X[:, INDICES]),
    Case("gather", {"x": X, "indices": np.array([1], I32)}, {}, lambda: X[[1]], note="default axis"),
    Case("gather", {"x": X[0, 0]}, {"indices": I32(2)}, lambda: X[0, 0, 2], note="one element"),
    Case(
        "gather",
        {"x": X, "indices": INDICES},
        {"axis": I32(1), "batch_dims": I32(1)},
        lambda: batched(X, INDICES),
        opset=16,
        note="batch_dims",
    ),
    Case(
        "gather_along_axis",
        {"x": X, "indices": ALONG},
        {"axis": I32(1)},
        lambda: np.take_along_axis(X, ALONG % 3, 1),
    ),
    Case("gather_nd", {"x": X, "indices": ND}, {}, lambda: X[[0, 1], [2, -1]]),
    Case(
        "gather_nd",
        {"x": X, "indices": np.array([[[2, 1]], [[0, 3]]], I32)},
        {"batch_dims": I32(1)},
        lambda: np.array([[X[0, 2, 1]], [X[1, 0, 3]]]),
        opset=16,
        note="batch_dims",
    ),
    *(
        Case(
            "scatter",
            {"data": X, "indices": np.array([2, 0], I32), "updates": UPDATES},
            {"axis": I32(1), "mode": mode},
            lambda mode=mode: scattered(mode),  # type: ignore[misc]
            rtol=1e-5,
            note=mode,
        )
        for mode in ("update", "add", "sub", "mul", "div", "max", "min")
    ),
    Case(
        "scatter_along_axis",
        {"data": X, "indices": ALONG, "updates": UPDATES[:, :1]},
        {"axis": I32(1), "mode": "add"},
        scattered_along,
    ),
    Case("scatter_nd", {"data": X, "indices": ND, "updates": UPDATES[0]}, {"mode": "add"}, scattered_nd),
    Case(
        "scatter",
        {"data": X, "indices": np.array([-1, 0, 3], I32), "updates": numbers(2, 3, 4, seed=4)},
        {"axis": I32(1), "mode": "update", "validate_indices": False},
        lambda: np.stack([numbers(2, 3, 4, seed=4)[:, 1], X[:, 1], X[:, 2]], 1),
        opset=17,
        note="outside",
    ),
    Case(
        "scatter_along_axis",
        {"data": X, "indices": np.array([[[0, 3, -1, 1]]] * 2, I32), "updates": UPDATES[:, :1]},
        {"axis": I32(1), "mode": "update", "validate_indices": False},
        lambda: np.concatenate(
            [
                np.concatenate([UPDATES[:, :1, :1], X[:, :1, 1:]], 2),
                np.concatenate([X[:, 1:2, :3], UPDATES[:, :1, 3:]], 2),
                X[:, 2:],
            ],
            1,
        ),
        opset=17,
        note="outside",
    ),
    Case(
        "scatter_nd",
        {"data": X, "indices": np.array([[0, 3], [1, 1], [-1, 0]], I32), "updates": numbers(3, 4, seed=4)},
        {"mode": "update", "validate_indices": False},
        lambda: np.stack([X[0], np.stack([X[1, 0], numbers(3, 4, seed=4)[1], X[1, 2]])]),
        opset=17,
        note="outside",
    ),
    Case("select", {"cond": X > 0, "a": X, "b": np.float32(3) + X}, {}, lambda: np.where(X > 0, X, X + 3)),
    Case("non_zero", {"x": np.array([[0, 3], [5, 0]], np.float32)}, {}, lambda: [[0, 1], [1, 0]]),
    Case("topk", {"x": TIED}, {"k": I32(3)}, lambda: ([[3, 3, 2], [5, 0, 0]], [[1, 2, 3], [2, 0, 3]])),
    Case(
        "topk",
        {"x": TIED},
        {"k": I32(1), "axis": I32(0), "ascending": True},
        lambda: ([[0, -1, 3, 0]], [[1, 1, 0, 1]]),
        note="ascending",
    ),
    Case("argsort", {"x": X}, {"axis": I32(1)}, lambda: np.argsort(-X, axis=1)),
    Case("argsort", {"x": X}, {"ascending": True}, lambda: np.argsort(X, axis=-1), note="ascending"),
)

MADE = (
    Case("fill", {"shape": np.array([2, 3], I32)}, {"value": np.float32(2.5)}, lambda: np.full((2, 3), 2.5)),
    Case("fill_like", {"ref_tensor": X}, {"value": np.float32(2.5)}, lambda: np.full(X.shape, 2.5), opset=16),
    Case("shape", {"x": X}, {}, lambda: [2, 3, 4]),
    Case(
        "range_1d",
        {"end": np.array(7, I32), "start": np.array(1, I32), "step": np.array(2, I32)},
        {},
        lambda: [1, 3, 5],
    ),
    Case(
        "one_hot",
        {"indices": np.array([2, 0], I32)},
        {
            "one_hot_vector_size": I32(3),
            "axis": I32(0),
            "on_value": np.float32(5),
            "off_value": np.float32(-1),
        },
        lambda: [[-1, 5], [-1, -1], [5, -1]],
    ),
    Case("band_part", {"x": X}, {"lower": I32(1), "upper": I32(0)}, lambda: np.tril(X) - np.tril(X, -2)),
    Case("band_part", {"x": X}, {"lower": I32(-1), "upper": I32(1)}, lambda: np.tril(X, 1), note="open"),
    Case("cumsum", {"x": X}, {"axis": I32(1)}, lambda: np.cumsum(exact(X), 1)),
    Case(
        "cumsum",
        {"x": X},
        {"axis": I32(2), "exclusive": True, "reverse": True},
        lambda: np.cumsum(exact(X)[..., ::-1], 2)[..., ::-1] - exact(X),
        note="exclusive reverse",
    ),
    Case(
        "pad",
        {"x": X},
        {"pad": [1, 0, 2, 1], "constant_val": np.float32(-3)},
        lambda: np.pad(X, [(0, 0), (1, 0), (2, 1)], constant_values=-3),
    ),
    Case(
        "pad",
        {"x": X},
        {"pad": [1, 2, 3, 1], "mode": "reflect"},
        lambda: np.pad(X, [(0, 0), (1, 2), (3, 1)], "reflect"),
        note="reflect",
    ),
    Case(
        "pad",
        {"x": X},
        {"pad": [2, 1, 0, 3], "mode": "replicate"},
        lambda: np.pad(X, [(0, 0), (2, 1), (0, 3)], "edge"),
        note="replicate",
    ),
)

CASES: tuple[Case, ...] = (*MOVES, *SLICES, *PICKS, *MADE)
