from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack_benchmarks.latency.comparison import PAIRS, Finding, compare, orders

TRIALS = 400


def busy(slowdown: float, generator: np.random.Generator) -> tuple[list[float], list[float]]:
    """Runs on a busy machine: its speed drifts by a third, and every third run is hit by a burst."""
    count = 2 * PAIRS
    drift = 1 + 0.3 * np.abs(np.sin(np.linspace(0, generator.uniform(2, 20), count)))
    bursts = np.where(generator.random(count) < 0.3, 0.5 * generator.pareto(2.0, count), 0.0)
    times = drift * (1 + generator.normal(0, 0.03, count)) + bursts
    first = np.array(orders(PAIRS, int(generator.integers(1 << 30))))
    old, new = times[0::2].copy(), times[1::2].copy()
    old[first], new[first] = new[first], old[first]
    return old.tolist(), (new * slowdown).tolist()


@pytest.mark.parametrize(("slowdown", "least", "most"), [(1.0, 0.0, 0.03), (1.1, 0.95, 1.0)])
def test_alarms_are_rare_without_a_slowdown_and_sure_with_one(
    slowdown: float, least: float, most: float
) -> None:
    generator = np.random.default_rng(20)
    found = [compare(*busy(slowdown, generator)).finding is Finding.SLOWER for _ in range(TRIALS)]
    assert least <= np.mean(found) <= most


def test_swapping_the_models_turns_the_finding() -> None:
    old, new = busy(1.3, np.random.default_rng(1))
    forth, back = compare(old, new), compare(new, old)
    assert (forth.finding, back.finding) == (Finding.SLOWER, Finding.FASTER)
    assert forth.ratio == pytest.approx(1 / back.ratio)


@given(st.lists(st.floats(0.1, 100), min_size=8, max_size=60))
def test_a_model_whose_pairs_are_equal_is_never_slower(times: list[float]) -> None:
    found = compare(times, times)
    assert (found.ratio, found.finding) == (1.0, Finding.NO_DIFFERENCE_SEEN)


@given(
    st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.1, 100)), min_size=8, max_size=40), st.floats(0.1, 9)
)
def test_a_unit_of_time_changes_nothing(pairs: list[tuple[float, float]], factor: float) -> None:
    old, new = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    first = compare(old, new)
    second = compare([factor * value for value in old], [factor * value for value in new])
    assert second.ratio == pytest.approx(first.ratio)
    assert first.low <= first.ratio <= first.high


def test_each_comes_first_as_often_as_the_other() -> None:
    assert sum(orders(PAIRS)) == PAIRS // 2
    assert orders(PAIRS) == orders(PAIRS)
    assert orders(PAIRS, 1) != orders(PAIRS, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [([1.0] * 7, [1.0] * 7), ([1.0] * 9, [1.0] * 8), ([1.0] * 8, [0.0] + [1.0] * 7),
     ([1.0] * 8, [-1.0] + [1.0] * 7), ([float("nan")] + [1.0] * 7, [1.0] * 8)],
)  # fmt: skip
def test_runs_that_make_no_pairs_are_refused(old: list[float], new: list[float]) -> None:
    with pytest.raises(InputError):
        compare(old, new)
