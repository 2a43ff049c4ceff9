"""The plan of a scene: every pixel is decided by one tile, and weights add up."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.testing import tile_contract
from fieldpack.scenes.tiles import Tiles, hann_weights, plan_tiles, seen_lines


def planned(height: int, width: int, answer: int = 16, **tiling: object) -> Tiles:
    stated = tile_contract(tiling={"alignment": 16 // (answer or 16), **tiling}).inputs[0]
    assert isinstance(stated, RasterInput)
    return plan_tiles(stated, height, width, (answer, answer))


@pytest.mark.parametrize("length", [5, 16, 17, 28, 29, 40, 41, 100, 101, 163])
@pytest.mark.parametrize(("overlap", "margin"), [(2, 1), (4, 1), (7, 3), (8, 0)])
def test_every_pixel_is_decided_once_and_far_from_its_tiles_ends(
    length: int, overlap: int, margin: int
) -> None:
    axis = planned(length, 16, overlap=overlap, margin=margin).rows
    decided = np.zeros(length, int)
    for number, start in enumerate(axis.starts):
        first, end = axis.own(number)
        decided[first:end] += 1
        assert 0 <= first < end <= length
        assert start + margin <= first
        assert end <= start + 16 - margin
    assert (decided == 1).all()


@pytest.mark.parametrize("length", [5, 17, 41, 163])
@pytest.mark.parametrize(("overlap", "margin"), [(2, 1), (7, 3), (8, 0), (8, 3)])
def test_every_step_is_the_same_and_no_tile_is_idle(length: int, overlap: int, margin: int) -> None:
    grid = 16 - overlap if overlap == 7 else 2
    starts = planned(length, 16, overlap=overlap, margin=margin, alignment=grid).rows.starts
    assert starts[0] == -grid * -(-margin // grid)
    assert not any(start % grid for start in starts)
    assert set(np.diff(starts).tolist()) <= {16 - overlap}
    assert starts[-1] + 16 >= length + margin
    assert len(starts) == 1 or starts[-2] + 16 < length + margin


@pytest.mark.parametrize("length", [17, 29, 41, 100, 163])
@pytest.mark.parametrize(("overlap", "margin"), [(4, 1), (8, 0), (7, 3)])
def test_hann_weights_leave_no_pixel_out_and_margins_unused(length: int, overlap: int, margin: int) -> None:
    axis = planned(length, 16, overlap=overlap, margin=margin, blend="hann").rows
    total = np.zeros(length)
    for number in range(len(axis.starts)):
        weights = hann_weights(axis, number, overlap, margin)
        if number:
            assert not weights[:margin].any()
        if number < len(axis.starts) - 1:
            assert not weights[16 - margin :].any()
        first, end = axis.span(number)
        total[first:end] += weights[axis.inner(number)]
    assert np.allclose(total, 1)


def test_a_small_scene_is_one_tile() -> None:
    tiles = planned(5, 300)
    assert (tiles.rows.starts, tiles.rows.span(0), tiles.rows.own(0)) == ((-1,), (0, 5), (0, 5))
    assert tiles.rows.inner(0) == slice(1, 6)
    assert tiles.count == len(tiles.columns.starts) == 25


@pytest.mark.parametrize("length", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("start", [-11, -1, 0, 3, 35])
def test_lines_beyond_are_mirrored_as_numpy_does(length: int, start: int) -> None:
    if start >= length:
        start = length - 1
    seen = seen_lines(start, 24, length)
    wide = np.pad(np.arange(length), (11, 60), mode="reflect" if length > 1 else "edge")
    assert np.array_equal(seen.first + seen.places, wide[11 + start : 11 + start + 24])
    assert seen.beyond.tolist() == [not 0 <= line < length for line in range(start, start + 24)]
    assert 0 <= seen.first < seen.end <= length
    assert seen.end - seen.first <= 24


def test_coarser_answers_drop_what_is_left_over() -> None:
    tiles = planned(63, 32, answer=8)
    assert (tiles.factor, tiles.rows.length, tiles.columns.length) == (2, 31, 16)


@pytest.mark.parametrize(
    ("answer", "tiling", "words"),
    [
        (7, {}, "a whole share of 16 by 16"),
        (0, {}, "a whole share"),
        (4, {"overlap": 6, "alignment": 2}, "this factor divides"),
        (8, {"alignment": 1}, "alignment 1"),
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
