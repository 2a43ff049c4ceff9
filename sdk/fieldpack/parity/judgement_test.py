"""Verdicts on a comparison: the promised number of examples comes from the counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.judgement import judge_parity
from fieldpack.statistics.sample_size import rate_settles_at, settles_at
from fieldpack.verdict import Outcome

RIGHT, WRONG = [0.9, 0.1], [0.1, 0.9]


def comparison(n: Any, losses: Any, gains: Any = 0) -> Any:
    source = np.array([RIGHT] * (n - gains) + [WRONG] * gains)
    flavour = np.array([WRONG] * losses + [RIGHT] * (n - losses))
    return compare_scores(source, flavour, "softmax", np.zeros(n, dtype=int))


def test_accuracy_drop_counts_flips() -> None:
    verdict = judge_parity(comparison(400, 3, 3), "top1_drop", 0.01, "at_most", subject="tflite")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.settles_at == settles_at(3, 3, 400, 0.01)
    assert verdict.subject == "tflite"
    assert str(verdict.settles_at) in verdict.reason


def test_rates_count_successes() -> None:
    parity = comparison(100, 1)
    agreement = judge_parity(parity, "top1_agreement", 0.98, "at_least", subject="coreml", title="agreement")
    assert (agreement.outcome, agreement.name) == (Outcome.INCONCLUSIVE, "agreement")
    assert agreement.settles_at == rate_settles_at(99, 100, 0.98, "at_least")
    flips = judge_parity(parity, "margin_flips", 0.02, "at_most", subject="coreml")
    assert flips.settles_at == rate_settles_at(1, 100, 0.02, "at_most")


def test_others_take_the_square_root_rule() -> None:
    verdict = judge_parity(comparison(100, 4, 2), "macro_recall_drop", 0.04, "at_most", subject="tflite")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.settles_at is not None
    assert verdict.settles_at > 100


@pytest.mark.parametrize(
    ("losses", "limit", "expected"),
    [(0, 0.01, Outcome.PASS), (100, 0.01, Outcome.FAIL), (8, 0.01, Outcome.INCONCLUSIVE)],
)
def test_outcomes(losses: Any, limit: Any, expected: Any) -> None:
    verdict = judge_parity(comparison(1000, losses), "top1_drop", limit, "at_most", subject="tflite")
    assert verdict.outcome is expected
    assert (verdict.settles_at is None) == (expected is not Outcome.INCONCLUSIVE)


def test_what_was_not_measured_is_not_run_and_what_is_unknown_is_refused() -> None:
    parity = comparison(100, 0)
    assert judge_parity(parity, "top5_drop", 0.01, "at_most", subject="tflite").outcome is Outcome.NOT_RUN
    with pytest.raises(InputError, match="top1_agreemint"):
        judge_parity(parity, "top1_agreemint", 0.98, "at_least", subject="tflite")
