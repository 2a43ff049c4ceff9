from __future__ import annotations

import json
import math

import pytest

from fieldpack.family import chance_if_kept, withdraw
from fieldpack.statistics.holm import holm
from fieldpack.verdict import CONFIDENCE, Evidence, Figure, Outcome, Verdict, judge
from fieldpack.verdict_test import drop, share


def test_the_chance_at_the_bound_is_what_the_confidence_leaves() -> None:
    figure = share(12, 300)
    assert figure.low is not None
    for confidence in (CONFIDENCE, 0.99):
        edge = figure.at(confidence).low
        assert edge is not None
        verdict = judge(figure, edge, "at_most", confidence=confidence)
        assert chance_if_kept(verdict, confidence) == pytest.approx(1 - confidence, rel=1e-6)
    assert chance_if_kept(judge(figure, 0.04, "at_most")) == 1.0
    assert chance_if_kept(judge(figure, 0.05, "at_least")) == pytest.approx(0.27, abs=0.05)
    assert chance_if_kept(judge(Figure("s", 9, "bytes", Evidence.HOST), 8, "at_most")) is None
    assert chance_if_kept(judge(drop(None), 0.01, "at_most")) is None
    assert chance_if_kept(judge(drop(math.nan, -1.0, 1.0), 0.01, "at_most")) is None
    assert chance_if_kept(judge(drop(0.02, 0.02, 0.02), 0.01, "at_most")) == 0.0


@pytest.mark.parametrize("n", [100, 305, 1000])
def test_the_chance_is_no_smaller_than_the_exact_one(n: int) -> None:
    """The binomial tail at the limit, summed."""
    for limit in (0.01, 0.02, 0.05):
        for count in range(int(limit * n) + 1, int(limit * n) + 25):
            tail = (
                sum(math.comb(n, k) * limit**k * (1 - limit) ** (n - k) for k in range(count, n + 1))
                if n < 400
                else None
            )
            chance = chance_if_kept(judge(share(count, n), limit, "at_most"))
            assert chance is not None
            if tail is not None and tail < 0.05:
                assert chance >= tail
            if judge(share(count, n), limit, "at_most").outcome is Outcome.FAIL:
                assert chance <= 0.05 + 1e-9


def test_a_fail_stands_alone_and_falls_among_many() -> None:
    verdict = judge(share(8, 300), 0.01, "at_most")
    assert verdict.outcome is Outcome.FAIL
    chance = chance_if_kept(verdict)
    assert chance is not None
    assert withdraw(verdict, chance, chance, 1, CONFIDENCE) == verdict
    adjusted = holm([chance, *[0.9] * 19])[0]
    open_now = withdraw(verdict, chance, adjusted, 20, CONFIDENCE)
    assert open_now.outcome is Outcome.INCONCLUSIVE
    assert "among 20 tests: not proven" in open_now.reason
    assert open_now.settles_at is not None
    assert 300 < open_now.settles_at < 3000
    passed = judge(share(0, 300), 0.02, "at_most")
    assert withdraw(passed, 1.0, 1.0, 20, CONFIDENCE) == passed
    assert Verdict.from_dict(json.loads(json.dumps(open_now.as_dict()))).outcome is Outcome.INCONCLUSIVE
