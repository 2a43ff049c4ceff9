"""Pooling against a plain loop over the recordings."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.contract import LogMeanExp, Pooling
from fieldpack.recordings.pooling import pooled, pooling_words

GROUPS = np.repeat([0, 1, 2, 3], [3, 1, 5, 2])


def sharp(sharpness: float) -> LogMeanExp:
    return LogMeanExp(kind="log_mean_exp", sharpness=sharpness)


@pytest.mark.parametrize("pooling", ["mean", "max", sharp(5.0)], ids=pooling_words)
def test_windows_are_pooled_as_a_plain_loop_does(pooling: Pooling) -> None:
    scores = np.random.default_rng(1).normal(size=(len(GROUPS), 4)).astype(np.float32)

    def join(rows: np.ndarray) -> np.ndarray:
        if isinstance(pooling, LogMeanExp):
            total: np.ndarray = np.log(np.exp(5.0 * rows.astype(np.float64)).mean(axis=0)) / 5.0
            return total
        return np.asarray(rows.mean(axis=0) if pooling == "mean" else rows.max(axis=0))

    expected = np.stack([join(scores[group == GROUPS]) for group in range(4)])
    made = pooled(scores, GROUPS, pooling)
    assert made.dtype == np.float32
    assert np.allclose(made, expected, atol=1e-6)


def test_log_mean_exp_lies_between_mean_and_maximum_and_never_overflows() -> None:
    scores = np.array([[900.0], [1000.0], [-1000.0]], np.float32)
    groups = np.zeros(3, np.int64)
    soft, hard = pooled(scores, groups, sharp(1e-4))[0, 0], pooled(scores, groups, sharp(1000.0))[0, 0]
    assert scores.mean() < soft < 350
    assert hard == pytest.approx(1000.0, abs=0.01)


def test_the_rule_has_a_name() -> None:
    assert pooling_words("max") == "maximum"
    assert pooling_words(sharp(5.0)) == "log-mean-exp of sharpness 5"
