"""Tensor error by hand, and the ends of its scale."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity.tensor import compare_tensors


def test_by_hand() -> None:
    error = compare_tensors([[3.0, 4.0]], [[3.0, 4.5]])
    assert error.sqnr_db == pytest.approx(20.0)  # 25 / 0.25
    assert error.max_abs_error == 0.5
    assert error.mean_abs_error == 0.25
    assert error.cosine == pytest.approx((9 + 18) / 5 / math.hypot(3, 4.5))
    assert (error.size, error.finite) == (2, True)


@pytest.mark.parametrize("bits", [6, 8, 10])
def test_rounding_gives_six_decibels_a_bit(bits: Any) -> None:
    signal = np.random.default_rng(0).uniform(-1, 1, size=50_000)
    step = 2 / 2**bits
    error = compare_tensors(signal, np.round(signal / step) * step)
    assert error.sqnr_db == pytest.approx(6.02 * bits, abs=0.1)


def test_ends_of_the_scale() -> None:
    assert compare_tensors([1.0, 2.0], [1.0, 2.0]).sqnr_db == math.inf
    assert compare_tensors([0.0, 0.0], [0.0, 0.0]).sqnr_db == math.inf
    assert compare_tensors([0.0, 0.0], [0.0, 1.0]).sqnr_db == -math.inf
    assert compare_tensors([0.0, 0.0], [0.0, 1.0]).cosine is None
    assert compare_tensors(np.zeros((0, 3)), np.zeros((0, 3))).sqnr_db is None


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_broken(broken: Any) -> None:
    error = compare_tensors([1.0, 2.0], [1.0, broken])
    assert not error.finite
    assert error.max_abs_error is not None
    assert math.isnan(error.max_abs_error)
    assert json.loads(json.dumps(error.as_dict(), allow_nan=False))["sqnr_db"] == "nan"


def test_integers_do_not_wrap_around() -> None:
    error = compare_tensors(np.array([-128], dtype=np.int8), np.array([127], dtype=np.int8))
    assert error.max_abs_error == 255


def test_shapes_must_match() -> None:
    with pytest.raises(InputError):
        compare_tensors([1.0, 2.0], [[1.0, 2.0]])
