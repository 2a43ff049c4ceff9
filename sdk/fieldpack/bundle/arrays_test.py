"""Golden arrays against numpy's own reader and writer."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.bundle.arrays import array_facts, npy_bytes, read_array
from fieldpack.errors import BundleError

ARRAYS: list[Any] = [
    np.arange(20, dtype=np.float32).reshape(5, 4) / 3,
    np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3),
    np.array([1.5], np.float32),
    np.zeros((3, 0), np.float32),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.arange(6, dtype=">f4").reshape(2, 3),
    np.arange(12, dtype=np.float32)[::2],
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_numpy_reads_what_we_write(array: Any) -> None:
    data = npy_bytes(array)
    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    np.testing.assert_array_equal(loaded, array)
    assert array_facts(data, "x").offset % 64 == 0
    again = read_array(data, "x")
    np.testing.assert_array_equal(again, array)
    assert again.flags.writeable


@pytest.mark.parametrize("array", ARRAYS[:4], ids=lambda array: f"{array.dtype}{array.shape}")
def test_we_read_what_numpy_writes(array: Any) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    np.testing.assert_array_equal(read_array(stream.getvalue(), "x"), array)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), np.float64),
        np.zeros((2, 3), np.int8),
        np.zeros((2, 3), ">f4"),
        np.asfortranarray(np.zeros((2, 3), np.float32)),
        np.zeros((), np.float32),
        np.array(["a"]),
        np.array([{}]),
        np.zeros(3, [("a", "f4")]),
    ],
    ids=str,
)
def test_other_arrays_are_refused(array: Any) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    with pytest.raises(BundleError, match="header that is not allowed"):
        read_array(stream.getvalue(), "x")


OTHERS: list[Any] = [np.zeros(3), np.zeros((), np.float32), np.array(["a"])]


@pytest.mark.parametrize("array", OTHERS, ids=str)
def test_other_arrays_are_not_written(array: Any) -> None:
    with pytest.raises(BundleError, match="cannot be stored"):
        npy_bytes(array)


@given(st.data())
def test_spoiled_bytes_are_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(npy_bytes(ARRAYS[0]))
    at = data.draw(st.integers(0, 127))
    good[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    cut = bytes(good[: data.draw(st.integers(0, len(good)))])
    try:
        array = read_array(cut, "x")
    except BundleError:
        return
    assert array.nbytes < 400
