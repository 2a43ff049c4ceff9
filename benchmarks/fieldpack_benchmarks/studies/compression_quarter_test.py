"""What the study of the quarter holds its points against."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack_benchmarks.studies import compression_quarter
from fieldpack_benchmarks.studies.compression_quarter import SEARCHED


def row(tool: str, size: int | None, accuracy: float | None, download: int | None = None) -> dict[str, Any]:
    lost = None if accuracy is None else 0.9 - accuracy
    return {
        "tool": tool,
        "evidence": "host",
        "size_bytes": size,
        "download_bytes": size if download is None else download,
        "accuracy": accuracy,
        "lost": lost,
    }


WHOLE = row(f"{SEARCHED}, int8", 1000, 0.9)


@pytest.mark.parametrize(
    ("small", "held"),
    [
        (row(f"{SEARCHED}, thin", 240, 0.89), [True, True, True]),
        (row(f"{SEARCHED}, thin", 240, 0.89, download=260), [True, False, True]),
        (row(f"{SEARCHED}, thin", 260, 0.87), [False, False, False]),
    ],
)
def test_the_smallest_trial_is_held_against_a_quarter(small: dict[str, Any], held: list[bool]) -> None:
    bars = compression_quarter._bars([WHOLE, small, row("another tool", 10, 0.9)])
    assert [bar.holds for bar in bars] == held


def test_without_trials_nothing_holds() -> None:
    (bar,) = compression_quarter._bars([row("another tool", 10, 0.9), row(f"{SEARCHED}, int8", None, None)])
    assert not bar.holds


def test_a_file_of_another_tool_meets_our_best_of_no_more_bytes() -> None:
    small = row(f"{SEARCHED}, thin", 240, 0.85)
    others = [
        row("large", 2000, 0.9),
        row("middle", 500, 0.86),
        row("tiny", 100, 0.2),
        row("no file", None, 0.9),
    ]
    bars = compression_quarter._front_bars([WHOLE, small, *others])
    assert [bar.value for bar in bars] == [pytest.approx(0.0), pytest.approx(-0.01), None]
    assert [bar.holds for bar in bars] == [True, False, False]
