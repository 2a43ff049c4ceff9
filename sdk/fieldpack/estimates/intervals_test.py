"""Ends of intervals, their refit, and what a refit promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.contract import Contract
from fieldpack.contract.estimates import Spread
from fieldpack.errors import ContractError, InputError
from fieldpack.estimates.conformal import fit_interval
from fieldpack.estimates.fit import IntervalFit
from fieldpack.estimates.intervals import as_stated, interval_ends, nonconformity, standard_deviation

BINS = [5.0, 15.0]


def output(name: str, **estimate: Any) -> dict[str, Any]:
    stated = {"quantity": "mass", **estimate}
    return {"name": name, "activation": "linear", "unit": "t", "estimate": stated}


def contract(kind: str, refit: str = "conformal", bins: list[float] | None = None) -> Contract:
    outputs = [
        output("low", kind="quantile", level=0.05),
        output("high", kind="quantile", level=0.95),
        output("mean", kind="mean"),
        output("spread", kind="spread", form="log_variance"),
    ]
    ends = {
        "quantiles": {"kind": "quantiles", "lower": "low", "upper": "high"},
        "mean_spread": {"kind": "mean_spread", "mean": "mean", "spread": "spread"},
    }[kind]
    interval = {"name": "range", "quantity": "mass", "coverage": 0.9, "ends": ends, "refit": refit}
    tensor = {"kind": "tensor", "name": "x", "shape": [2], "low": 0.0, "high": 1.0, "meaning": "made up"}
    fields = {"inputs": [tensor], "outputs": outputs, "intervals": [{**interval, "bins": bins or []}]}
    return Contract.model_validate(fields)


def world(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A model that is too sure of itself, the more so the larger the answer."""
    dice = np.random.default_rng(seed)
    mean = dice.uniform(0, 30, count)
    truth = mean + dice.normal(size=count) * (0.5 + 0.1 * mean)
    values = {"mean": mean, "low": mean - 1, "high": mean + 1, "spread": np.full(count, 2 * np.log(0.8))}
    return values, truth


def coverage(stated: Contract, fit: IntervalFit, seed: int, part: slice = slice(None)) -> float:
    values, truth = world(20_000, seed)
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    order = np.argsort(values["mean"])[part]
    return float(np.mean((low <= truth)[order] & (truth <= high)[order]))


@pytest.mark.parametrize("kind", ["quantiles", "mean_spread"])
@pytest.mark.parametrize("bins", [[], BINS])
def test_a_refit_covers_as_promised(kind: str, bins: list[float]) -> None:
    stated = contract(kind, bins=bins)
    assert coverage(stated, as_stated(stated.intervals[0]), 8) < 0.85
    values, truth = world(20_000, 7)
    truth[::5] = np.nan
    fit = fit_interval(stated, stated.intervals[0], values, truth)
    assert sum(fit.counts) == 16_000
    assert coverage(stated, fit, 8) == pytest.approx(0.9, abs=0.01)
    lowest = coverage(stated, fit, 8, slice(3000))
    assert (lowest == pytest.approx(0.9, abs=0.015)) is bool(bins)


def test_the_number_is_the_rank_of_the_paper() -> None:
    stated = contract("quantiles")
    values = {name: np.zeros(9) for name in ("low", "high", "mean", "spread")}
    values["mean"] -= 1
    fit = fit_interval(stated, stated.intervals[0], values, np.arange(9.0))
    assert fit.numbers == (8.0,)  # ceil(10 * 0.9) = 9, the largest of nine
    with pytest.raises(InputError, match="too few"):
        fit_interval(stated, stated.intervals[0], {k: v[:8] for k, v in values.items()}, np.arange(8.0))


def test_an_interval_may_shrink_as_far_as_the_point() -> None:
    stated = contract("quantiles")
    values = {"low": np.array([-4.0, -1.0]), "high": np.array([4.0, 2.0])}
    values |= {"mean": np.array([0.0, 1.5]), "spread": np.zeros(2)}
    fit = IntervalFit(interval="range", numbers=(-2.0,), counts=(10,))
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    assert (low.tolist(), high.tolist()) == ([-2, 1], [2, 1.5])
    # A refit knows that the point is inside: of these only the truth above it decides.
    truth = np.array([0.0, 2.0])
    assert nonconformity(stated, stated.intervals[0], values, truth).tolist() == [-np.inf, 0]


def test_without_a_point_ends_never_cross() -> None:
    whole = contract("quantiles")
    stated = whole.model_copy(update={"outputs": whole.outputs[:2]})
    values = {"low": np.array([-4.0, -1.0]), "high": np.array([4.0, 2.0])}
    fit = IntervalFit(interval="range", numbers=(-2.0,), counts=(10,))
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    assert (low.tolist(), high.tolist()) == ([-2, 0.5], [2, 0.5])
    assert low.dtype == np.float32


def test_a_bin_with_too_few_takes_the_number_of_all() -> None:
    stated = contract("quantiles", bins=BINS)
    values, truth = world(200, 1)
    values["mean"][values["mean"] > 15] = 14.0
    fit = fit_interval(stated, stated.intervals[0], values, truth)
    assert fit.counts[2] == 0
    whole = contract("quantiles")
    assert fit.numbers[2] == fit_interval(whole, whole.intervals[0], values, truth).numbers[0]


def test_a_value_on_an_end_belongs_to_the_bin_above() -> None:
    stated = contract("quantiles", bins=[5.0])
    values = {name: np.array([4.9, 5.0, np.nan]) for name in ("low", "high", "mean", "spread")}
    fit = IntervalFit(interval="range", numbers=(1.0, 2.0), counts=(9, 9))
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    assert (high - low)[:2].tolist() == pytest.approx([2, 4], abs=1e-5)
    assert np.isnan(low[2])


def test_without_a_refit_it_is_as_the_model_says() -> None:
    stated = contract("mean_spread", refit="none")
    values, truth = world(50, 1)
    fit = fit_interval(stated, stated.intervals[0], values, truth)
    assert fit.counts == (0,)
    low, high = interval_ends(stated, stated.intervals[0], fit, values)
    assert high - low == pytest.approx(np.full(50, 2 * 1.6448536 * 0.8), abs=1e-4)


@pytest.mark.parametrize(
    ("form", "given", "expected"),
    [
        ("std", [-1.0, 2.0], [0, 2]),
        ("variance", [-1.0, 4.0], [0, 2]),
        ("log_variance", [0.0, 2.0], [1, np.e]),
    ],
)
def test_a_spread_is_a_standard_deviation(form: str, given: list[float], expected: list[float]) -> None:
    spread = Spread.model_validate({"kind": "spread", "quantity": "mass", "form": form})
    assert standard_deviation(spread, np.array(given)).tolist() == pytest.approx(expected)


def test_what_does_not_fit_is_refused() -> None:
    stated = contract("quantiles", bins=BINS)
    values, truth = world(50, 1)
    with pytest.raises(ContractError, match="another number of bins"):
        interval_ends(stated, stated.intervals[0], as_stated(contract("quantiles").intervals[0]), values)
    with pytest.raises(InputError, match="another shape"):
        fit_interval(stated, stated.intervals[0], values, truth[:-1])
