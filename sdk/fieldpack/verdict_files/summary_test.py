"""How much a summary holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.verdict import AT_MOST, Evidence, Figure, Outcome, Verdict, judge
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.summary import MOST_VALUES, as_markdown, sparkline

COMMENT = 65_536
"""Characters of a comment at most."""


def broken(subject: str, value: int = 2) -> Verdict:
    return judge(Figure("installed_bytes", value, "bytes", Evidence.HOST), 1, AT_MOST, subject=subject)


def judged(verdicts: list[Verdict], history: dict[str, dict[str, list[float]]]) -> Judged:
    return Judged("a", "1.0.0", "0" * 64, Path("b"), Outcome.FAIL, verdicts, history=history)


@pytest.mark.parametrize("letter", ["x", "|", "❔"])
def test_a_summary_of_very_much_fits_a_comment(letter: str) -> None:
    verdicts = [broken(f"{letter * 60}{number}", number + 2) for number in range(2000)]
    long = [
        Verdict("b", "c", Outcome.FAIL, item.figure, 1, AT_MOST, None, f"{letter * 900}{number}")
        for number, item in enumerate(verdicts[:99])
    ]
    text = as_markdown(judged(verdicts + long, {item.subject: {"d": [1.0, 2.0]} for item in verdicts}))
    assert 20_000 < len(text.encode()) < COMMENT
    assert "more" in text


def test_the_worst_stand_first_where_not_all_fit() -> None:
    good = [judge(Figure("a", 1, "bytes", Evidence.HOST), 1, AT_MOST, subject=f"f{n}") for n in range(2000)]
    text = as_markdown(judged([*good, broken("bad")], {}))
    assert text.index("`bad`") < text.index("`f0`")
    assert "`f1999`" not in text


def test_flavours_with_one_reason_share_a_line() -> None:
    text = as_markdown(judged([broken("a"), broken("b"), broken("c", 3)], {}))
    assert "- `a`, `b`: installed_bytes is 2 bytes; at most 1 is allowed\n- `c`: " in text


def test_a_sparkline_is_of_the_last_values() -> None:
    assert sparkline([9.0] + [0.0] * 59 + [1.0]) == "▁" * 59 + "█"
    assert len(sparkline([1.0] * 500)) == MOST_VALUES
