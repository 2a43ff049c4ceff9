from __future__ import annotations

import numpy as np
import pytest

from fieldpack_benchmarks.studies import gates


@pytest.mark.parametrize("blocks", [False, True])
def test_the_populations_are_what_they_say(blocks: bool) -> None:
    same, cancelling, losing = (make(blocks) for make in (gates.unchanged, gates.cancelling, gates.losing))
    assert (same.source == same.flavour).all()
    for population, drop in ((cancelling, 0.0), (losing, 0.04)):
        right = [
            scores.argmax(axis=1) == population.labels for scores in (population.source, population.flavour)
        ]
        assert right[0].mean() - right[1].mean() == pytest.approx(drop, abs=0.004)
    on_limits = gates.on_limits(blocks)
    assert on_limits.limits["top1_drop"][0] == cancelling.limits["top1_drop"][0] - gates.MARGIN
    assert on_limits.limits["nll_rise"][0] != 0
    limit, _ = losing.limits["top1_drop"]
    assert limit == pytest.approx(0.02, abs=0.002)


def test_groups_lose_together() -> None:
    population = gates.losing(True)
    changed = population.source.argmax(axis=1) != population.flavour.argmax(axis=1)
    by_group = changed.reshape(-1, gates.BLOCK).sum(axis=1)
    assert (by_group >= 2).sum() > 10 * np.square(changed.mean()) * len(by_group)


def test_the_quick_sample_reaches_its_bars() -> None:
    record = gates.study(True, lambda stage, done: None)
    assert len(record.bars) == 10
    assert all(bar.holds for bar in record.bars)
    assert {row["limit"] for row in record.rows if row["truth"] == gates.ON_LIMITS} >= {
        gates.BUDGET,
        gates.UNCORRECTED,
    }
    by_budget = {
        name: [row["fail"] for row in record.rows if row["limit"] == name]
        for name in (gates.BUDGET, gates.UNCORRECTED)
    }
    pairs = zip(by_budget[gates.BUDGET], by_budget[gates.UNCORRECTED], strict=True)
    assert all(float(str(first)) <= float(str(second)) for first, second in pairs)
    same = [row for row in record.rows if row["truth"] == "the same"]
    assert all(row["fail"] == 0 for row in same)
    assert {row["pass"] for row in same if row["limit"] == "nll_rise"} == {1.0}
