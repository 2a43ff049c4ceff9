from __future__ import annotations

import pytest

from fieldpack.records.record import Flag
from fieldpack_benchmarks.latency.plan import FULL, Plan, percentiles, validity
from fieldpack_benchmarks.latency.sustained import curve

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


def test_a_target_that_slows_down_for_good_has_a_knee() -> None:
    found = curve([10.0] * 600 + [15.0] * 400, step_s=1.0)
    assert (found.fresh_ms, found.knee_s, found.lasting) == (10.0, 6.0, 1.5)


@pytest.mark.parametrize(
    "times",
    [
        [10.0] * 1000,
        [10.0] * 300 + [30.0] * 100 + [10.0] * 300,
        [10.0] * 600 + [30.0] * 34,
        [10.5] * 400 + [10.0] * 400,
    ],
)
def test_steady_targets_and_bursts_have_none(times: list[float]) -> None:
    found = curve(times, step_s=1.0)
    assert (found.knee_s, found.lasting) == (None, 1.0)
