"""Drawing: seeded, nested, at most so many tests of one function."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from fieldpack.errors import InputError
from fieldpack_benchmarks.conformance.sample import Draw, function_of

IDS = [f"a.py::T::test_{name}[{number}-x=[1]]" for name in "abc" for number in range(9)] + ["a.py::test_d"]


def test_no_function_has_more_tests_than_allowed() -> None:
    drawn = Draw("ops", "fp32", per_function=4).of(IDS)
    assert Counter(map(function_of, drawn)) == {
        **{f"a.py::T::test_{name}": 4 for name in "abc"},
        "a.py::test_d": 1,
    }
    assert drawn == sorted(drawn, key=IDS.index)


def test_the_seed_decides_alone() -> None:
    first, again, other = (Draw("ops", "fp32", 4, seed=seed).of(IDS) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_smaller_sample_is_part_of_the_larger() -> None:
    small, large = (set(Draw("ops", "fp32", per, seed=3).of(IDS)) for per in (2, 5))
    assert small < large
    few, many = (set(Draw("ops", "fp32", 5, count, seed=3).of(IDS)) for count in (4, 9))
    assert len(few) == 4
    assert few < many < large


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"suite": "all"}, "no suite"),
        ({"configuration": "fp8"}, "no configuration"),
        ({"per_function": 0}, "at least one test"),
        ({"count": 0}, "at least one test"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change: dict[str, str | int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Draw("ops", "fp32", per_function=1), **change)  # type: ignore[arg-type]


def test_a_sample_larger_than_the_suite_is_refused() -> None:
    with pytest.raises(InputError, match="too few tests"):
        Draw("ops", "fp32", per_function=1, count=5).of(IDS)
