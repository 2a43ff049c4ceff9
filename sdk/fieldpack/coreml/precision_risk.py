"""Which operators half precision puts at risk, and why: rules over what a float32 run showed.

Each rule looks at one operation, its exact inputs and its results, and gives a reason in numbers or
nothing. The bounds follow from the format (IEEE 754 binary16: 11 significant bits, largest number
65504, smallest normal number 6.1e-5), not from a model; they stand at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Largest finite number of binary16.
LARGEST = 65504.0
#: Smallest normal number of binary16; below it digits are lost, and some chips flush to zero.
SMALLEST_NORMAL = 2.0**-14
#: Rounding error of an argument, in radians or as a change of a logit, from which an operator is at risk.
ARGUMENT_ERROR = 0.01
#: Terms of a sum from which an accumulator in half floats loses small terms (2048 + 1 is 2048 there).
LONG_SUM = 2048
#: How much smaller than its operands a difference may be before cancellation is named.
CANCELLATION = 32.0
#: Own error, as a share of the tensor's largest value, from which an operator is named without a rule.
OWN_ERROR = 0.01


class RiskKind(StrEnum):
    """What goes wrong."""

    ARGUMENT = "large argument"
    SMALL = "small number"
    OVERFLOW = "overflow"
    ORDER = "order"
    LONG_SUM = "long sum"
    CANCELLATION = "cancellation"
    MEASURED = "measured error"


@dataclass(frozen=True, slots=True)
class Risk:
    """One finding: ``weight`` orders the findings of one kind over several samples."""

    kind: RiskKind
    reason: str
    weight: float


@dataclass(frozen=True, slots=True)
class Observed:
    """One operation in one run.

    Attributes
    ----------
    operator : str
        MIL operator.
    arguments : mapping
        Its exact inputs by name: arrays, numbers, texts, tuples.
    half : frozenset of str
        Names of the inputs that are carried in half floats.
    exact, rounded : tuple of array
        Results of the float32 run and of the rounded run.
    half_result : bool
        Whether the first result is carried in half floats.
    own : float
        The operator's own relative error, see ``precision_report``.
    """

    operator: str
    arguments: Mapping[str, Any]
    half: frozenset[str]
    exact: tuple[Any, ...]
    rounded: tuple[Any, ...]
    half_result: bool
    own: float

    def number(self, name: str, default: float) -> float:
        """A constant input that is one number."""
        value = self.arguments.get(name)
        return default if value is None else float(np.asarray(value).reshape(-1)[0])

    def array(self, name: str) -> NDArray[Any] | None:
        """A float input that is carried in half floats, as float64; None otherwise."""
        value = self.arguments.get(name)
        if name not in self.half or not isinstance(value, np.ndarray) or value.size == 0:
            return None
        return value.astype(np.float64)


def find_risks(observed: Observed) -> list[Risk]:
    """The findings for one operation in one run."""
    rules = [*RULES.get(observed.operator, ()), _overflow]
    found = [risk for rule in rules if (risk := rule(observed)) is not None]
    if not found and observed.half_result and observed.own > OWN_ERROR:
        reason = f"half floats alone change {observed.own:.2g} of its largest value"
        found.append(Risk(RiskKind.MEASURED, reason, observed.own))
    return found


def half_step(value: float) -> float:
    """Distance between half floats at a magnitude, at most at the largest one."""
    return float(np.spacing(np.float16(min(abs(value), 60000.0))))


def _angle(observed: Observed) -> Risk | None:
    x = observed.array("x")
    if x is None:
        return None
    largest = float(np.abs(x).max())
    step = half_step(largest)
    if step / 2 <= ARGUMENT_ERROR:
        return None
    reason = (
        f"arguments reach {largest:.4g} rad, where half floats stand {step:.3g} apart: "
        f"up to {step / 2:.2g} rad wrong before {observed.operator} begins"
    )
    return Risk(RiskKind.ARGUMENT, reason, step)


def _exponent(observed: Observed) -> Risk | None:
    x = observed.array("x")
    if x is None:
        return None
    if observed.operator == "softmax":
        x = x.max(axis=int(observed.number("axis", -1)))
    largest = float(np.abs(x).max())
    step = half_step(largest)
    if step / 2 <= ARGUMENT_ERROR:
        return None
    what = "logits" if observed.operator == "softmax" else "exponents"
    reason = (
        f"{what} reach {largest:.4g}, where half floats stand {step:.3g} apart: "
        f"a result is up to {100 * np.expm1(min(step / 2, 5)):.2g} % off"
    )
    return Risk(RiskKind.ARGUMENT, reason, step)


def _attention(observed: Observed) -> Risk | None:
    query, key = observed.array("query"), observed.array("key")
    if query is None or key is None:
        return None
    logits = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    changed = Observed("softmax", {"x": logits}, frozenset({"x"}), (), (), False, 0.0)
    return _exponent(changed)


def _near_zero(observed: Observed) -> Risk | None:
    """``log``, ``inverse``, ``rsqrt``, ``real_div``: an argument that half floats hardly hold."""
    name = "y" if observed.operator == "real_div" else "x"
    x = observed.array(name)
    if x is None:
        return None
    epsilon = observed.number("epsilon", 0.0)
    smallest = float(np.abs(x + epsilon).min())
    if smallest >= SMALLEST_NORMAL:
        return None
    kept = float(np.float16(epsilon))
    floor = (
        f"; its epsilon {epsilon:.3g} is {kept:.3g} as a half float"
        if "epsilon" in observed.arguments
        else ""
    )
    reason = (
        f"arguments go down to {smallest:.3g}, below the smallest normal half float "
        f"{SMALLEST_NORMAL:.2g}{floor}"
    )
    return Risk(RiskKind.SMALL, reason, 1 / max(smallest, 1e-45))


def _normalisation(observed: Observed) -> Risk | None:
    """A variance plus epsilon that half floats hardly hold."""
    x = observed.array("x")
    if x is None:
        return None
    axes = observed.arguments.get("axes")
    first = 2 if observed.operator == "instance_norm" else 0
    given = range(first, x.ndim) if axes is None else np.asarray(axes).reshape(-1).tolist()
    epsilon = observed.number("epsilon", 1e-5)
    smallest = float(x.var(axis=tuple(int(axis) for axis in given)).min()) + epsilon
    if smallest >= SMALLEST_NORMAL:
        return None
    reason = (
        f"variance and epsilon together go down to {smallest:.3g}, below the smallest normal half float "
        f"{SMALLEST_NORMAL:.2g}; epsilon {epsilon:.3g} is {float(np.float16(epsilon)):.3g} there"
    )
    return Risk(RiskKind.SMALL, reason, 1 / max(smallest, 1e-45))


def _overflow(observed: Observed) -> Risk | None:
    if not observed.half_result:
        return None
    floats = [r for r in observed.exact if isinstance(r, np.ndarray) and r.dtype.kind == "f" and r.size]
    finite = [np.abs(r[np.isfinite(r)]).max() for r in floats if np.isfinite(r).any()]
    largest = float(max(finite, default=0.0))
    if largest <= LARGEST / 2:
        return None
    word = "beyond" if largest > LARGEST else "near"
    return Risk(
        RiskKind.OVERFLOW, f"results reach {largest:.4g}, {word} the largest half float 65504", largest
    )


def _order(observed: Observed) -> Risk | None:
    """Positions that a rounded run picks in another order."""
    exact, rounded = observed.exact[-1], observed.rounded[-1]
    if not isinstance(exact, np.ndarray) or exact.dtype.kind not in "iu" or exact.shape != rounded.shape:
        return None
    changed = int((exact != rounded).sum())
    if not changed:
        return None
    reason = (
        f"{changed} of {exact.size} positions change: neighbours differ by less than the error that "
        "half floats bring this far; float32 for this operator alone does not mend it"
    )
    return Risk(RiskKind.ORDER, reason, changed / exact.size)


def _long_sum(observed: Observed) -> Risk | None:
    x = observed.array("x")
    if x is None:
        return None
    axes = observed.arguments.get("axes", observed.arguments.get("axis"))
    if observed.operator == "cumsum" and axes is None:
        axes = 0
    given = range(x.ndim) if axes is None else np.asarray(axes).reshape(-1).tolist()
    terms = int(np.prod([x.shape[int(axis)] for axis in given]))
    if terms < LONG_SUM:
        return None
    reason = (
        f"adds {terms} numbers; this report adds in float32, a chip that adds in half floats "
        f"loses terms below 1/{LONG_SUM} of the sum"
    )
    return Risk(RiskKind.LONG_SUM, reason, terms)


def _cancellation(observed: Observed) -> Risk | None:
    parts = [observed.arguments.get(name) for name in ("x", "y")]
    arrays = [p.astype(np.float64) for p in parts if isinstance(p, np.ndarray) and p.dtype.kind == "f"]
    result = observed.exact[0]
    if (
        len(arrays) < 2
        or not observed.half & {"x", "y"}
        or not isinstance(result, np.ndarray)
        or not result.size
    ):
        return None
    operand = max(float(np.sqrt(np.mean(a**2))) if a.size else 0.0 for a in arrays)
    left = float(np.sqrt(np.mean(result.astype(np.float64) ** 2)))
    if left == 0 or not np.isfinite(operand) or operand / left < CANCELLATION:
        return None
    reason = (
        f"the result is {operand / left:.3g} times smaller than its operands (root mean square), so that "
        f"their rounding is up to {operand / left * 2.0**-11:.2g} of it"
    )
    return Risk(RiskKind.CANCELLATION, reason, operand / left)


Rule = Callable[[Observed], Risk | None]
RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("sin", "cos", "tan"), (_angle,)),
    **dict.fromkeys(("exp", "exp2", "softmax"), (_exponent,)),
    "scaled_dot_product_attention": (_attention,),
    **dict.fromkeys(("log", "inverse", "rsqrt", "real_div"), (_near_zero,)),
    **dict.fromkeys(("layer_norm", "instance_norm"), (_normalisation,)),
    **dict.fromkeys(
        ("topk", "argsort", "reduce_argmax", "reduce_argmin", "non_maximum_suppression"), (_order,)
    ),
    **dict.fromkeys(("cumsum", "reduce_sum", "reduce_mean", "reduce_sum_square"), (_long_sum,)),
    **dict.fromkeys(("add", "sub"), (_cancellation,)),
}
"""Operator -> its rules; overflow and the measured error are looked at everywhere."""
