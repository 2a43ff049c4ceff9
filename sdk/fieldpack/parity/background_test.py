"""Firing where there is nothing: counted by hand, paired, and never hidden by a broken number."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.background import compare_background
from fieldpack.parity.record import Parity
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.paired import paired_drop

QUIET, LOUD = [0.1, 0.2], [0.1, 0.7]


def figures(parity: Parity) -> dict[str, tuple[float | None, float | None, float | None]]:
    return {figure.name: (figure.value, figure.low, figure.high) for figure in parity.figures}


def test_shares_and_the_rise_are_counted() -> None:
    source = [LOUD] * 3 + [QUIET] * 17
    flavour = [QUIET] + [LOUD] * 6 + [QUIET] * 13
    found = figures(compare_background(source, flavour, 0.7))
    before, after, rise = clopper_pearson(3, 20), clopper_pearson(6, 20), paired_drop(4, 1, 20)
    assert found["source_background_fires"] == pytest.approx((0.15, before.low, before.high))
    assert found["background_fires"] == pytest.approx((0.3, after.low, after.high))
    assert found["background_fires_rise"] == pytest.approx((0.15, rise.low, rise.high))


def test_a_broken_flavour_score_fires() -> None:
    parity = compare_background([QUIET] * 10, [[np.nan, 0.1]] + [QUIET] * 9, 0.7)
    assert figures(parity)["background_fires"][0] == pytest.approx(0.1)
    assert not parity.finite


def test_groups_widen_the_bounds() -> None:
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(10), 20)
    source = generator.random((200, 3)) * 0.6
    flavour = np.where(np.isin(groups, [1, 4])[:, None], 0.9, source)
    single = figures(compare_background(source, flavour, 0.7))["background_fires_rise"]
    grouped = figures(compare_background(source, flavour, 0.7, blocks=groups))["background_fires_rise"]
    assert grouped[0] == single[0] == pytest.approx(0.2)
    assert grouped[2] > single[2]  # type: ignore[operator]


@pytest.mark.parametrize("shape", [(4,), (4, 2, 2)])
def test_scores_are_one_row_an_example(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        compare_background(np.zeros(shape), np.zeros(shape), 0.5)
