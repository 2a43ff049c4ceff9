"""Holm's adjustment against a worked example and its defining property."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics.holm import holm


def test_worked_example() -> None:
    # 4 * .005, 3 * .01, 2 * .03, and the last lifted to its neighbour.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_empty_and_single() -> None:
    assert holm([]) == []
    assert holm([0.2]) == [0.2]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.2))
def test_rejects_as_the_step_down_procedure(values: Any, alpha: Any) -> None:
    adjusted = holm(values)
    rejected = 0
    for rank, value in enumerate(sorted(values)):
        if (len(values) - rank) * value > alpha:
            break
        rejected += 1
    assert sum(value <= alpha for value in adjusted) == rejected
    assert all(a >= v for a, v in zip(adjusted, values, strict=True))


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_impossible_p_values_are_refused(bad: Any) -> None:
    with pytest.raises(InputError):
        holm([0.5, bad])
