"""Thumbnails of every form of an example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.data import thumbnail
from fieldpack.errors import InputError


def test_pictures_keep_their_colours_and_aspect(tmp_path: Path) -> None:
    Image.new("RGB", (300, 150), (250, 10, 20)).save(tmp_path / "a.png")
    for raw in (tmp_path / "a.png", Image.new("RGB", (300, 150), (250, 10, 20))):
        small = thumbnail(raw)
        assert small.size == (96, 48)
        assert small.getpixel((50, 20)) == (250, 10, 20)


def test_a_tone_is_a_bright_row() -> None:
    time = np.arange(16000) / 16000
    picture = np.asarray(thumbnail((np.sin(2 * np.pi * 4000 * time).astype(np.float32), 16000)))
    assert picture.shape == (96, 96)
    assert abs(int(picture.mean(axis=1).argmax()) - 48) <= 1


def test_a_place_is_a_dot() -> None:
    north_east = np.asarray(thumbnail((60.0, 120.0, None)))
    rows, columns = np.nonzero(north_east == 0)
    assert rows.mean() < 16
    assert columns.mean() > 72


@pytest.mark.parametrize(
    "raw",
    [
        np.arange(5, dtype=np.float32),
        np.zeros((40, 30, 1), np.float32),
        {"x": np.arange(6, dtype=np.float32).reshape(2, 3)},
        np.zeros((8, 8, 3), np.uint8),
        (np.zeros(10, np.float32), 8000),
    ],
)
def test_other_arrays_are_drawn(raw: Any) -> None:
    small = thumbnail(raw)
    assert max(small.size) <= 96
    assert min(small.size) > 0


def test_damaged_examples_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    for raw in (tmp_path / "a.jpg", tmp_path / "absent.wav", tmp_path / "absent.npy", np.zeros((0, 3))):
        with pytest.raises(InputError):
            thumbnail(raw)
