from __future__ import annotations

import pytest

from fieldpack_benchmarks.latency.sustained import curve


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
