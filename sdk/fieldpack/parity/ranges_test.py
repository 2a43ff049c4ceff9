"""Maps of a few cells, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.parity.ranges import Maps, range_figures, worst_ranges
from fieldpack.verdict import Evidence


def flags(*columns: str) -> np.ndarray:
    return np.array([[mark == "x" for mark in column] for column in columns]).T


SOURCE = flags("xxxx......", "xx........", "..........", "....xxxxx.")
FLAVOUR = flags("xxx.......", "..........", "..........", "....xxxxxx")
TRUTH = flags("xxxxx.....", "x.........", ".......x..", "....xxxxx.")


def figures(maps: Maps, blocks: np.ndarray | None = None) -> dict[str, tuple[float | None, object, object]]:
    found = range_figures(maps, blocks, Evidence.HOST)
    return {figure.name: (figure.value, figure.low, figure.high) for figure in found}


def test_overlap_leaves_out_labels_that_are_nowhere() -> None:
    found = figures(Maps(SOURCE, FLAVOUR, None))
    overlaps = [3 / 4, 0.0, 5 / 6]
    assert found["range_iou"][0] == pytest.approx(np.mean(overlaps))
    assert found["range_iou_p5"][0] == pytest.approx(np.percentile(overlaps, 5))
    assert found["range_iou_smallest"][0] == 0.0  # one of three, that of two cells
    assert found["nearby_flips"][0] == pytest.approx((1 + 2 + 1) / (4 + 2 + 6))
    assert "range_f1_drop" not in found


def test_f1_and_flips_are_told_against_a_truth() -> None:
    found = figures(Maps(SOURCE, FLAVOUR, TRUTH))
    first = [8 / 9, 2 / 3, 0.0, 1.0]
    second = [6 / 8, 0.0, 0.0, 10 / 11]
    drops = np.subtract(first, second)
    assert found["source_range_f1"][0] == pytest.approx(np.mean(first))
    assert found["flavour_range_f1"][0] == pytest.approx(np.mean(second))
    assert found["range_f1_drop"][0] == pytest.approx(drops.mean())
    assert found["range_f1_drop_p95"][0] == pytest.approx(np.percentile(drops, 95))
    assert found["nearby_flips"][0] == pytest.approx(2 / 12)


def test_bounds_hold_the_estimate_and_widen_with_groups() -> None:
    generator = np.random.default_rng(4)
    source = np.repeat(generator.uniform(size=(30, 40)) < 0.5, 10, axis=0)
    other = source ^ np.repeat(generator.uniform(size=(30, 40)) < 0.05, 10, axis=0)
    alone = figures(Maps(source, other, None))
    grouped = figures(Maps(source, other, None), np.repeat(np.arange(30), 10))
    for name, (value, low, high) in grouped.items():
        assert low <= value <= high  # type: ignore[operator]
        assert high - low > alone[name][2] - alone[name][1]  # type: ignore[operator]


def test_too_few_groups_bound_nothing() -> None:
    found = figures(Maps(SOURCE, FLAVOUR, None), np.repeat([0, 1], 5))
    assert found["range_iou"][1:] == (0.0, 1.0)


def test_thresholds_of_each_decide_and_broken_scores_reach_none() -> None:
    scores = np.array([[0.2, 0.6], [0.5, np.nan]], np.float32)
    maps = Maps.of(scores, scores, ([0.2, 0.7], [0.3, 0.5]), None)
    assert maps.source.tolist() == [[True, False], [True, False]]
    assert maps.flavour.tolist() == [[False, True], [True, False]]


def test_the_worst_maps_come_first() -> None:
    changes = worst_ranges(Maps(SOURCE, FLAVOUR, TRUTH))
    assert [change.index for change in changes] == [1, 0, 3]
    assert changes[0].as_dict() == {
        "index": 1,
        "source_places": 2,
        "flavour_places": 0,
        "iou": 0.0,
        "source_f1": pytest.approx(2 / 3),
        "flavour_f1": 0.0,
    }
    assert worst_ranges(Maps(SOURCE, FLAVOUR, None))[0].source_f1 is None
