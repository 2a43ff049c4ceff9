"""McNemar's exact test against exact integer sums."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics.mcnemar import mcnemar_exact


@given(st.integers(0, 80), st.integers(0, 80))
def test_is_the_upper_tail_of_a_fair_coin(losses: Any, gains: Any) -> None:
    n = losses + gains
    expected = sum(math.comb(n, k) for k in range(losses, n + 1)) / 2**n
    assert mcnemar_exact(losses, gains) == pytest.approx(expected, rel=1e-11)


def test_five_losses_are_the_fewest_that_count() -> None:
    assert mcnemar_exact(5, 0) == pytest.approx(1 / 32)
    assert mcnemar_exact(4, 0) > 0.05
    assert mcnemar_exact(0, 9) == 1.0
    assert mcnemar_exact(0, 0) == 1.0


def test_more_losses_are_stronger_evidence() -> None:
    assert mcnemar_exact(9, 2) < mcnemar_exact(8, 2) < mcnemar_exact(8, 3)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(InputError):
        mcnemar_exact(-1, 3)
