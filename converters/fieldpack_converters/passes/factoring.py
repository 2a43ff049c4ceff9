"""Two thin matrices in place of one, with the least error on the features that occur.

With features of mean m and covariance C = L L^T, the best B A of rank r for W comes from the largest
singular directions of W L (Hsu et al., "Language model compression with weighted low-rank factorization",
2022, with the whole covariance in place of a diagonal); the mean goes into the bias. Only K x K matrices
are decomposed, so the number of classes does not matter.

Between the two stands a random rotation: it spreads large and small directions evenly over the inner
channels, so that 8-bit rounding of either factor and of what passes between them costs little.
"""

from __future__ import annotations

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.grid import row_slices

_DAMPING = 1e-6


def factored(weights: Array, covariance: Array | None, rank: int, seed: int) -> tuple[Array, Array, float]:
    """First matrix [r, K], second [O, r], and the share of the answer's variance that is kept.

    Parameters
    ----------
    weights : ndarray
        float32 [O, K].
    covariance : ndarray or None
        float64 [K, K] of the features; None weights all directions alike (plain SVD).
    rank : int
        Width between the two.
    seed : int
        Of the rotation.
    """
    inputs = weights.shape[1]
    square = np.zeros((inputs, inputs))
    for rows in row_slices(weights.shape[0]):
        square += weights[rows].T @ weights[rows]
    lower = np.eye(inputs) if covariance is None else _root(covariance)
    values, vectors = np.linalg.eigh(lower.T @ square @ lower)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1][:, :rank]
    balance = np.maximum(values[:rank], values[0] * 1e-12) ** 0.25
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((rank, rank)))[0]
    first = rotation.T @ (balance[:, None] * np.linalg.solve(lower.T, vectors).T)
    into = (lower @ vectors / balance @ rotation).astype(np.float32)
    second = np.empty((weights.shape[0], rank), np.float32)
    for rows in row_slices(weights.shape[0]):
        second[rows] = weights[rows] @ into
    return first.astype(np.float32), second, float(values[:rank].sum() / values.sum())


def _root(covariance: Array) -> Array:
    damped = np.array(covariance, np.float64)
    damped[np.diag_indices_from(damped)] += _DAMPING * float(np.diag(damped).mean())
    return np.linalg.cholesky(damped)
