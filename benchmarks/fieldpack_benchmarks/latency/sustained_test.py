from __future__ import annotations

import pytest

from fieldpack.errors import InputError
from fieldpack_benchmarks.latency.sustained import Curve, curve, sustained_plan


def test_a_target_that_slows_down_for_good_has_a_knee() -> None:
    found = curve([10.0] * 600 + [15.0] * 400, step_s=1.0)
    assert (found.fresh_ms, found.knee_s, found.lasting) == (10.0, 6.0, 1.5)


def test_the_time_between_steps_counts_for_the_knee() -> None:
    loaded = Curve(10.0, (2.0,) * 3 + (3.0,) * 2, (0.0, 12.0, 24.0, 36.0, 48.0))
    assert (loaded.knee, loaded.knee_s, loaded.length_s, loaded.lasting) == (3, 36.0, 58.0, 1.5)


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


@pytest.mark.parametrize(
    ("minutes", "steps", "step_s"), [(5.0, 30, 10.0), (1.0, 6, 10.0), (0.05, 6, 0.5), (1.25, 8, 9.375)]
)
def test_steps_make_up_the_minutes(minutes: float, steps: int, step_s: float) -> None:
    plan = sustained_plan(minutes)
    assert (plan.rounds, plan.seconds, plan.shortest_s) == (steps, step_s, step_s)


@pytest.mark.parametrize("minutes", [0.0, -1.0, 61.0, float("nan"), float("inf")])
def test_minutes_that_nobody_means_are_refused(minutes: float) -> None:
    with pytest.raises(InputError, match="sustained for so long"):
        sustained_plan(minutes)
