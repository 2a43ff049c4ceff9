from __future__ import annotations

import pytest

from fieldpack_benchmarks.latency.heat import clock_khz, hottest, throttled, zones

COOL = {"thermal_zone0:cpu": "41000", "cpu0_khz": "1800000", "cpu4_khz": "2800000"}


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("41500", 41.5),
        ("41", 41.0),
        ("-5000", -5.0),
        ("1000", 1.0),
        ("999", None),
        ("-274000", None),
        ("", None),
        ("N/A", None),
    ],
)
def test_a_zone_tells_thousandths_or_degrees_or_nothing(text: str, degrees: float | None) -> None:
    assert zones({"zone": text}).get("zone") == degrees
    assert hottest({"zone": text, "cpu0_khz": "2000000"}) == degrees


def test_the_hottest_zone_and_the_fastest_core_are_told() -> None:
    readings = {**COOL, "thermal_zone1:battery": "45"}
    assert (hottest(readings), clock_khz(readings)) == (45.0, 2_800_000)
    assert (hottest({}), clock_khz({}), clock_khz({"cpu0_khz": "0"})) == (None, None, None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, False),
        ({"cpu4_khz": "2520000"}, False),
        ({"cpu4_khz": "2519999"}, True),
        ({"cpu4_khz": "600000", "cpu0_khz": "2800000"}, False),
        ({"thermal_zone0:cpu": "85000"}, False),
        ({"thermal_zone0:cpu": "85001"}, True),
        ({"thermal_zone0:cpu": "86"}, True),
        ({"thermal_zone9:late": "90000"}, True),
    ],
)
def test_a_run_is_throttled_by_clock_or_heat(changed: dict[str, str], expected: bool) -> None:
    assert throttled(COOL, [COOL, COOL | changed, COOL]) is expected


def test_a_zone_that_was_hot_before_did_not_rise_and_silence_is_no_heat() -> None:
    hot = COOL | {"thermal_zone0:cpu": "88000"}
    assert not throttled(hot, [hot])
    assert not throttled({}, [{}])
