"""Windows put together, on scores written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.contract import LogMeanExp, Output, Pooling
from fieldpack.errors import InputError
from fieldpack.recordings.detection import Detection, Detector
from fieldpack.recordings.pooling import RunningPool, pooled, pooling_words

OUTPUT = Output.model_validate(
    {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5}
)
SCORES = np.array([[0.9, 0.1], [0.7, 0.6], [0.1, 0.8], [0.2, 0.1], [0.6, 0.1]])
RULES: list[Pooling] = ["mean", "max", LogMeanExp(kind="log_mean_exp", sharpness=5.0)]


def heard(
    starts: list[float], threshold: float | None = 0.5, pooling: Pooling = "max", merge: bool = True
) -> list[Detection]:
    detector = Detector(OUTPUT, ("a", "b"), [(None, "a"), (None, "b")], pooling, threshold, merge)
    made = []
    for start, scores in zip(starts, SCORES, strict=True):
        made += detector.push(start, start + 1.0, scores)
    return made + detector.finish()


def facts(made: list[Detection]) -> list[tuple[str, float, float, float, int]]:
    return [(item.label, item.start_s, item.end_s, round(item.score, 6), item.windows) for item in made]


def test_windows_that_follow_each_other_become_one() -> None:
    assert facts(heard([0.0, 0.5, 1.0, 1.5, 2.0])) == [
        ("a", 0.0, 1.5, 0.9, 2),
        ("b", 0.5, 2.0, 0.8, 2),
        ("a", 2.0, 3.0, 0.6, 1),
    ]


def test_a_gap_divides() -> None:
    assert facts(heard([0.0, 1.5, 3.0, 4.5, 6.0]))[:2] == [("a", 0.0, 1.0, 0.9, 1), ("a", 1.5, 2.5, 0.7, 1)]


def test_every_window_can_stand_alone() -> None:
    made = facts(heard([0.0, 0.5, 1.0, 1.5, 2.0], merge=False))
    assert [item[4] for item in made] == [1] * 5
    assert sorted(item[3] for item in made) == [0.6, 0.6, 0.7, 0.8, 0.9]


def test_without_a_threshold_the_best_label_is_present() -> None:
    made = facts(heard([0.0, 1.0, 2.0, 3.0, 4.0], threshold=None, pooling="mean"))
    assert made == [("a", 0.0, 2.0, 0.8, 2), ("b", 2.0, 3.0, 0.8, 1), ("a", 3.0, 5.0, 0.4, 2)]


@pytest.mark.parametrize("pooling", RULES, ids=pooling_words)
def test_the_score_is_pooled_by_the_rule(pooling: Pooling) -> None:
    found = heard([0.0, 0.5, 1.0, 1.5, 2.0], pooling=pooling)[0]
    assert found.score == pytest.approx(float(pooled(SCORES[:2, 0], np.zeros(2, int), pooling)[0]))


@pytest.mark.parametrize("pooling", RULES, ids=pooling_words)
def test_a_running_pool_equals_the_pool_of_all(pooling: Pooling) -> None:
    scores = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    running = RunningPool(pooling)
    for row in scores:
        running.add(row)
    assert running.result() == pytest.approx(pooled(scores, np.zeros(50, int), pooling)[0], abs=1e-6)


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no window"):
        RunningPool("mean").result()
