"""Each rule on numbers just inside and just outside its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.precision_risk import Observed, RiskKind, find_risks, half_step


def observed(
    operator: str, /, *, own: float = 0.0, rounded: Any = None, exact: Any = None, **inputs: Any
) -> Observed:
    arrays = {k: np.asarray(v, np.float32) if isinstance(v, list) else v for k, v in inputs.items()}
    result = np.ones(2, np.float32) if exact is None else np.asarray(exact)
    half = frozenset(name for name, value in arrays.items() if isinstance(value, np.ndarray))
    other = result if rounded is None else np.asarray(rounded)
    return Observed(operator, arrays, half, (result,), (other,), True, own)


def kinds(case: Observed) -> list[RiskKind]:
    return [risk.kind for risk in find_risks(case)]


NEAR, FAR = 31.0, 33.0
RNG = np.random.default_rng(0)
LONG = RNG.uniform(0, 1, (2, 2048)).astype(np.float32)
FLAT = np.array([[1.0, 1.001]], np.float32)


@pytest.mark.parametrize(
    ("risky", "safe", "kind"),
    [
        (observed("sin", x=[0.0, -FAR]), observed("sin", x=[0.0, -NEAR]), RiskKind.ARGUMENT),
        (observed("tan", x=[FAR]), observed("sinh", x=[FAR]), RiskKind.ARGUMENT),
        (
            observed("softmax", x=[[0.0, -99.0], [FAR, 1.0]], axis=-1),
            observed("softmax", x=[[0.0, -99.0], [NEAR, 1.0]], axis=-1),
            RiskKind.ARGUMENT,
        ),
        (
            observed("scaled_dot_product_attention", query=[[9.0] * 4], key=[[9.0] * 4]),
            observed("scaled_dot_product_attention", query=[[3.0] * 4], key=[[3.0] * 4]),
            RiskKind.ARGUMENT,
        ),
        (observed("log", x=[6e-5, 1.0]), observed("log", x=[6.2e-5, 1.0]), RiskKind.SMALL),
        (observed("log", x=[0.0], epsilon=1e-6), observed("log", x=[0.0], epsilon=1e-3), RiskKind.SMALL),
        (observed("rsqrt", x=[0.0], epsilon=1e-12), observed("rsqrt", x=[0.1]), RiskKind.SMALL),
        (observed("real_div", x=[1.0], y=[-5e-5]), observed("real_div", x=[5e-5], y=[1.0]), RiskKind.SMALL),
        (
            observed("layer_norm", x=[[1.0, 1.001]], axes=np.array([1]), epsilon=1e-5),
            observed("layer_norm", x=[[1.0, 2.0]], axes=np.array([1]), epsilon=1e-5),
            RiskKind.SMALL,
        ),
        (
            observed("instance_norm", x=[[[1.0, 1.001], [0.0, 9.0]]], epsilon=1e-5),
            observed("instance_norm", x=[[[1.0, 2.0], [0.0, 9.0]]], epsilon=1e-5),
            RiskKind.SMALL,
        ),
        (
            observed("mul", exact=np.array([70000.0, np.inf], np.float32)),
            observed("mul", exact=np.array([30000.0], np.float32)),
            RiskKind.OVERFLOW,
        ),
        (
            observed("topk", exact=np.array([1, 0], np.int32), rounded=np.array([0, 1], np.int32)),
            observed("topk", exact=np.array([1, 0], np.int32)),
            RiskKind.ORDER,
        ),
        (
            observed("reduce_sum", x=LONG, axes=np.array([1])),
            observed("reduce_sum", x=LONG, axes=np.array([0])),
            RiskKind.LONG_SUM,
        ),
        (observed("cumsum", x=LONG, axis=1), observed("cumsum", x=LONG), RiskKind.LONG_SUM),
        (
            observed("sub", x=[100.0, 100.0], y=[99.0, 99.0], exact=np.ones(2, np.float32)),
            observed("sub", x=[20.0, 20.0], y=[19.0, 19.0], exact=np.ones(2, np.float32)),
            RiskKind.CANCELLATION,
        ),
        (observed("conv", own=0.02), observed("conv", own=0.005), RiskKind.MEASURED),
    ],
)  # fmt: skip
def test_a_rule_speaks_beyond_its_bound_only(risky: Observed, safe: Observed, kind: RiskKind) -> None:
    assert kinds(risky) == [kind]
    assert kinds(safe) == []


def test_reasons_hold_the_numbers() -> None:
    (angle,) = find_risks(observed("cos", x=[400.0]))
    assert "400 rad" in angle.reason
    assert "0.25 apart" in angle.reason
    (floor,) = find_risks(observed("log", x=[0.0], epsilon=1e-9))
    assert "epsilon 1e-09 is 0 as a half float" in floor.reason


def test_what_is_carried_in_float32_is_not_at_risk() -> None:
    x = np.array([400.0], np.float32)
    result = np.array([1e6], np.float32)
    assert find_risks(Observed("sin", {"x": x}, frozenset(), (result,), (result,), False, 0.5)) == []


@pytest.mark.parametrize(("value", "step"), [(1.0, 2**-10), (31.9, 2**-6), (32.0, 2**-5), (1e9, 32.0)])
def test_steps_are_those_of_the_format(value: float, step: float) -> None:
    assert half_step(value) == half_step(-value) == step
