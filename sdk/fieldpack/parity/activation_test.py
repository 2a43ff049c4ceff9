"""Probabilities and divergences against direct formulas and scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.activation import (
    CLIP,
    Activation,
    divergence,
    known_activation,
    largest_divergence,
    probabilities,
)


def test_softmax_of_raw_scores_only() -> None:
    scores = np.array([[1000.0, 1001.0, 1002.0]])
    expected = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    for kind in (Activation.LINEAR, Activation.LOGITS):
        assert probabilities(scores, kind)[0] == pytest.approx(expected)
    for kind in (Activation.SOFTMAX, Activation.SIGMOID):
        assert probabilities(scores, kind) is scores


def test_divergence_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install scipy")
    p, q = np.random.default_rng(0).dirichlet(np.ones(6), size=(2, 20))
    assert divergence(p, q, Activation.SOFTMAX) == pytest.approx(stats.entropy(p, q, axis=1), abs=1e-5)


def test_divergence_has_a_direction() -> None:
    p, q = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    expected = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert divergence(p, q, Activation.SOFTMAX)[0] == pytest.approx(expected, abs=1e-6)
    assert divergence(q, p, Activation.SOFTMAX)[0] != pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("kind", [Activation.SOFTMAX, Activation.SIGMOID])
@pytest.mark.parametrize("outputs", [2, 5, 1000])
def test_worst_case_is_the_stated_one(kind: Any, outputs: Any) -> None:
    p, q = np.zeros((1, outputs)), np.zeros((1, outputs))
    p[0, 0] = q[0, 1] = 1.0
    if kind is Activation.SIGMOID:
        p[:], q[:] = 1.0, 0.0
    worst, limit = float(divergence(p, q, kind)[0]), largest_divergence(outputs, kind)
    assert 0.99 * limit <= worst <= limit


def test_quantised_probabilities_that_do_not_sum_to_one_stay_non_negative() -> None:
    random = np.random.default_rng(1)
    p = random.dirichlet(np.ones(50) * 0.1, size=200)
    q = np.round(p * 255) / 256
    values = divergence(p, q, Activation.SOFTMAX)
    assert np.all(values >= 0)
    assert np.all(np.isfinite(values))
    assert np.all(divergence(q * 1.1, q, Activation.SOFTMAX) == pytest.approx(0, abs=1e-4))


def test_clip_is_what_is_documented() -> None:
    value = divergence(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), Activation.SOFTMAX)[0]
    assert value == pytest.approx(-math.log(CLIP), rel=1e-5)


def test_words() -> None:
    assert known_activation("linear") is Activation.LINEAR
    with pytest.raises(InputError, match="relu"):
        known_activation("relu")
