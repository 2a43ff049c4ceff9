"""Elementwise operators, activations and reductions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack.coreml.testdata.case import Array, Case, exact, numbers

X = numbers(2, 3, 4, low=-3, high=3)
POSITIVE = numbers(2, 3, 4, low=0.1, high=5)
UNIT = numbers(2, 3, 4, low=-0.95, high=0.95)
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -0.51], np.float32)
Y = numbers(3, 1, low=0.5, high=3)
INTS = np.array([[-7, -1, 0], [3, 8, 100]], np.int32)
DIVISORS = np.array([[2, -3, 4], [-2, 3, 7]], np.int32)
FLAGS = np.array([True, True, False, False])
OTHERS = np.array([True, False, True, False])

erf = np.vectorize(math.erf)


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def one(op: str, function: Callable[[Array], Any], x: Array = X, **fixed: Any) -> Case:
    return Case(op, {"x": x}, fixed, lambda: function(exact(x)), note="-".join(fixed))


def two(op: str, function: Callable[[Array, Array], Any], x: Array = X, y: Array = Y, note: str = "") -> Case:
    return Case(op, {"x": x, "y": y}, {}, lambda: function(x.astype(float), y.astype(float)), note=note)


UNARY = (
    one("abs", np.abs),
    one("acos", np.arccos, UNIT),
    one("asin", np.arcsin, UNIT),
    one("atan", np.arctan),
    one("atanh", np.arctanh, UNIT),
    one("ceil", np.ceil),
    one("cos", np.cos),
    one("cosh", np.cosh),
    one("erf", erf),
    one("exp", np.exp),
    one("exp2", np.exp2),
    one("floor", np.floor),
    one("round", np.rint, HALVES),
    one("sign", np.sign, np.array([-2.0, 0.0, 3.0], np.float32)),
    one("sin", np.sin),
    one("sinh", np.sinh),
    one("sqrt", np.sqrt, POSITIVE),
    one("square", np.square),
    one("tan", np.tan, UNIT),
    one("tanh", np.tanh),
    one("identity", lambda x: x),
    one("inverse", lambda x: 1 / (x + 0.5), POSITIVE, epsilon=np.float32(0.5)),
    one("inverse", lambda x: 1 / (x + 1e-4), POSITIVE),
    one("log", lambda x: np.log(x + 0.25), POSITIVE, epsilon=np.float32(0.25)),
    one("log", np.log, POSITIVE),
    one("rsqrt", lambda x: 1 / np.sqrt(x + 0.25), POSITIVE, epsilon=np.float32(0.25)),
    one("rsqrt", lambda x: 1 / np.sqrt(x), POSITIVE),
    Case("logical_not", {"x": FLAGS}, {}, lambda: ~FLAGS),
    Case("cast", {"x": X}, {"dtype": "int32"}, lambda: np.trunc(exact(X)), note="cuts"),
    Case(
        "cast",
        {"x": np.array([0.0, -0.3, 2.0], np.float32)},
        {"dtype": "bool"},
        lambda: [0, 1, 1],
        note="bool",
    ),
)

ACTIVATIONS = (
    one("relu", lambda x: np.maximum(x, 0)),
    one("relu6", lambda x: np.clip(x, 0, 6), 4 * X),
    one("sigmoid", sigmoid),
    one("silu", lambda x: x * sigmoid(x)),
    one("softplus", lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0), 15 * X),
    one("softsign", lambda x: x / (1 + np.abs(x))),
    one("gelu", lambda x: x / 2 * (1 + erf(x / math.sqrt(2))), mode="EXACT"),
    one("gelu", lambda x: x / 2 * (1 + erf(x / math.sqrt(2)))),
    Case(
        "gelu",
        {"x": X},
        {"mode": "TANH_APPROXIMATION"},
        lambda: exact(X) / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (exact(X) + 0.044715 * exact(X) ** 3))),
        note="tanh",
    ),
    Case(
        "gelu",
        {"x": X},
        {"mode": "SIGMOID_APPROXIMATION"},
        lambda: exact(X) * sigmoid(1.702 * exact(X)),
        note="sigmoid",
    ),
    one("clip", lambda x: np.clip(x, -0.5, 1.25), alpha=np.float32(-0.5), beta=np.float32(1.25)),
    one("threshold", lambda x: np.maximum(x, 0.75), alpha=np.float32(0.75)),
    one("leaky_relu", lambda x: np.where(x >= 0, x, 0.25 * x), alpha=np.float32(0.25)),
    one("elu", lambda x: np.where(x > 0, x, 1.5 * np.expm1(x)), alpha=np.float32(1.5)),
    one(
        "clamped_relu",
        lambda x: np.where(x >= 0, np.minimum(1.5, x), np.minimum(1.5, 0.5 * x)),
        alpha=np.float32(0.5),
        beta=np.float32(1.5),
    ),
    Case(
        "clamped_relu",
        {"x": X},
        {"alpha": np.float32(-2.0), "beta": np.float32(1.5)},
        lambda: np.minimum(1.5, np.where(X >= 0, exact(X), -2 * exact(X))),
        note="negative slope",
    ),
    one("linear_activation", lambda x: 0.5 * x - 2, alpha=np.float32(0.5), beta=np.float32(-2)),
    one("scaled_tanh", lambda x: 1.5 * np.tanh(0.5 * x), alpha=np.float32(1.5), beta=np.float32(0.5)),
    one(
        "sigmoid_hard",
        lambda x: np.clip(np.float64(np.float32(0.2)) * x + 0.5, 0, 1),
        alpha=np.float32(0.2),
        beta=np.float32(0.5),
    ),
    one("thresholded_relu", lambda x: np.where(x >= 0.5, x, 0), alpha=np.float32(0.5)),
    one(
        "prelu",
        lambda x: np.where(x > 0, x, x * np.array([0.5, -0.25, 2.0]).reshape(1, 3, 1, 1)),
        numbers(2, 3, 4, 5),
        alpha=np.array([0.5, -0.25, 2.0], np.float32),
    ),
    one(
        "softplus_parametric",
        lambda x: (
            np.array([0.5, 1.0, 2.0]).reshape(1, 3, 1)
            * np.log1p(np.exp(x * np.array([1.0, -0.5, 2.0]).reshape(1, 3, 1)))
        ),
        alpha=np.array([0.5, 1.0, 2.0], np.float32),
        beta=np.array([1.0, -0.5, 2.0], np.float32),
    ),
    one("softmax", lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), axis=np.int32(1)),
    one("softmax", lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)),
)

BINARY = (
    two("add", np.add),
    two("sub", np.subtract),
    two("mul", np.multiply),
    two("real_div", np.true_divide),
    two("floor_div", np.floor_divide),
    two("floor_div", np.floor_divide, INTS, DIVISORS, "int"),
    two("mod", np.mod),
    two("mod", np.mod, INTS, DIVISORS, "int"),
    two("pow", np.power, POSITIVE),
    two("maximum", np.maximum),
    two("minimum", np.minimum),
    two("equal", np.equal, INTS, np.array([[-7, 0, 0]], np.int32)),
    two("not_equal", np.not_equal, INTS, np.array([[-7, 0, 0]], np.int32)),
    two("greater", np.greater, INTS, np.array([[-7, 0, 0]], np.int32)),
    two("greater_equal", np.greater_equal, INTS, np.array([[-7, 0, 0]], np.int32)),
    two("less", np.less, INTS, np.array([[3, 0, 0]], np.int32)),
    two("less_equal", np.less_equal, INTS, np.array([[3, 0, 0]], np.int32)),
    two("logical_and", lambda x, y: (x * y) > 0, FLAGS, OTHERS),
    two("logical_or", lambda x, y: (x + y) > 0, FLAGS, OTHERS),
    two("logical_xor", lambda x, y: x != y, FLAGS, OTHERS),
)


def reduction(op: str, function: Callable[..., Any], x: Array = POSITIVE) -> tuple[Case, ...]:
    """The three forms: some axes, kept axes, all axes."""
    return (
        Case(op, {"x": x}, {"axes": [-1, 0]}, lambda: function(exact(x), axis=(2, 0)), note="axes"),
        Case(
            op,
            {"x": x},
            {"axes": [1], "keep_dims": True},
            lambda: function(exact(x), axis=1, keepdims=True),
            note="keep_dims",
        ),
        Case(op, {"x": x}, {}, lambda: function(exact(x)), note="all"),
    )


def lift(
    function: Callable[..., Any], inner: Callable[[Array], Any], outer: Callable[[Any], Any]
) -> Callable[..., Any]:
    return lambda x, **kw: outer(function(inner(x), **kw))


REDUCTIONS = (
    *reduction("reduce_sum", np.sum, X),
    *reduction("reduce_mean", np.mean, X),
    *reduction("reduce_max", np.max, X),
    *reduction("reduce_min", np.min, X),
    *reduction("reduce_prod", np.prod),
    *reduction("reduce_l1_norm", lift(np.sum, np.abs, np.asarray), X),
    *reduction("reduce_l2_norm", lift(np.sum, np.square, np.sqrt), X),
    *reduction("reduce_sum_square", lift(np.sum, np.square, np.asarray), X),
    *reduction("reduce_log_sum", lift(np.sum, np.asarray, np.log)),
    *reduction("reduce_log_sum_exp", lift(np.sum, np.exp, np.log), 8 * X),
    one("reduce_argmax", lambda x: np.argmax(x, axis=1), axis=np.int32(1)),
    one("reduce_argmin", lambda x: np.argmin(x, axis=-1)),
    Case(
        "reduce_argmax",
        {"x": np.array([[1, 5, 5, 2]], np.float32)},
        {"axis": np.int32(1), "keep_dims": True},
        lambda: [[1]],
        note="first of equals",
    ),
    Case("reduce_sum", {"x": INTS}, {"axes": [1]}, lambda: INTS.sum(axis=1), note="int"),
)

CASES: tuple[Case, ...] = (*UNARY, *ACTIVATIONS, *BINARY, *REDUCTIONS)
