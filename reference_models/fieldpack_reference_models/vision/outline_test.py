"""Geometry against the standard library's own trigonometry and hand-counted shapes."""

import math

import pytest

from fieldpack_reference_models.vision.outline import (
    cosine,
    curve,
    ellipse,
    grown,
    mirrored,
    ribbon,
    sine,
    stroke,
)


@pytest.mark.parametrize("turns", [k / 37 - 2.5 for k in range(190)])
def test_sine_and_cosine_agree_with_the_c_library(turns: float) -> None:
    assert sine(turns) == pytest.approx(math.sin(2 * math.pi * turns), abs=1e-7)
    assert cosine(turns) == pytest.approx(math.cos(2 * math.pi * turns), abs=1e-7)


def test_an_ellipse_has_its_half_axes() -> None:
    points = ellipse(1.0, 2.0, 3.0, 0.5, steps=16)
    assert max(x for x, _ in points) == pytest.approx(4.0)
    assert max(y for _, y in points) == pytest.approx(2.5)


def test_a_curve_starts_and_ends_where_told() -> None:
    points = curve((0, 0), (1, 5), (2, 0), steps=4)
    assert (points[0], points[2], points[-1]) == ((0, 0), (1, 2.5), (2, 0))


def test_a_stroke_is_a_trapezium_of_the_given_half_widths() -> None:
    assert stroke([(0, 0), (2, 0)], 0.5, 0.25) == [(0, 0.5), (2, 0.25), (2, -0.25), (0, -0.5)]


def test_a_ribbon_may_differ_on_its_two_sides() -> None:
    assert ribbon([(0, 0), (1, 0)], [1, 1], [2, 2]) == [(0, 1), (1, 1), (1, -2), (0, -2)]


def test_mirroring_and_growing_keep_the_rest() -> None:
    assert mirrored([(1, 2)]) == [(-1, 2)]
    assert grown([(3, 1)], 0.5, (1, 1)) == [(2, 1)]
