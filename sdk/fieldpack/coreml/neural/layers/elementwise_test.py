"""Layers that work element by element, and reductions, against numpy in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.neural.conftest import put, run_layer
from fieldpack.errors import ModelFileError

X = np.random.default_rng(1).normal(size=(2, 3, 4)) * 2
Y = np.random.default_rng(2).normal(size=(3, 1))
erf = np.vectorize(math.erf)


def close(found: Any, expected: Any, rtol: float = 2e-6, atol: float = 2e-6) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, np.asarray(expected, np.float64), rtol=rtol, atol=atol)


def single(values: Any) -> Any:
    """The numbers as the network sees them."""
    return np.asarray(values, np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("ceil", np.ceil), ("floor", np.floor), ("sign", np.sign), ("round", np.round), ("exp2", np.exp2),
        ("sin", np.sin), ("cos", np.cos), ("atan", np.arctan), ("sinh", np.sinh), ("cosh", np.cosh),
        ("tanh", np.tanh), ("asinh", np.arcsinh), ("erf", erf), ("logicalNot", lambda x: x == 0),
        ("copy", np.copy), ("whereNonZero", np.argwhere),
        ("getShape", lambda x: x.shape), ("softmax", lambda x: np.exp(x) / np.exp(x).sum(-3, keepdims=True)),
    ],
)  # fmt: skip
def test_functions_of_one_blob(kind: Any, function: Callable[[Any], Any]) -> None:
    x = X.copy()
    x[0, 0, :2] = [0.0, 2.5]
    close(run_layer(kind, x), function(single(x)), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "function", "shift"),
    [
        ("asin", np.arcsin, 0.0), ("acos", np.arccos, 0.0), ("atanh", np.arctanh, 0.0), ("tan", np.tan, 0.0),
        ("acosh", np.arccosh, 2.0),
    ],
)  # fmt: skip
def test_functions_with_a_narrow_domain(kind: Any, function: Callable[[Any], Any], shift: float) -> None:
    x = np.linspace(-0.9, 0.9, 12).reshape(3, 4) + shift
    close(run_layer(kind, x), function(single(x)), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("addBroadcastable", np.add), ("subtractBroadcastable", np.subtract),
        ("multiplyBroadcastable", np.multiply),
        ("divideBroadcastable", np.divide), ("maxBroadcastable", np.maximum),
        ("minBroadcastable", np.minimum),
        ("modBroadcastable", np.mod), ("floorDivBroadcastable", np.floor_divide), ("add", np.add),
        ("multiply", np.multiply), ("max", np.maximum), ("min", np.minimum), ("equal", np.equal),
        ("notEqual", np.not_equal), ("lessThan", np.less), ("lessEqual", np.less_equal),
        ("greaterThan", np.greater), ("greaterEqual", np.greater_equal), ("logicalAnd", np.logical_and),
        ("logicalOr", np.logical_or), ("logicalXor", np.logical_xor), ("average", lambda a, b: (a + b) / 2),
    ],
)  # fmt: skip
def test_functions_of_two_blobs(kind: Any, function: Callable[[Any, Any], Any]) -> None:
    x, y = X.copy(), Y.copy()
    x[0, 0, :2] = [0.0, y[0, 0]]
    y[2] = 0.0 if kind.startswith("logical") else 1.5
    found = run_layer(kind, x, y)
    close(found, function(single(x), single(y)), rtol=1e-5)
    assert found.dtype == np.float32


def test_powers_and_many_summands() -> None:
    close(run_layer("powBroadcastable", np.abs(X), Y), np.abs(single(X)) ** single(Y), rtol=1e-5)
    close(run_layer("add", X, X, Y), single(X) * 2 + single(Y))
    close(run_layer("average", X, Y, X), (single(X) * 2 + single(Y)) / 3)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("add", lambda x: x + 0.75), ("multiply", lambda x: x * 0.75), ("equal", lambda x: x == 0.75),
        ("notEqual", lambda x: x != 0.75), ("lessThan", lambda x: x < 0.75),
        ("lessEqual", lambda x: x <= 0.75),
        ("greaterThan", lambda x: x > 0.75), ("greaterEqual", lambda x: x >= 0.75),
    ],
)  # fmt: skip
def test_a_parameter_beside_a_single_blob(kind: Any, function: Callable[[Any], Any]) -> None:
    x = X.copy()
    x[1, 1, 1] = 0.75
    close(run_layer(kind, x, alpha=0.75), function(single(x)))


UNARY: list[Callable[[Any], Any]] = [
    np.sqrt, lambda z: 1 / np.sqrt(z + 0.5), lambda z: 1 / (z + 0.5), lambda z: z**1.5,
    np.exp, lambda z: np.log(z + 0.5), np.abs, lambda z: np.maximum(1.5, z),
]  # fmt: skip


@pytest.mark.parametrize("number", range(8))
def test_unary_scales_and_shifts_before_its_function(number: int) -> None:
    x = np.abs(X) / 4
    found = run_layer("unary", x, type=number, alpha=1.5, epsilon=0.5, shift=0.25, scale=2.0)
    close(found, UNARY[number](single(x) * 2 + 0.25), rtol=1e-5)


def test_unary_defaults() -> None:
    close(run_layer("unary", [[1e-6]], type=5), [[np.log(1e-6)]])
    close(run_layer("unary", [[4.0]], type=1), [[1 / np.sqrt(4 + 1e-6)]])
    close(run_layer("unary", [[1e-6]], type=2), [[5e5]], rtol=1e-4)


ACTIVATIONS: dict[str, tuple[dict[str, float], Callable[[Any], Any]]] = {
    "linear": ({"alpha": 2.0, "beta": -1.0}, lambda x: 2 * x - 1),
    "ReLU": ({}, lambda x: np.maximum(x, 0)),
    "leakyReLU": ({"alpha": 0.25}, lambda x: np.where(x >= 0, x, 0.25 * x)),
    "thresholdedReLU": ({"alpha": 0.5}, lambda x: np.where(x >= 0.5, x, 0)),
    "tanh": ({}, np.tanh),
    "scaledTanh": ({"alpha": 1.5, "beta": 0.5}, lambda x: 1.5 * np.tanh(0.5 * x)),
    "sigmoid": ({}, lambda x: 1 / (1 + np.exp(-x))),
    "sigmoidHard": ({"alpha": 0.25, "beta": 0.5}, lambda x: np.clip(0.25 * x + 0.5, 0, 1)),
    "ELU": ({"alpha": 1.5}, lambda x: np.where(x >= 0, x, 1.5 * (np.exp(x) - 1))),
    "softsign": ({}, lambda x: x / (1 + np.abs(x))),
    "softplus": ({}, lambda x: np.log1p(np.exp(x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: Any) -> None:
    values, function = ACTIVATIONS[name]
    x = X.copy()
    x[0, 0, :3] = [0.0, 0.5, -40.0]

    def fill(params: Any) -> None:
        getattr(params, name).SetInParent()
        for key, value in values.items():
            setattr(getattr(params, name), key, value)

    close(run_layer("activation", x, fill=fill), function(single(x)), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_activations_with_a_number_a_channel(count: int) -> None:
    a, b = np.array([0.5, -1.5])[:count], np.array([2.0, 0.25])[:count]

    def prelu(params: Any) -> None:
        put(params.PReLU.alpha, a)

    def softplus(params: Any) -> None:
        put(params.parametricSoftplus.alpha, a)
        put(params.parametricSoftplus.beta, b)

    x = single(X)
    ways = a.reshape(-1, 1, 1), b.reshape(-1, 1, 1)
    close(run_layer("activation", X, fill=prelu), np.where(x >= 0, x, ways[0] * x))
    close(run_layer("activation", X, fill=softplus), ways[0] * np.log1p(np.exp(ways[1] * x)), rtol=1e-5)


def test_no_activation_is_refused() -> None:
    with pytest.raises(ModelFileError, match="no activation"):
        run_layer("activation", X)


def test_bounds_and_gelu() -> None:
    x = single(X)
    close(run_layer("clip", X, minVal=-0.5, maxVal=0.75), np.clip(x, -0.5, 0.75))
    close(run_layer("clampedReLU", X, alpha=0.5, beta=1.0), np.minimum(np.where(x >= 0, x, x / 2), 1))
    close(run_layer("gelu", X), x / 2 * (1 + erf(x / math.sqrt(2))), rtol=1e-5)
    cubic = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    close(run_layer("gelu", X, mode=1), x / 2 * (1 + np.tanh(cubic)), rtol=1e-5)
    close(run_layer("gelu", X, mode=2), x / (1 + np.exp(-1.702 * x)), rtol=1e-5)
    close(run_layer("whereBroadcastable", X > 0, X, Y), np.where(x > 0, x, single(Y)))


AXES = [(-3, -2, -1), (-2, -1), (-3,), (-2,), (-1,)]
REDUCE: list[Callable[..., Any]] = [
    np.sum, np.mean, np.prod, lambda x, **k: np.log(x + 0.125).sum(**k), lambda x, **k: (x * x).sum(**k),
    lambda x, **k: np.abs(x).sum(**k), lambda x, **k: np.sqrt((x * x).sum(**k)), np.max, np.min,
]  # fmt: skip


@pytest.mark.parametrize("axis", range(5))
@pytest.mark.parametrize("mode", range(9))
def test_reduce_keeps_its_axes(mode: int, axis: int) -> None:
    x = np.random.default_rng(3).uniform(0.2, 2.0, (2, 1, 3, 2, 4))
    expected = REDUCE[mode](single(x), axis=AXES[axis], keepdims=True)
    close(run_layer("reduce", x, mode=mode, axis=axis, epsilon=0.125), expected, rtol=1e-5)


def test_reduce_counts_places_along_one_axis() -> None:
    x = np.random.default_rng(3).permutation(24).reshape(1, 2, 3, 4)
    close(run_layer("reduce", x, mode=9, axis=2), x.argmax(-3)[:, None])
    close(run_layer("reduce", x, mode=9, axis=4), x.argmax(-1)[..., None])
    with pytest.raises(ModelFileError, match="one axis"):
        run_layer("reduce", x, mode=9, axis=1)


KINDS: dict[str, Callable[..., Any]] = {
    "reduceL1": lambda x, **k: np.abs(x).sum(**k),
    "reduceL2": lambda x, **k: np.sqrt((x * x).sum(**k)),
    "reduceMax": np.max,
    "reduceMin": np.min,
    "reduceSum": np.sum,
    "reduceProd": np.prod,
    "reduceMean": np.mean,
    "reduceLogSum": lambda x, **k: np.log(x.sum(**k)),
    "reduceSumSquare": lambda x, **k: (x * x).sum(**k),
    "reduceLogSumExp": lambda x, **k: np.log(np.exp(x).sum(**k)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_reductions_over_axes(kind: Any) -> None:
    x = np.random.default_rng(4).uniform(0.5, 2.0, (2, 3, 4))
    for axes, keep in (([0, -1], False), ([1], True), ([-3, -2], True)):
        expected = KINDS[kind](single(x), axis=tuple(axes), keepdims=keep)
        close(run_layer(kind, x, axes=axes, keepDims=keep), expected, rtol=1e-5)
    everything = KINDS[kind](single(x), axis=None)
    close(run_layer(kind, x, reduceAll=True), np.reshape(everything, 1), rtol=1e-5)
    close(run_layer(kind, x, reduceAll=True, keepDims=True), np.reshape(everything, (1, 1, 1)), rtol=1e-5)


def test_half_floats_round_weights_and_blobs_but_no_sizes() -> None:
    found = run_layer("add", [[2048.0]], [[1.0]], precision=Precision.FP16)
    assert found.tolist() == [[2048.0]]
    assert run_layer("getShape", np.zeros((1, 2049)), precision=Precision.FP16).tolist() == [1.0, 2049.0]
    assert run_layer("add", [[2048.0]], [[1.0]]).tolist() == [[2049.0]]
