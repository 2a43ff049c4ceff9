"""Two thin matrices: best on the features that occur, exact where the rank suffices."""

from __future__ import annotations

import numpy as np

from fieldpack_converters.passes.factoring import factored

GENERATOR = np.random.default_rng(4)
FEATURES = GENERATOR.standard_normal((400, 6)) @ GENERATOR.standard_normal((6, 24)) + 0.05 * (
    GENERATOR.standard_normal((400, 24))
)
WEIGHTS = GENERATOR.standard_normal((50, 24)).astype(np.float32)
COVARIANCE = np.cov(FEATURES.T, bias=True)


def lost(first: np.ndarray, second: np.ndarray) -> float:
    centred = FEATURES - FEATURES.mean(axis=0)
    return float(np.square(centred @ (WEIGHTS - second @ first).T).mean())


def test_features_of_six_directions_need_rank_six() -> None:
    first, second, kept = factored(WEIGHTS, COVARIANCE, 6, 0)
    assert (first.shape, second.shape) == ((6, 24), (50, 6))
    answer = float(np.square((FEATURES - FEATURES.mean(axis=0)) @ WEIGHTS.T).mean())
    assert lost(first, second) < 0.01 * answer
    assert abs(lost(first, second) / answer - (1 - kept)) < 1e-4


def test_no_matrix_of_the_rank_loses_less() -> None:
    first, second, _ = factored(WEIGHTS, COVARIANCE, 4, 0)
    vectors = np.linalg.svd(WEIGHTS.astype(np.float64))[2][:4]
    plain = float(
        np.square((FEATURES - FEATURES.mean(axis=0)) @ (WEIGHTS - WEIGHTS @ vectors.T @ vectors).T).mean()
    )
    assert lost(first, second) < 0.5 * plain
    centred = FEATURES - FEATURES.mean(axis=0)
    values = np.linalg.svd(centred @ WEIGHTS.T.astype(np.float64), compute_uv=False)
    least = float(np.square(values[4:]).sum() / centred.shape[0] / WEIGHTS.shape[0])
    assert abs(lost(first, second) / least - 1) < 1e-3


def test_plain_weighting_is_the_truncated_svd() -> None:
    first, second, _ = factored(WEIGHTS, None, 5, 0)
    left, values, right = np.linalg.svd(WEIGHTS.astype(np.float64), full_matrices=False)
    np.testing.assert_allclose(second @ first, (left[:, :5] * values[:5]) @ right[:5], atol=1e-4)


def test_the_seed_turns_the_factors_and_not_their_product() -> None:
    one, two = factored(WEIGHTS, COVARIANCE, 5, 0), factored(WEIGHTS, COVARIANCE, 5, 1)
    assert np.abs(one[0] - two[0]).max() > 0.01
    np.testing.assert_allclose(one[1] @ one[0], two[1] @ two[0], atol=1e-4)
