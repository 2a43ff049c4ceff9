"""Painting: coverage equals area, premultiplied colour, placement and shifting by hand-made cases."""

import numpy as np
import pytest

from fieldpack_reference_models.vision.canvas import paint, placement, shifted, softened
from fieldpack_reference_models.vision.outline import ellipse

SQUARE = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]


def test_coverage_is_about_the_area() -> None:
    colour, coverage = paint(
        [(ellipse(0, 0, 1, 1, steps=60), (200.0, 100.0, 0.0))], placement(0.5, 0.5, 0.4, 0), 96
    )
    assert coverage.mean() == pytest.approx(np.pi * 0.16, rel=0.03)
    assert colour.shape == (3, 96, 96)
    assert colour[:, 48, 48].tolist() == [200, 100, 0]
    edge = (coverage > 0) & (coverage < 1)
    assert np.allclose(colour[0][edge], 200 * coverage[edge], atol=1)


def test_a_later_patch_covers_an_earlier_one() -> None:
    colour, _ = paint([(SQUARE, (255, 0, 0)), (SQUARE, (0, 0, 255))], placement(0.5, 0.5, 0.4, 0), 32)
    assert colour[:, 16, 16].tolist() == [0, 0, 255]


def test_placement_turns_clockwise_on_the_screen_then_moves() -> None:
    place = placement(0.25, 0.5, 0.1, 0.25)
    assert place.a * 1 + place.b * 0 + place.x0 == pytest.approx(0.25)
    assert place.c * 1 + place.d * 0 + place.y0 == pytest.approx(0.6)


def test_flip_mirrors_the_subject_before_the_turn() -> None:
    plain, flipped = placement(0, 0, 1, 0), placement(0, 0, 1, 0, flip=True)
    assert (flipped.a, flipped.d) == pytest.approx((-plain.a, plain.d))


def test_squeeze_shrinks_the_area_by_its_factor() -> None:
    place = placement(0, 0, 1, 0.13, squeeze=0.7, lean=0.2)
    assert place.a * place.d - place.b * place.c == pytest.approx(0.7)


def test_shifted_moves_and_fills_with_zero() -> None:
    plane = np.arange(9, dtype=np.float32).reshape(3, 3) + 1
    assert shifted(plane, 1, 0).tolist() == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
    assert shifted(plane, 0, -1).tolist() == [[4, 5, 6], [7, 8, 9], [0, 0, 0]]
    assert not shifted(plane, 5, 0).any()


def test_softened_keeps_the_mean_and_spreads_the_edge() -> None:
    plane = np.zeros((96, 96), dtype=np.float32)
    plane[24:72, 24:72] = 1
    soft = softened(plane)
    assert soft.mean() == pytest.approx(plane.mean(), abs=0.01)
    assert 0.05 < soft[48, 22] < 0.95
