"""Attributes away from their defaults that no other file of cases sets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers
from fieldpack.coreml.testdata.recurrent_cases import C, H, sigmoid
from fieldpack.coreml.testdata.recurrent_cases import X as STEPS
from fieldpack.coreml.testdata.resize_cases import P, aligned, centred, linear
from fieldpack.coreml.testdata.shape_cases import TIED, X
from fieldpack.coreml.testdata.window_cases import PLANE, neighbours

I32, F32 = np.int32, np.float32
Act = Callable[[Array], Array]

#: Activations of the recurrent operators with the constants that they have there.
ACTIVATIONS: dict[str, Act] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "scaled_tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
}
W3, R3 = numbers(15, 3, low=-0.6, high=0.6), numbers(15, 5, low=-0.6, high=0.6)
W4, R4, B4 = numbers(20, 3, low=-0.6, high=0.6), numbers(20, 5, low=-0.6, high=0.6), numbers(20)


def gru(gate: Act, act: Act) -> tuple[Array, Array]:
    h, states = exact(H), []
    parts = zip(np.split(exact(W3), 3), np.split(exact(R3), 3), strict=True)
    (w_r, r_r), (w_o, r_o), (w_z, r_z) = parts
    for x in exact(STEPS):
        r, z = gate(x @ w_r.T + h @ r_r.T), gate(x @ w_z.T + h @ r_z.T)
        h = (1 - z) * act(x @ w_o.T + (r * h) @ r_o.T) + z * h
        states.append(h)
    return np.stack(states), h


def lstm(gate: Act, cell: Act, out: Act, backwards: bool = False) -> tuple[Array, Array, Array]:
    h, c, states = exact(H), exact(C), []
    for x in exact(STEPS)[:: -1 if backwards else 1]:
        i, f, o, z = np.split(x @ exact(W4).T + h @ exact(R4).T + exact(B4), 4, axis=1)
        c = gate(f) * c + gate(i) * cell(z)
        h = gate(o) * out(c)
        states.append(h)
    return np.stack(states), h, c


def long_case(gate: str, cell: str, out: str, note: str) -> Case:
    return Case(
        "lstm",
        {"x": STEPS, "initial_h": H, "initial_c": C},
        {
            "weight_ih": W4,
            "weight_hh": R4,
            "bias": B4,
            "output_sequence": True,
            "recurrent_activation": gate,
            "cell_activation": cell,
            "activation": out,
        },
        lambda: lstm(ACTIVATIONS[gate], ACTIVATIONS[cell], ACTIVATIONS[out]),
        atol=5e-6,
        note=note,
    )


RECURRENT = (
    Case(
        "gru",
        {"x": STEPS, "initial_h": H},
        {
            "weight_ih": W3,
            "weight_hh": R3,
            "output_sequence": True,
            "recurrent_activation": "hard_sigmoid",
            "activation": "relu",
        },
        lambda: gru(ACTIVATIONS["hard_sigmoid"], ACTIVATIONS["relu"]),
        atol=5e-6,
        note="activations",
    ),
    Case(
        "lstm",
        {"x": STEPS, "initial_h": H, "initial_c": C},
        {"weight_ih": W4, "weight_hh": R4, "bias": B4, "direction": "reverse", "output_sequence": True},
        lambda: lstm(sigmoid, np.tanh, np.tanh, backwards=True),
        atol=5e-6,
        note="common form in reverse",
    ),
    long_case("hard_sigmoid", "relu", "linear", "activations"),
    long_case("sigmoid", "scaled_tanh", "sigmoid", "more activations"),
)

SHAPES = (
    Case(
        "reduce_argmin",
        {"x": X},
        {"axis": I32(1), "keep_dims": True},
        lambda: X.argmin(1)[:, None],
        note="kept",
    ),
    Case(
        "reduce_argmax",
        {"x": X},
        {"axis": I32(0), "keep_dims": True},
        lambda: X.argmax(0)[None],
        note="kept",
    ),
    Case(
        "topk",
        {"x": TIED},
        {"k": I32(2), "axis": I32(-1), "ascending": False, "sort": False, "return_indices": False},
        lambda: [[3, 3], [5, 0]],
        opset=16,
        note="values only",
    ),
    Case(
        "topk",
        {"x": TIED},
        {"k": I32(2), "output_indices_dtype": "uint16"},
        lambda: ([[3, 3], [5, 0]], [[1, 2], [2, 0]]),
        opset=17,
        note="indices of 16 bits",
    ),
    Case(
        "topk",
        {"x": TIED},
        {"k": I32(-1), "axis": I32(1)},
        lambda: ([[3, 3, 2, 1], [5, 0, 0, -1]], [[1, 2, 3, 0], [2, 0, 3, 1]]),
        opset=17,
        note="all",
    ),
    Case(
        "sliding_windows",
        {"x": numbers(2, 7, 3)},
        {"axis": I32(1), "size": I32(3), "stride": I32(2)},
        lambda: np.stack([numbers(2, 7, 3)[:, i : i + 3] for i in (0, 2, 4)], 1),
        note="stride",
    ),
    Case(
        "slice_update",
        {"x": X, "update": numbers(2, 2, 4, seed=5)},
        {
            "begin": [1, 1, 1],
            "end": [2, 1, 2],
            "stride": [1, 1, 1],
            "begin_mask": [True, False, True],
            "end_mask": [False, True, True],
        },
        lambda: np.concatenate([X[:, :1], numbers(2, 2, 4, seed=5)], 1),
        opset=18,
        note="masks",
    ),
    Case(
        "slice_by_index",
        {"x": X},
        {
            "begin": [1, 2, -3],
            "end": [1, 1, -1],
            "begin_mask": [True, True, False],
            "end_mask": [True, True, False],
        },
        lambda: X[:, :, -3:-1],
        note="ends that only a mask opens",
    ),
    Case(
        "depth_to_space",
        {"x": numbers(1, 18, 2, 3)},
        {"block_size": I32(3)},
        lambda: np.array(
            [
                [
                    [
                        [
                            numbers(1, 18, 2, 3)[0, (i % 3 * 3 + j % 3) * 2 + c, i // 3, j // 3]
                            for j in range(9)
                        ]
                        for i in range(6)
                    ]
                    for c in range(2)
                ]
            ]
        ),
        note="three",
    ),
    *(
        Case(
            kind,
            {"x": X, "indices": indices},
            {"validate_indices": True} | fixed,
            expected,
            opset=17,
            note="validated",
        )
        for kind, indices, fixed, expected in (
            ("gather", np.array([2, 0], I32), {"axis": I32(1), "batch_dims": I32(0)}, lambda: X[:, [2, 0]]),
            ("gather_nd", np.array([[1, 2], [0, 1]], I32), {"batch_dims": I32(0)}, lambda: X[[1, 0], [2, 1]]),
            (
                "gather_along_axis",
                np.array([[[2, 0, 1, 1]], [[0, 2, 2, 1]]], I32),
                {"axis": I32(1)},
                lambda: np.take_along_axis(X, np.array([[[2, 0, 1, 1]], [[0, 2, 2, 1]]]), 1),
            ),
        )
    ),
)


def resized(mode: str, note: str, points: Callable[[int, int], Array]) -> Case:
    return Case(
        "resize",
        {"x": P},
        {
            "shape": [7, 5],
            "resized_dims": np.uint32(2),
            "interpolation_mode": "LINEAR",
            "sampling_mode": mode,
        },
        lambda: linear(linear(P, 2, points(4, 7)), 3, points(6, 5)),
        opset=17,
        note=note,
    )


WINDOWS = (
    Case(
        "local_response_norm",
        {"x": PLANE},
        {"size": I32(3), "alpha": F32(0.5), "beta": F32(0.5), "k": F32(2)},
        lambda: neighbours(PLANE, 3, 0.5, 0.5, 2),
        note="square root",
    ),
    resized("ALIGN_CORNERS", "aligned", aligned),
    resized("UNALIGN_CORNERS", "centred", centred),
    resized("OFFSET_CORNERS", "offset", lambda size, target: (np.arange(target) + 0.5) * (size - 1) / target),
)

CASES: tuple[Case, ...] = (*RECURRENT, *SHAPES, *WINDOWS)
