from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.data.prepared import Prepared
from fieldpack.data.separation import BLANK, check_apart, range_warnings
from fieldpack.errors import SpecError


def prepared(array: NDArray[Any], prefix: str = "e") -> Prepared:
    ids = [f"{prefix}{number}" for number in range(len(array))]
    return Prepared(ids, {"x": array}, None, np.arange(len(array)))


def pictures(count: int, seed: int, low: int = 0, high: int = 256) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(low, high, (count, 6, 6, 3)).astype(np.uint8)


def test_sets_without_a_common_example_pass() -> None:
    check_apart(prepared(pictures(20, 0)), prepared(pictures(20, 1), "c"), "calibration")


def test_a_copy_under_another_name_is_found_and_named() -> None:
    evaluation, other = pictures(20, 0), pictures(20, 1)
    other[[3, 7]] = evaluation[[5, 11]]
    with pytest.raises(SpecError) as caught:
        check_apart(prepared(evaluation), prepared(other, "t"), "training")
    text = str(caught.value)
    assert "[data.training]" in text
    assert "2 of 20: e5 (there t3), e11 (there t7)" in text


def test_one_changed_pixel_is_another_example() -> None:
    evaluation = pictures(4, 0)
    other = evaluation.copy()
    other[:, 0, 0, 0] ^= 1
    check_apart(prepared(evaluation), prepared(other), "calibration")


def test_silence_in_both_sets_is_no_common_example() -> None:
    sounds = np.random.default_rng(0).normal(size=(8, BLANK)).astype(np.float32)
    evaluation, other = sounds[:4].copy(), sounds[4:].copy()
    evaluation[1], other[[0, 2]] = 0, 0
    check_apart(prepared(evaluation), prepared(other, "t"), "calibration")
    other[3] = evaluation[2]
    with pytest.raises(SpecError, match=r"1 of 4: e2 \(there t3\)"):
        check_apart(prepared(evaluation), prepared(other, "t"), "calibration")


def test_a_few_equal_values_are_an_example_like_any_other() -> None:
    places = np.array([[0, 0], [12, 40]], np.float32)
    with pytest.raises(SpecError, match="1 of 2: e0"):
        check_apart(prepared(places), prepared(places[:1], "t"), "training")


def test_like_sets_give_no_warning() -> None:
    assert range_warnings(prepared(pictures(40, 0)), prepared(pictures(40, 1))) == []


def test_a_single_example_is_told() -> None:
    (warning,) = range_warnings(
        prepared(np.full((9, 2, 2, 3), 7, np.uint8)), prepared(np.full((1, 2, 2, 3), 7, np.uint8))
    )
    assert "1 example(s)" in warning


def test_a_narrow_calibration_is_told_by_channel_with_figures() -> None:
    calibration = pictures(40, 1)
    calibration[..., 1] = calibration[..., 1] // 4 + 96
    (warning,) = range_warnings(prepared(pictures(40, 0)), prepared(calibration))
    assert "channel 1" in warning
    assert "calibration 96 to 159" in warning
    assert "evaluation 0 to 255" in warning


def test_other_means_inside_the_range_are_told() -> None:
    calibration = np.full((40, 6, 6, 3), 250, np.uint8)
    calibration[0, 0], calibration[0, 1] = 0, 255
    warnings = range_warnings(prepared(pictures(40, 0)), prepared(calibration))
    assert len(warnings) == 3
    assert all("other means" in warning for warning in warnings)


def test_scaled_pictures_beside_raw_ones_are_told() -> None:
    raw = pictures(40, 0).astype(np.float32)
    assert len(range_warnings(prepared(raw), prepared(raw / 255))) == 3
