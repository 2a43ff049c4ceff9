"""What a case is: one operator, its inputs, and what the specification says must come out.

Expected values are written in numpy float64, from the formula of the specification, without torch,
so that a mistake in an operator file is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes
    ----------
    op : str
        MIL operator.
    inputs : dict
        Inputs that are computed at run time: arrays, or tuples of arrays for variadic inputs.
    fixed : dict
        Constant inputs: arrays, numbers, texts, lists.
    expected : callable
        Gives the expected result, or a tuple of results.
    opset : int
        First iOS whose operator set has this form.
    rtol, atol : float
        Tolerance of a float32 engine, relative and absolute.
    note : str
        What sets this case apart from its siblings.
    """

    op: str
    inputs: dict[str, Array | tuple[Array, ...]]
    fixed: dict[str, Any]
    expected: Callable[[], Any]
    opset: int = 15
    rtol: float = 2e-6
    atol: float = 1e-6
    note: str = field(default="")

    @property
    def name(self) -> str:
        """Identity of the case in test reports."""
        return f"{self.op}-{self.note}" if self.note else self.op


def numbers(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Repeatable float32 numbers, uniform in ``[low, high)``."""
    return np.random.default_rng(seed + 97 * sum(shape)).uniform(low, high, shape).astype(np.float32)


def exact(array: Array) -> Array:
    """The same numbers in float64, to compute the expected result with."""
    return array.astype(np.float64)
