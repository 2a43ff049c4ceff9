"""Recurrent operators, step by step in float64, and ``reverse_sequence``."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

X, H = numbers(4, 2, 3), numbers(2, 5)
C = numbers(2, 5, seed=1)
W1, R1, B1 = numbers(5, 3), numbers(5, 5), numbers(5)
W3, R3, B3, I3 = numbers(15, 3), numbers(15, 5), numbers(15), numbers(15, seed=2)
W4, R4, B4, P4 = numbers(20, 3), numbers(20, 5), numbers(20), numbers(15, seed=3)
W4B, R4B, B4B, P4B = (numbers(*a.shape, seed=7) for a in (W4, R4, B4, P4))
H2, C2 = numbers(2, 10), numbers(2, 10, seed=1)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rnn(steps: Array, act: object = np.tanh) -> tuple[Array, Array]:
    h, states = exact(H), []
    for x in exact(steps):
        h = act(x @ exact(W1).T + h @ exact(R1).T + exact(B1))  # type: ignore[operator]
        states.append(h)
    return np.stack(states), h


def gru(steps: Array, after: bool = False) -> tuple[Array, Array]:
    w_r, w_o, w_z = np.split(exact(W3), 3)
    r_r, r_o, r_z = np.split(exact(R3), 3)
    b_r, b_o, b_z = np.split(exact(B3), 3)
    i_r, i_o, i_z = np.split(exact(I3) * after, 3)
    h, states = exact(H), []
    for x in exact(steps):
        r = sigmoid(x @ w_r.T + i_r + h @ r_r.T + b_r)
        z = sigmoid(x @ w_z.T + i_z + h @ r_z.T + b_z)
        inner = r * (h @ r_o.T + b_o) if after else (r * h) @ r_o.T + b_o
        h = (1 - z) * np.tanh(x @ w_o.T + i_o + inner) + z * h
        states.append(h)
    return np.stack(states), h


def lstm(
    steps: Array, weights: tuple[Array, ...], h: Array, c: Array, clip: float = 1e9
) -> tuple[Array, Array, Array]:
    w, r, b, p = map(exact, weights)
    p_i, p_f, p_o = np.split(p, 3)
    h, c, states = exact(h), exact(c), []
    for x in exact(steps):
        i, f, o, z = np.split(x @ w.T + h @ r.T + b, 4, axis=1)
        c = np.clip(sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(z), -clip, clip)
        h = sigmoid(o + p_o * c) * np.tanh(c)
        states.append(h)
    return np.stack(states), h, c


def both_ways() -> tuple[Array, Array, Array]:
    there = lstm(X, (W4, R4, B4, P4), H2[:, :5], C2[:, :5])
    states, h, c = lstm(X[::-1], (W4B, R4B, B4B, P4B), H2[:, 5:], C2[:, 5:])
    pairs = zip(there, (states[::-1], h, c), strict=True)
    return tuple(np.concatenate(pair, axis=-1) for pair in pairs)  # type: ignore[return-value]


def only_last(results: tuple[Array, ...]) -> tuple[Array, ...]:
    return (results[1][None], *results[1:])


SIMPLE = {"weight_ih": W1, "weight_hh": R1, "bias": B1}
GATED = {"weight_ih": W3, "weight_hh": R3, "bias": B3}
LONG = {"weight_ih": W4, "weight_hh": R4, "bias": B4}
PEEP = LONG | {"peephole": P4}
BACK = {"weight_ih_back": W4B, "weight_hh_back": R4B, "bias_back": B4B, "peephole_back": P4B}
NO_PEEP = (W4, R4, B4, np.zeros(15))
SEQ = {"output_sequence": True}

CASES = (
    Case("rnn", {"x": X, "initial_h": H}, SIMPLE, lambda: only_last(rnn(X)), atol=3e-6),
    Case(
        "rnn",
        {"x": X, "initial_h": H},
        SIMPLE | SEQ | {"direction": "reverse", "activation": "sigmoid"},
        lambda: rnn(X[::-1], sigmoid),
        atol=3e-6,
        note="reverse",
    ),
    Case("gru", {"x": X, "initial_h": H}, GATED, lambda: only_last(gru(X)), atol=3e-6),
    Case(
        "gru",
        {"x": X, "initial_h": H},
        GATED | SEQ | {"direction": "reverse"},
        lambda: gru(X[::-1]),
        atol=3e-6,
        note="reverse",
    ),
    Case(
        "gru",
        {"x": X, "initial_h": H},
        GATED | SEQ | {"reset_after": True, "input_bias": I3},
        lambda: gru(X, after=True),
        opset=18,
        atol=3e-6,
        note="reset after",
    ),
    Case(
        "lstm",
        {"x": X, "initial_h": H, "initial_c": C},
        LONG,
        lambda: only_last(lstm(X, NO_PEEP, H, C)),
        atol=3e-6,
    ),
    Case(
        "lstm",
        {"x": X, "initial_h": H, "initial_c": C},
        PEEP | SEQ | {"clip": np.float32(0.4)},
        lambda: lstm(X, (W4, R4, B4, P4), H, C, 0.4),
        atol=3e-6,
        note="peephole and clip",
    ),
    Case(
        "lstm",
        {"x": X, "initial_h": H2, "initial_c": C2},
        PEEP | BACK | SEQ | {"direction": "bidirectional"},
        both_ways,
        atol=3e-6,
        note="both ways",
    ),
    Case(
        "lstm",
        {"x": X, "initial_h": H, "initial_c": C},
        LONG | SEQ | {"direction": "reverse"},
        lambda: lstm(X[::-1], NO_PEEP, H, C),
        atol=3e-6,
        note="reverse",
    ),
    Case(
        "reverse_sequence",
        {"x": numbers(3, 5, 2), "lengths": np.array([5, 0, 3], np.int32)},
        {"seq_axis": np.int32(1), "batch_axis": np.int32(0)},
        lambda: np.stack(
            [
                np.concatenate([row[:n][::-1], row[n:]])
                for row, n in zip(numbers(3, 5, 2), (5, 0, 3), strict=True)
            ]
        ),
    ),
    Case(
        "reverse_sequence",
        {"x": numbers(4, 2), "lengths": np.array([2, 4], np.int32)},
        {"seq_axis": np.int32(0), "batch_axis": np.int32(1)},
        lambda: np.stack(
            [
                np.concatenate([col[:n][::-1], col[n:]])
                for col, n in zip(numbers(4, 2).T, (2, 4), strict=True)
            ],
            axis=1,
        ),
        note="batch behind",
    ),
)
