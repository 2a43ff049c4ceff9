"""Bootstrap: against the normal law, blocks, strata, rare classes, seeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.statistics import bootstrap
from fieldpack.statistics.bootstrap import (
    bootstrap_macro_mean,
    bootstrap_mean,
    effective_size,
    macro_weights,
)


def test_matches_the_normal_law_on_many_items() -> None:
    values = np.random.default_rng(1).normal(2.0, 3.0, size=4000)
    bounds = bootstrap_mean(values)
    half = 1.6449 * values.std() / math.sqrt(len(values))
    assert bounds.estimate == pytest.approx(values.mean())
    assert bounds.high - bounds.estimate == pytest.approx(half, rel=0.06)
    assert bounds.estimate - bounds.low == pytest.approx(half, rel=0.06)
    assert bounds.n == 4000


def test_agrees_with_a_plain_loop() -> None:
    values = np.random.default_rng(2).exponential(size=60)
    generator = np.random.default_rng(99)
    means = [generator.choice(values, size=60).mean() for _ in range(4000)]
    bounds = bootstrap_mean(values, resamples=4000)
    assert bounds.low == pytest.approx(np.quantile(means, 0.05), abs=0.02)
    assert bounds.high == pytest.approx(np.quantile(means, 0.95), abs=0.02)


@pytest.mark.parametrize(("n", "least"), [(50, 0.88), (200, 0.91)])
def test_upper_bound_covers_a_skewed_mean(n: Any, least: Any) -> None:
    """Log-normal contributions, as divergences are; percentiles alone reach 0.85 and 0.90."""
    random = np.random.default_rng(17)
    bounds = [bootstrap_mean(random.lognormal(0, 1, n), resamples=200) for _ in range(400)]
    assert np.mean([b.high >= math.exp(0.5) for b in bounds]) >= least
    assert np.mean([b.low <= math.exp(0.5) for b in bounds]) >= 0.95


def test_bounds_stay_in_the_possible_range() -> None:
    values = np.zeros(30)
    values[0] = 1.0
    bounds = bootstrap_mean(values, support=(0.0, 1.0))
    assert bounds.low == 0.0
    mirrored = bootstrap_mean(1 - values, support=(0.0, 1.0))
    assert mirrored.high == pytest.approx(1.0)
    assert mirrored.high <= 1.0


def test_same_seed_same_bounds_and_other_seed_other_bounds() -> None:
    values = np.random.default_rng(3).random(50)
    assert bootstrap_mean(values) == bootstrap_mean(values)
    assert bootstrap_mean(values) != bootstrap_mean(values, seed=1)


def test_chunks_do_not_matter(monkeypatch: Any) -> None:
    values = np.random.default_rng(3).random(50)
    classes = np.arange(50) % 4
    whole = bootstrap_mean(values), bootstrap_macro_mean(values, classes)
    monkeypatch.setattr(bootstrap, "CELLS_A_CHUNK", 50 * 7)
    assert (bootstrap_mean(values), bootstrap_macro_mean(values, classes)) == whole


def test_blocks_widen_when_items_of_a_block_agree() -> None:
    random = np.random.default_rng(4)
    sites = np.repeat(np.arange(40), 25)
    values = np.repeat(random.normal(size=40), 25)
    by_item, by_site = bootstrap_mean(values), bootstrap_mean(values, blocks=sites)
    ratio = (by_site.high - by_site.low) / (by_item.high - by_item.low)
    assert ratio == pytest.approx(5, rel=0.15)  # sqrt(25)
    assert by_site.n == 40
    assert by_site.estimate == pytest.approx(by_item.estimate)


def test_block_names_do_not_matter() -> None:
    values = np.random.default_rng(5).random(30)
    numbers = np.arange(30) // 3
    assert bootstrap_mean(values, blocks=numbers) == bootstrap_mean(values, blocks=numbers * 7 - 100)
    assert bootstrap_mean(values, blocks=[f"site {k}" for k in range(30)]).n == 30


def test_strata_remove_the_spread_between_classes() -> None:
    classes = np.repeat([0, 1], 200)
    values = classes * 10.0 + np.random.default_rng(6).normal(size=400)
    free, stratified = bootstrap_mean(values), bootstrap_mean(values, strata=classes)
    assert (free.high - free.low) / (stratified.high - stratified.low) > 3
    assert stratified.high - stratified.estimate == pytest.approx(1.6449 / 20, rel=0.1)


def test_macro_mean_weighs_classes_alike() -> None:
    values, classes = [1.0] * 90 + [0.0] * 10, [0] * 90 + [1] * 10
    bounds = bootstrap_macro_mean(values, classes)
    assert bounds.estimate == pytest.approx(0.5)
    assert [bounds.low, bounds.high] == pytest.approx([0.5, 0.5])
    assert macro_weights(classes)[[0, 99]] == pytest.approx([1 / 180, 1 / 20])


def test_single_items_of_rare_classes_still_vary() -> None:
    values = np.tile([1.0, 0.0], 100)
    bounds = bootstrap_macro_mean(values, np.arange(200))
    assert bounds.high - bounds.low == pytest.approx(2 * 1.6449 * 0.5 / math.sqrt(200), rel=0.1)


def test_macro_blocks() -> None:
    random = np.random.default_rng(8)
    classes = np.repeat(np.arange(10), 30)
    values = random.random(300)
    by_item = bootstrap_macro_mean(values, classes)
    by_block = bootstrap_macro_mean(values, classes, blocks=np.arange(300))
    assert by_block.estimate == pytest.approx(by_item.estimate)
    assert by_block.high - by_block.low == pytest.approx(by_item.high - by_item.low, rel=0.15)


@pytest.mark.parametrize("size", [0, 1, 4])
def test_too_few_units_know_only_the_possible_range(size: Any) -> None:
    bounds = bootstrap_mean(np.full(size, 0.25), support=(-1, 1))
    assert (bounds.low, bounds.high, bounds.n) == (-1, 1, size)
    assert math.isnan(bounds.estimate) if size == 0 else bounds.estimate == 0.25
    few = bootstrap_mean(np.full(100, 0.25), blocks=np.arange(100) % 4, support=(-1, 1))
    assert (few.low, few.high) == (-1, 1)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_broken_contribution_breaks_the_mean(broken: Any) -> None:
    assert math.isnan(bootstrap_mean([*range(20), broken]).estimate)
    assert math.isnan(bootstrap_macro_mean([*range(20), broken], np.zeros(21)).estimate)


@settings(max_examples=25)
@given(st.lists(st.floats(-100, 100), min_size=5, max_size=60), st.integers(1, 6))
def test_properties(values: Any, kinds: Any) -> None:
    classes = np.arange(len(values)) % kinds
    for bounds in (
        bootstrap_mean(values, resamples=200),
        bootstrap_macro_mean(values, classes, resamples=200),
    ):
        assert bounds.low <= bounds.estimate <= bounds.high
        assert min(values) - 1e-9 <= bounds.estimate <= max(values) + 1e-9
    by_hand = np.mean([np.mean(np.asarray(values)[classes == k]) for k in np.unique(classes)])
    assert bootstrap_macro_mean(values, classes, resamples=10).estimate == pytest.approx(by_hand, abs=1e-9)


def test_effective_size() -> None:
    assert effective_size(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_size([1.0, 0.0, 0.0]) == pytest.approx(1)
    assert effective_size([]) == 0


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError):
        bootstrap_mean([1.0, 2.0], blocks=[1])
    with pytest.raises(InputError):
        bootstrap_mean([1.0, 2.0], blocks=[1, 2], strata=[1, 2])
    with pytest.raises(InputError):
        bootstrap_macro_mean([1.0, 2.0], [1])
    with pytest.raises(InputError):
        bootstrap_macro_mean([1.0, 2.0], [1], blocks=[1, 2])
    with pytest.raises(InputError):
        bootstrap_mean([[1.0, 2.0]])


def test_blocks_of_one_class_are_drawn_within_it() -> None:
    classes = np.repeat([0, 1], [150, 50])
    values = classes * 10.0 + np.random.default_rng(9).normal(size=200)
    mixed = np.arange(200) % 40
    kept = bootstrap_macro_mean(values, classes, blocks=np.arange(200) // 5)
    loose = bootstrap_macro_mean(values, classes, blocks=mixed)
    assert kept.n == loose.n == 40
    assert kept.high - kept.low < 0.5
    assert kept.estimate == pytest.approx(loose.estimate)
