from __future__ import annotations

import pytest

from fieldpack.records.record import Flag
from fieldpack.records.validity import FULL, Plan, percentiles, validity

PLAN = Plan(warm_ups=1, samples=10, seconds=1.0, shortest_s=0.02, rounds=2)


@pytest.mark.parametrize(
    ("rounds", "flags"),
    [
        ([[5.0] * 10, [5.0] * 10], ()),
        ([[5.0] * 10], (Flag.TOO_FEW_SAMPLES,)),
        ([[5.0] * 10, [5.0] * 9], (Flag.TOO_FEW_SAMPLES,)),
        ([[5.0] * 10, [500.0] * 2], ()),
        ([[5.0] * 10, [4.0] * 5 + [6.0] * 5], (Flag.UNSTABLE,)),
        ([[5.0] * 10, [5.0] * 9 + [99.0]], ()),
    ],
)
def test_a_run_is_worth_what_was_sampled(rounds: list[list[float]], flags: tuple[Flag, ...]) -> None:
    assert validity(PLAN, rounds) == flags


def test_the_full_mode_asks_for_what_mlperf_asks() -> None:
    assert (FULL.warm_ups, FULL.samples, FULL.seconds) == (10, 1024, 60.0)


def test_percentiles_are_those_of_the_samples() -> None:
    assert percentiles([float(value) for value in range(101)]) == (50.0, 90.0, 99.0)
