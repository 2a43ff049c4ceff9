"""The plan of a scene: every pixel is decided by one tile, and weights add up."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.testing import tile_contract
from fieldpack.scenes.tiles import Tiles, hann_weights, plan_tiles


def planned(height: int, width: int, answer: int = 16, **tiling: object) -> Tiles:
    stated = tile_contract(tiling=tiling).inputs[0]
    assert isinstance(stated, RasterInput)
    return plan_tiles(stated, height, width, (answer, answer))


@pytest.mark.parametrize("length", [16, 17, 28, 29, 40, 41, 100, 101, 163])
@pytest.mark.parametrize("overlap", [2, 4, 8])
def test_every_pixel_is_decided_once_and_far_from_its_tiles_end(length: int, overlap: int) -> None:
    axis = planned(length, 16, overlap=overlap).rows
    decided = np.zeros(length, int)
    for number, start in enumerate(axis.starts):
        first, end = axis.own(number)
        decided[first:end] += 1
        assert start + (overlap // 2 if number else 0) <= first
        assert end <= start + 16 - (overlap // 2 if number < len(axis.starts) - 1 else 0)
    assert (decided == 1).all()
    assert axis.starts[-1] + 16 == max(length, 16)


@pytest.mark.parametrize("length", [17, 29, 41, 100, 163])
@pytest.mark.parametrize(("overlap", "margin"), [(4, 1), (8, 0), (7, 3)])
def test_hann_weights_leave_no_pixel_out_and_margins_unused(length: int, overlap: int, margin: int) -> None:
    axis = planned(length, 16, overlap=overlap, margin=margin, blend="hann").rows
    total = np.zeros(length)
    for number, start in enumerate(axis.starts):
        weights = hann_weights(axis, number, overlap, margin)
        if number:
            assert not weights[:margin].any()
        if number < len(axis.starts) - 1:
            assert not weights[16 - margin :].any()
        total[start : start + 16] += weights
    assert total.min() > 0.49
    regular = total[: axis.starts[-2] + 1] if len(axis.starts) > 1 else total
    assert np.allclose(regular, 1)


def test_a_small_scene_is_one_tile() -> None:
    tiles = planned(5, 300)
    assert (tiles.rows.starts, tiles.rows.span(0), tiles.rows.own(0)) == ((0,), (0, 5), (0, 5))
    assert tiles.count == len(tiles.columns.starts) == 25


def test_coarser_answers_drop_what_is_left_over() -> None:
    tiles = planned(63, 32, answer=8)
    assert (tiles.factor, tiles.rows.length, tiles.columns.length) == (2, 31, 16)


@pytest.mark.parametrize(
    ("answer", "tiling", "words"),
    [
        (7, {}, "a whole share of 16 by 16"),
        (0, {}, "a whole share"),
        (4, {"overlap": 6}, "this factor divides"),
        (8, {"overlap": 4, "blend": "hann"}, "3 pixels of the answer"),
    ],
)
def test_what_cannot_be_tiled_is_refused(answer: int, tiling: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        planned(64, 64, answer=answer, **tiling)
    assert words in str(caught.value)


def test_less_than_one_answer_is_refused() -> None:
    with pytest.raises(InputError, match="smaller than one pixel"):
        planned(1, 40, answer=8)
