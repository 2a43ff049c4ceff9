"""Thresholds that can be counted by hand, and the brute-force search."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.fitted import fitted_thresholds, one_hot


def f1_at(scores: np.ndarray, presence: np.ndarray, threshold: float) -> float:
    chosen = scores >= threshold
    return float(2 * (chosen & presence).sum() / max(1, chosen.sum() + presence.sum()))


def test_no_threshold_has_a_larger_f1() -> None:
    generator = np.random.default_rng(2)
    scores = np.round(generator.uniform(size=(60, 8)), 1).astype(np.float32)  # many ties
    presence = generator.uniform(size=scores.shape) < scores * 0.7
    presence[:, 0] = False
    fitted = fitted_thresholds(scores, presence, "f1")
    assert np.isnan(fitted[0])
    for label in range(1, 8):
        column, truth = scores[:, label], presence[:, label]
        best = max(f1_at(column, truth, float(candidate)) for candidate in column)
        assert f1_at(column, truth, float(fitted[label])) == pytest.approx(best)


def test_an_f1_threshold_lies_between_two_scores() -> None:
    scores = np.array([[0.1], [0.2], [0.6], [0.8]], np.float32)
    fitted = fitted_thresholds(scores, np.array([[False], [False], [True], [True]]), "f1")
    assert fitted[0] == np.float32(0.4)
    assert fitted_thresholds(scores, np.ones((4, 1), np.bool_), "f1")[0] == np.float32(0.1)


def test_lpt_is_the_fifth_percentile_at_presences() -> None:
    scores = np.linspace(0, 1, 101, dtype=np.float32)[:, None]
    presence = scores >= 0.5
    assert fitted_thresholds(scores, presence, "lpt_5")[0] == pytest.approx(0.525)


def test_single_labels_are_a_presence_each() -> None:
    assert one_hot(np.array([1, -1, 0]), 2).tolist() == [[False, True], [False, False], [True, False]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit"):
        fitted_thresholds(np.zeros((3, 2), np.float32), np.zeros((3, 1), np.bool_), "f1")
    with pytest.raises(InputError, match="NaN"):
        fitted_thresholds(np.full((3, 1), np.nan, np.float32), np.ones((3, 1), np.bool_), "f1")
