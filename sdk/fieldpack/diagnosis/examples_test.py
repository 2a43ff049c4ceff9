from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.diagnosis.examples import MOST, file_examples
from fieldpack.errors import InputError
from fieldpack.tflite.runner import TensorSpec

REAL = TensorSpec("x", (1, 3), "float32", (), (), "x", (1, 3))
STORED = TensorSpec("x", (1, 3), "int8", (0.5,), (1,), "x", (1, 3))
OTHER = TensorSpec("y", (1, 2), "float32", (), (), "y", (1, 2))


def saved(path: Path, array: Any) -> Path:
    np.save(path, array, allow_pickle=True)
    return path


def test_real_numbers_are_quantised_at_the_border(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.array([[0.0, 1.0, -2.0]]))
    assert file_examples(path, (STORED,))[0].tolist() == [[1, 3, -3]]
    assert file_examples(path, (REAL,))[0].dtype == np.float32


def test_stored_integers_are_taken_as_they_are(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.array([[1, 3, -3]], np.int8))
    assert file_examples(path, (STORED,))[0].tolist() == [[1, 3, -3]]
    with pytest.raises(InputError, match="another number format"):
        file_examples(path, (REAL,))


def test_many_examples_are_thinned_from_end_to_end(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.arange(3000, dtype=np.float32).reshape(1000, 3))
    (found,) = file_examples(path, (REAL,))
    assert len(found) == MOST
    assert found[0, 0] == 0
    assert found[-1, 0] == 2997


def test_several_inputs_come_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((2, 3), np.float32), y=np.ones((2, 2), np.float32))
    assert [array.shape for array in file_examples(path, (REAL, OTHER))] == [(2, 3), (2, 2)]
    np.savez(path, x=np.zeros((2, 3), np.float32), y=np.ones((5, 2), np.float32))
    with pytest.raises(InputError, match="different numbers"):
        file_examples(path, (REAL, OTHER))
    np.savez(path, x=np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match="lack an input"):
        file_examples(path, (REAL, OTHER))
    with pytest.raises(InputError, match="several inputs"):
        file_examples(saved(tmp_path / "a.npy", np.zeros((2, 3))), (REAL, OTHER))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 2)), "do not fit"),
        (np.zeros((0, 3)), "do not fit"),
        (np.zeros(3), "do not fit"),
        (np.full((1, 3), np.nan), "NaN"),
        (np.array([{}], object), "cannot be read"),
    ],
)
def test_what_is_no_example_is_refused(tmp_path: Path, array: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        file_examples(saved(tmp_path / "a.npy", array), (REAL,))
