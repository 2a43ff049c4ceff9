"""The head first: softmax regression on the features of the untouched backbone.

A random head would send large gradients into good features. The fit is convex, so it has one
answer and needs no schedule: Nesterov's method on standardised features, from zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]


def fit_head(
    features: Real, labels: NDArray[np.int64], classes: int, decay: float, steps: int = 400
) -> tuple[Real, Real]:
    """Fit a linear head.

    Parameters
    ----------
    features : ndarray
        float32 [N, F].
    labels : ndarray
        int64 [N], 0..classes-1.
    classes : int
        Number of outputs.
    decay : float
        Weight of the squared norm of the kernel, for standardised features.
    steps : int
        Steps of the descent.

    Returns
    -------
    kernel : ndarray
        float32 [F, classes], for features as they are.
    bias : ndarray
        float32 [classes].
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    rows = np.hstack([(features - mean) / spread, np.ones((len(features), 1), np.float32)]).astype(np.float32)
    wanted = np.eye(classes, dtype=np.float32)[labels]
    penalty = np.full((rows.shape[1], 1), decay, np.float32)
    penalty[-1] = 0
    # Half of the largest eigenvalue bounds the curvature of softmax regression (Boehning 1992).
    rate = np.float32(1 / (0.5 * _largest_eigenvalue(rows) / len(rows) + decay))
    weights: Real = np.zeros((rows.shape[1], classes), np.float32)
    ahead = weights
    for step in range(steps):
        slope: Real = rows.T @ (softmax(rows @ ahead) - wanted) / np.float32(len(rows)) + penalty * ahead
        moved: Real = ahead - rate * slope
        ahead = moved + np.float32(step / (step + 3)) * (moved - weights)
        weights = moved
    kernel = weights[:-1] / spread[:, None]
    return kernel.astype(np.float32), (weights[-1] - mean @ kernel).astype(np.float32)


def softmax(scores: Real) -> Real:
    """Shares float32 [N, C] of logits [N, C]."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Real = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _largest_eigenvalue(rows: Real, rounds: int = 30) -> float:
    """Of ``rows.T @ rows``, by power iteration, a twentieth added for what is left to converge."""
    vector: Real = np.ones(rows.shape[1], np.float32)
    size = 1.0
    for _ in range(rounds):
        vector = rows.T @ (rows @ (vector / np.float32(np.linalg.norm(vector))))
        size = float(np.linalg.norm(vector))
    return size * 1.05
