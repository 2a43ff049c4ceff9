"""The head's fit ends where the convex objective has its minimum."""

import numpy as np

from fieldpack_reference_models.learning.head import fit_head, softmax


def test_the_slope_of_the_objective_is_zero_at_the_fit() -> None:
    dice = np.random.default_rng(0)
    labels = np.arange(300) % 3
    features = (dice.normal(size=(300, 5)) * 4 + labels[:, None] + 2).astype(np.float32)
    kernel, bias = fit_head(features, labels, 3, 0.05)
    spread = features.std(axis=0) + 1e-3
    miss = softmax(features @ kernel + bias) - np.eye(3, dtype=np.float32)[labels]
    slope = ((features - features.mean(axis=0)) / spread).T @ miss / 300 + 0.05 * kernel * spread[:, None]
    assert np.abs(slope).max() < 1e-4
    assert np.abs(miss.mean(axis=0)).max() < 1e-4
    assert np.abs(kernel).max() > 0.05


def test_separable_classes_are_told_apart() -> None:
    labels = np.arange(40) % 4
    features = np.eye(4, dtype=np.float32)[labels] * 10 + 3
    kernel, bias = fit_head(features, labels, 4, 0.001)
    assert np.array_equal((features @ kernel + bias).argmax(axis=1), labels)


def test_shares_of_large_logits_stay_finite() -> None:
    assert softmax(np.array([[1000.0, 1000.0, -1000.0]], np.float32)).tolist() == [[0.5, 0.5, 0.0]]
