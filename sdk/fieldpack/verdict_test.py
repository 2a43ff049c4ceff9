"""Verdicts: the whole table of intervals against limits, storage, combination."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import BundleError, SpecError
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import (
    Evidence,
    Figure,
    Outcome,
    Verdict,
    combine,
    exit_code,
    judge,
    stored_number,
)


def drop(value: Any, low: Any = None, high: Any = None, n: Any = 1000) -> Any:
    return Figure("top1_drop", value, "fraction", Evidence.HOST, n, low, high)


def outcome(value: Any, low: Any, high: Any, limit: Any, relation: Any) -> Any:
    return judge(drop(value, low, high), limit, relation).outcome


@pytest.mark.parametrize(
    ("low", "high", "at_most", "at_least"),
    [
        (0.00, 0.005, "pass", "fail"),
        (0.00, 0.010, "pass", "inconclusive"),
        (0.00, 0.020, "inconclusive", "inconclusive"),
        (0.01, 0.020, "inconclusive", "pass"),
        (0.011, 0.02, "fail", "pass"),
        (None, 0.005, "pass", "fail"),
        (0.011, None, "fail", "pass"),
        (0.00, None, "inconclusive", "inconclusive"),
        (None, 0.020, "inconclusive", "inconclusive"),
    ],
)
def test_interval_against_limit(low: Any, high: Any, at_most: Any, at_least: Any) -> None:
    value = (low if low is not None else 0.0) * 0.5 + (high if high is not None else 0.02) * 0.5
    assert outcome(value, low, high, 0.01, "at_most") == at_most
    assert outcome(value, low, high, 0.01, "at_least") == at_least


@pytest.mark.parametrize(("value", "expected"), [(999, "pass"), (1000, "pass"), (1001, "fail")])
def test_exact_figure_decides_directly(value: Any, expected: Any) -> None:
    size = Figure("download", value, "bytes", Evidence.HOST)
    assert size.exact
    assert judge(size, 1000, "at_most").outcome == expected
    mirrored = judge(Figure("x", -value, "bytes", Evidence.HOST), -1000, "at_least")
    assert mirrored.outcome == expected


@pytest.mark.parametrize("relation", ["at_most", "at_least"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_broken_number_fails_whatever_its_interval(value: Any, relation: Any) -> None:
    for bounds in ((None, None), (0.0, 0.001), (5.0, 6.0)):
        verdict = judge(drop(value, *bounds), 1.0, relation)
        assert verdict.outcome is Outcome.FAIL
        assert "not a finite number" in verdict.reason


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_nan_bounds_never_pass(limit: Any) -> None:
    assert judge(drop(0.5, math.nan, math.nan), limit, "at_most").outcome is Outcome.INCONCLUSIVE


def test_missing_value_is_not_run() -> None:
    verdict = judge(Figure("latency", None, "ms", Evidence.NOT_RUN), 30.0, "at_most", subject="coreml")
    assert verdict.outcome is Outcome.NOT_RUN
    assert verdict.subject == "coreml"
    assert verdict.settles_at is None
    assert "not measured" in verdict.reason


def test_names_and_settling() -> None:
    verdict = judge(drop(0.0, -0.01, 0.02), 0.01, "at_most", 3426, name="accuracy", subject="tflite")
    assert (verdict.name, verdict.subject, verdict.settles_at) == ("accuracy", "tflite", 3426)
    assert "3426" in verdict.reason
    assert judge(drop(0.0, -0.01, 0.005), 0.01, "at_most", 3426).settles_at is None
    assert judge(drop(0.0, -0.01, 0.005), 0.01, "at_most").name == "top1_drop"


def test_square_root_rule() -> None:
    # Upper half width 0.02, gap 0.01: twice too wide, so four times the examples.
    assert judge(drop(0.0, -0.01, 0.02, n=1000), 0.01, "at_most").settles_at == 4000
    # Estimate beyond the limit: the lower bound has to come up.
    assert judge(drop(0.03, 0.0, 0.04, n=100), 0.01, "at_most").settles_at == 225
    assert judge(drop(0.01, 0.0, 0.02), 0.01, "at_most").settles_at is None
    assert judge(drop(0.0, -0.01, 0.02, n=None), 0.01, "at_most").settles_at is None
    assert judge(drop(0.0, -1.0, 1.0), 1e-9, "at_most").settles_at is None


@pytest.mark.parametrize(("limit", "relation"), [(math.nan, "at_most"), (math.inf, "at_least"), (1.0, "<=")])
def test_bad_limits_are_refused(limit: Any, relation: Any) -> None:
    with pytest.raises(SpecError):
        judge(drop(0.0), limit, relation)


def test_combination_is_worst_first_and_never_empty_pass() -> None:
    order = ["fail", "not_run", "inconclusive", "pass"]
    for pair in itertools.product(order, repeat=2):
        worst = min(pair, key=order.index)
        assert combine(Outcome(word) for word in pair) == worst
    assert combine([]) is Outcome.NOT_RUN


def test_exit_codes() -> None:
    assert {o.value: exit_code(o) for o in Outcome} == {"pass": 0, "fail": 1, "inconclusive": 3, "not_run": 4}


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.1234567891, "fraction", 0.123457),
        (123456789.0, "nats", 123457000.0),
        (123456789.0, "bytes", 123456789),
        (123456789, "nats", 123456789),
        (1.5, "bytes", 1.5),
        (-0.0, "nats", 0.0),
        (math.nan, "nats", "nan"),
        (-math.inf, "bytes", "-inf"),
        (None, "nats", None),
    ],
)
def test_stored_number(value: Any, unit: Any, expected: Any) -> None:
    stored = stored_number(value, unit)
    assert stored == expected
    assert type(stored) is type(expected)
    assert not str(stored).startswith("-0")


numbers = st.none() | st.floats(allow_nan=False) | st.integers(-(10**12), 10**12)
figures = st.builds(
    Figure,
    name=st.text(max_size=8),
    value=numbers,
    unit=st.sampled_from(["fraction", "bytes", "nats", "ms"]),
    evidence=st.sampled_from(Evidence),
    n=st.none() | st.integers(0, 10**6),
    low=numbers,
    high=numbers,
)


@given(figures, st.floats(-1e6, 1e6), st.sampled_from(["at_most", "at_least"]))
def test_storage_is_valid_json_and_settles_after_one_round(figure: Any, limit: Any, relation: Any) -> None:
    verdict = judge(figure, limit, relation)
    stored = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    again = Verdict.from_dict(stored)
    assert again.as_dict() == verdict.as_dict()
    assert Verdict.from_dict(again.as_dict()) == again
    assert again.outcome is verdict.outcome
    assert again.figure.evidence is figure.evidence


def test_nan_survives_storage() -> None:
    again = Figure.from_dict(drop(math.nan).as_dict())
    assert again.value is not None
    assert math.isnan(again.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("value", "much"),
        ("value", True),
        ("n", -1),
        ("n", 1.5),
        ("n", True),
        ("evidence", "rumour"),
        ("name", 3),
        ("extra", 1),
    ],
)
def test_malformed_figures_are_refused(key: Any, value: Any) -> None:
    with pytest.raises(BundleError):
        Figure.from_dict({**drop(0.1).as_dict(), key: value})


@pytest.mark.parametrize(("key", "value"), [("figure", []), ("relation", "above"), ("outcome", "maybe")])
def test_malformed_verdicts_are_refused(key: Any, value: Any) -> None:
    with pytest.raises(BundleError):
        Verdict.from_dict({**judge(drop(0.1), 1, "at_most").as_dict(), key: value})


def test_missing_field_is_refused() -> None:
    stored = drop(0.1).as_dict()
    del stored["low"]
    with pytest.raises(BundleError):
        Figure.from_dict(stored)


def test_import_needs_no_numpy() -> None:
    code = "import fieldpack.verdict, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def share(hits: int, n: int) -> Figure:
    bounds = clopper_pearson(hits, n)
    return Figure("margin_flips", hits / n, "fraction", Evidence.HOST, n, bounds.low, bounds.high)


@pytest.mark.parametrize("confidence", [0.975, 0.99])
@pytest.mark.parametrize("n", [40, 300, 3000])
def test_moved_bounds_decide_no_sooner_than_recomputed_ones(n: int, confidence: float) -> None:
    for limit in (0.01, 0.02, 0.05):
        for count in range(0, math.ceil(3 * limit * n), max(1, n // 300)):
            moved = judge(share(count, n), limit, "at_most", confidence=confidence)
            exact = clopper_pearson(count, n, confidence)
            assert moved.outcome is not Outcome.PASS or exact.high <= limit + 1e-5
            assert moved.outcome is not Outcome.FAIL or exact.low > limit
            direct = paired_drop(count, count // 3, n, confidence)
            stored = paired_drop(count, count // 3, n)
            figure = drop(direct.estimate, stored.low, stored.high)
            verdict = judge(figure, limit, "at_most", confidence=confidence)
            assert verdict.outcome is not Outcome.PASS or direct.high <= limit
            assert verdict.outcome is not Outcome.FAIL or direct.low > limit


def test_another_confidence_is_told_and_leaves_exact_figures_alone() -> None:
    verdict = judge(share(3, 300), 0.05, "at_most", confidence=0.99)
    assert "at 99 %" in verdict.reason
    assert verdict.figure.high == pytest.approx(
        0.01 + 1.537 * (clopper_pearson(3, 300).high - 0.01), rel=1e-3
    )
    size = Figure("installed_bytes", 100, "bytes", Evidence.HOST)
    assert size.at(0.99) == size
    assert share(29, 30).at(0.999).high == 1.0
