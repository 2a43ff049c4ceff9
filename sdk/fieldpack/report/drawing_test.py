"""Scales and the placing of labels."""

from __future__ import annotations

import itertools

import pytest

from fieldpack.report.placement import WIDTHS, Spot, label_box, place_labels
from fieldpack.report.scale import Scale, log_ticks, straight_ticks


def test_a_logarithmic_scale_is_even_in_ratios() -> None:
    scale = Scale(100.0, 10_000.0, logarithmic=True)
    assert [scale.share(value) for value in (100, 1000, 10_000)] == pytest.approx([0, 0.5, 1])
    assert scale.percent(1000) == "50.00%"


def test_values_outside_stay_at_the_ends() -> None:
    assert [Scale(0, 2).share(value) for value in (-5, 1, 9)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("ends", "most", "ticks"),
    [
        ((0.59, 1.0), 6, [0.6, 0.7, 0.8, 0.9, 1.0]),
        ((-0.03, 0.031), 5, [-0.02, 0.0, 0.02]),
        ((0.0, 1.0), 6, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_straight_ticks_are_round(ends: tuple[float, float], most: int, ticks: list[float]) -> None:
    assert straight_ticks(*ends, most) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((4e5, 2.6e6), [5e5, 1e6, 2e6]),
        ((1.1e6, 4.5e6), [2e6, 3e6, 4e6]),
        ((1e3, 1e9), [1e3, 1e5, 1e7, 1e9]),
    ],
)
def test_log_ticks_are_round(ends: tuple[float, float], ticks: list[float]) -> None:
    assert log_ticks(*ends, 5) == pytest.approx(ticks)


CROWDS = {
    "apart": [(0.1, 60.0), (0.5, 160.0), (0.9, 260.0)],
    "one size": [(0.5, 90.0), (0.5, 130.0), (0.5, 170.0)],
    "one place": [(0.3, 120.0), (0.31, 121.0), (0.32, 122.0)],
    "at the edges": [(0.02, 30.0), (0.98, 30.0), (0.02, 290.0), (0.98, 290.0)],
    "six": [(0.08, 60.0), (0.1, 64.0), (0.45, 62.0), (0.5, 130.0), (0.9, 60.0), (0.93, 200.0)],
}


@pytest.mark.parametrize("name", CROWDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_labels_cover_neither_each_other_nor_a_point(name: str, width: float) -> None:
    spots = [Spot(x, y, y - 12, y + 12, ("tflite-int8-name", "67.9 % · 579 kB")) for x, y in CROWDS[name]]
    places = place_labels(spots, 320.0, [])
    boxes = [label_box(spot, place, width) for spot, place in zip(spots, places, strict=True)]
    for one, other in itertools.combinations(boxes, 2):
        assert not _meet(one, other)
    for spot in spots:
        x = spot.share * width
        point = (x - 6, spot.y - 6, x + 6, spot.y + 6)
        assert not [box for box in boxes if _meet(box, point)]
    assert all(box[1] >= -1 and box[3] <= 321 for box in boxes)
    assert all(box[0] >= -1 and box[2] <= width + 8 for box in boxes)


def test_a_reserved_band_stays_free() -> None:
    spot = Spot(0.5, 50.0, 50.0, 50.0, ("name", "figures"))
    (place,) = place_labels([spot], 320.0, [(30.0, 70.0)])
    _, top, _, bottom = label_box(spot, place, 310.0)
    assert bottom <= 30 or top >= 70


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
