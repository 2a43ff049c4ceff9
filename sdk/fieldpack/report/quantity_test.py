from __future__ import annotations

import math

import pytest

from fieldpack.report.quantity import allowed, bounds, percent, points, quantity, size
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence, Figure, judge


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.678689, "fraction", "67.87 %"),
        (1.0, "fraction", "100 %"),
        (0.99999, "fraction", "100.00 %"),
        (-0.0311, "fraction", "−3.11 %"),
        (578856, "bytes", "578,856 B"),
        (0.0123456, "nats", "0.0123 nats"),
        (-0.5, "output", "−0.5"),
        (0.0, "ratio", "0"),
        (None, "fraction", "not measured"),
        (math.nan, "output", "not a number"),
        (-math.inf, "output", "−∞"),
    ],
)
def test_a_figure_is_written_for_people(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit).replace("\u202f", " ") == text


def test_small_drops_have_no_sign_without_a_digit() -> None:
    assert percent(-0.00001) == "0.0\u202f%"
    assert points(-0.0001) == "0.0"
    assert points(-0.25) == "−25.0"


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [(999, "999 B"), (1000, "1.00 kB"), (578856, "579 kB"), (1_889_388, "1.89 MB"), (25_300_000, "25.3 MB")],
)
def test_sizes_are_decimal(bytes_: int, text: str) -> None:
    assert size(bytes_).replace("\u202f", " ") == text


def test_one_open_side_is_infinite_and_an_exact_figure_has_no_bounds() -> None:
    assert bounds(Figure("rmse", 0.5, "output", Evidence.HOST, 9, low=0.25)) == "0.25 to ∞"
    assert bounds(Figure("installed_bytes", 5, "bytes", Evidence.HOST)) == ""


def test_the_limit_names_its_direction_and_keeps_its_digits() -> None:
    figure = Figure("top1_agreement", 0.99, "fraction", Evidence.HOST, 9, 0.98, 1.0)
    assert allowed(judge(figure, 0.9875, AT_LEAST)).replace("\u202f", " ") == "at least 98.75 %"
    assert allowed(judge(figure, 0.5, AT_MOST)).replace("\u202f", " ") == "at most 50 %"
