"""Figures of heights: errors, bias by height, coverage, and the difference of two models by blocks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.contract import Contract
from fieldpack.estimates.conformal import fit_interval
from fieldpack.estimates.fit import IntervalFit
from fieldpack.estimates.intervals import interval_ends
from fieldpack.spec import load_spec

BINS_M = (0.5, 2.0, 5.0, 10.0)
DRAWS = 4000

Values = Mapping[str, NDArray[Any]]


def contract() -> Contract:
    """The contract of ``pack.toml``, which states the interval."""
    return load_spec(Path(__file__).with_name("pack.toml")).contract


def offset(values: Values, truth: NDArray[Any]) -> IntervalFit:
    """The conformal offset of the interval from calibration cells, as packing fits it."""
    stated = contract()
    return fit_interval(stated, stated.intervals[0], values, truth)


def covered(values: Values, truth: NDArray[Any], fit: IntervalFit) -> tuple[float, float]:
    """Share of the truth inside the interval, and the interval's mean width in metres."""
    stated = contract()
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    return float(np.mean((low <= truth) & (truth <= high))), float((high - low).mean())


def r_squared(truth: NDArray[Any], found: NDArray[Any]) -> float:
    """Share of the variance of the truth that is explained."""
    truth = truth.astype(np.float64)
    return float(1 - ((truth - found) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def errors(truth: NDArray[Any], found: NDArray[Any]) -> dict[str, Any]:
    """Cells, R2, RMSE, MAE and bias (m), and the bias by true height."""
    gap = found.astype(np.float64) - truth
    edges = (0.0, *BINS_M, np.inf)
    bins = [(low, high, (truth >= low) & (truth < high)) for low, high in itertools.pairwise(edges)]
    return {
        "cells": len(truth),
        "r2": round(r_squared(truth, found), 4),
        "rmse_m": round(float(np.sqrt(np.mean(gap**2))), 3),
        "mae_m": round(float(np.abs(gap).mean()), 3),
        "bias_m": round(float(gap.mean()), 3),
        "by_height_m": {
            f"{low:g} to {high:g}": {
                "cells": int(inside.sum()),
                "bias_m": round(float(gap[inside].mean()), 3),
            }
            for low, high, inside in bins
            if inside.any()
        },
    }


def difference(
    truth: NDArray[Any], first: NDArray[Any], second: NDArray[Any], blocks: NDArray[np.int64], seed: int
) -> dict[str, Any]:
    """R2 of the first less that of the second, with a paired bootstrap over blocks.

    Whole blocks are drawn with replacement, the same for both (Efron and Tibshirani 1993), 4000 times.
    """
    truth = truth.astype(np.float64)
    parts = np.stack([np.ones_like(truth), truth, truth**2, (truth - first) ** 2, (truth - second) ** 2])
    _, own = np.unique(blocks, return_inverse=True)
    sums = np.stack([np.bincount(own, part) for part in parts], axis=1)
    draws = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    count, total, squares, of_first, of_second = sums[draws].sum(axis=1).T
    gains = (of_second - of_first) / (squares - total**2 / count)
    low, high = np.quantile(gains, (0.025, 0.975))
    gain = r_squared(truth, first) - r_squared(truth, second)
    return {
        "r2_gain": round(gain, 4),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
        "blocks": len(sums),
    }


def share_interval(inside: NDArray[np.bool_], blocks: NDArray[np.int64], seed: int) -> list[float]:
    """95 % interval of a share of cells, by 4000 draws of whole blocks with replacement."""
    _, own = np.unique(blocks, return_inverse=True)
    sums = np.stack([np.bincount(own), np.bincount(own, inside)], axis=1)
    draws = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    count, right = sums[draws].sum(axis=1).T
    return [round(float(end), 4) for end in np.quantile(right / count, (0.025, 0.975))]
