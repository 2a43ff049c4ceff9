from __future__ import annotations

import json

import pytest

from fieldpack.cli.main import main
from fieldpack.cli.plan_eval import share_of
from fieldpack.errors import InputError


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["plan-eval", "--json", *arguments]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_one_point_at_four_percent_flips(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned(capsys, "--margin", "1pp")
    assert isinstance(found["n"], int)
    assert 3426 <= found["n"] < 3800  # 8.564 * 0.04 / 0.01**2 by the normal approximation
    assert found["flip_share"] == 0.04


def test_all_ways_of_writing_a_share_are_one() -> None:
    assert share_of("1pp", "x") == share_of("1%", "x") == share_of("0.01", "x") == 0.01


@pytest.mark.parametrize("text", ["", "pp", "one", "-1pp", "101%", "nan", "1e9"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no share"):
        share_of(text, "--margin")


def test_text_and_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-eval", "--margin", "1pp"]) == 0
    assert "labelled examples show" in capsys.readouterr().out
    assert main(["plan-eval", "--margin", "1pp", "--true-drop", "2pp"]) == 2
    assert main(["plan-eval", "--margin", "1pp", "--flip-share", "4%", "--bundle", "x"]) == 2
