from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.errors import InputError
from fieldpack.modelfile.given import read_inputs
from fieldpack.modelfile.slot import Slot

PHOTO = Slot("photo", "image", (1, 4, 6, 3), "uint8", "RGB")
GREY = Slot("grey", "image", (1, 4, 6, 1), "uint8", "GRAYSCALE")
VECTOR = Slot("x", "multiarray", (1, 3), "float32")
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)


def saved(path: Path, array: Any) -> str:
    np.save(path, array)
    return str(path)


def picture(path: Path, pixels: Any) -> str:
    Image.fromarray(pixels).save(path)
    return str(path)


def test_a_picture_comes_as_its_pixels(tmp_path: Path) -> None:
    given = read_inputs([PHOTO], [picture(tmp_path / "p.png", PIXELS)])
    assert np.array_equal(given.arrays["photo"], PIXELS[None])
    assert "pixels 0..255" in given.notes[0]


def test_a_picture_of_another_size_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = picture(tmp_path / "p.png", np.zeros((6, 4, 3), np.uint8))
    with pytest.raises(InputError, match=r"not resized in silence(?s:.*)resize\(\(6, 4\)\)"):
        read_inputs([PHOTO], [path])


def test_a_grey_input_takes_grey_pictures_only(tmp_path: Path) -> None:
    given = read_inputs([GREY], [picture(tmp_path / "g.png", PIXELS[..., 0])])
    assert np.array_equal(given.arrays["grey"], PIXELS[None, ..., :1])
    with pytest.raises(InputError, match="the picture has colours"):
        read_inputs([GREY], [picture(tmp_path / "p.png", PIXELS)])


def test_a_grey_picture_fills_the_three_channels(tmp_path: Path) -> None:
    given = read_inputs([PHOTO], [picture(tmp_path / "g.png", PIXELS[..., 0])])
    assert np.array_equal(given.arrays["photo"], np.repeat(PIXELS[None, ..., :1], 3, axis=3))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_tflite_picture_input_takes_pixels_as_they_are(tmp_path: Path, dtype: str) -> None:
    slot = Slot("image", "multiarray", (1, 4, 6, 3), dtype)
    given = read_inputs([slot], [picture(tmp_path / "p.png", PIXELS)])
    assert given.arrays["image"].dtype == dtype
    assert np.array_equal(given.arrays["image"], PIXELS[None])
    assert "not scaled" in given.notes[0]


def test_what_is_no_picture_input_takes_none(tmp_path: Path) -> None:
    first = Slot("x", "multiarray", (1, 3, 4, 6), "float32")
    for slot in (VECTOR, first, Slot("x", "multiarray", (1, 4, 6, 3), "int8", scale=(0.5,), zero_point=(0,))):
        with pytest.raises(InputError, match="does not take a picture"):
            read_inputs([slot], [picture(tmp_path / "p.png", PIXELS)])


def test_names_come_from_the_command_line_or_the_archive(tmp_path: Path) -> None:
    other = Slot("y", "multiarray", (2,), "int32")
    x, y = np.ones((1, 3), np.float32), np.arange(2, dtype=np.int32)
    np.savez(tmp_path / "both.npz", x=x, y=y)
    by_name = [f"x={saved(tmp_path / 'a.npy', x)}", f"y={saved(tmp_path / 'b=c.npy', y)}"]
    for texts in (by_name, [str(tmp_path / "both.npz")]):
        given = read_inputs([VECTOR, other], texts)
        assert np.array_equal(given.arrays["x"], x)
        assert np.array_equal(given.arrays["y"], y)
    with pytest.raises(InputError, match="several inputs"):
        read_inputs([VECTOR, other], [str(tmp_path / "a.npy")])
    with pytest.raises(InputError, match=r"not given(?s:.*)--input y=FILE"):
        read_inputs([VECTOR, other], by_name[:1])
    with pytest.raises(InputError, match="given twice"):
        read_inputs([VECTOR, other], [*by_name, by_name[0]])
    with pytest.raises(InputError, match="no such input"):
        read_inputs([VECTOR, other], [f"z={tmp_path / 'a.npy'}"])


def test_number_formats_change_only_without_loss_and_with_a_note(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.ones((1, 3)))
    given = read_inputs([VECTOR], [path])
    assert given.arrays["x"].dtype == np.float32
    assert given.notes == ("x: float64 became float32",)
    integers = Slot("x", "multiarray", (1, 3), "int32")
    with pytest.raises(InputError, match="another number format"):
        read_inputs([integers], [path])
    with pytest.raises(InputError, match="another number format"):
        read_inputs([integers], [saved(tmp_path / "big.npy", np.full((1, 3), 2**40))])


def test_real_numbers_are_quantised_at_a_quantised_input(tmp_path: Path) -> None:
    slot = Slot("x", "multiarray", (1, 3), "int8", scale=(0.5,), zero_point=(1,))
    given = read_inputs([slot], [saved(tmp_path / "a.npy", np.array([[0.0, 1.0, -2.0]]))])
    assert given.arrays["x"].tolist() == [[1, 3, -3]]
    assert "quantised" in given.notes[0]
    stored = np.array([[1, 3, -3]], np.int8)
    assert np.array_equal(read_inputs([slot], [saved(tmp_path / "b.npy", stored)]).arrays["x"], stored)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[1, np.nan, 2]], np.float32), "holds NaN"),
        (np.ones(3, np.float32), r"array\[None\]"),
        (np.ones((1, 4), np.float32), r"another shape"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, array: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_inputs([VECTOR], [saved(tmp_path / "a.npy", array)])


def test_the_wrong_layout_is_named(tmp_path: Path) -> None:
    slot = Slot("x", "multiarray", (1, 4, 6, 3), "float32")
    with pytest.raises(InputError, match=r"transpose\(0, 2, 3, 1\)"):
        read_inputs([slot], [saved(tmp_path / "a.npy", np.ones((1, 3, 4, 6), np.float32))])


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.txt"])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no array")
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        read_inputs([VECTOR], [str(tmp_path / name)])
    with pytest.raises(InputError, match="no such input file"):
        read_inputs([VECTOR], [str(tmp_path / "absent.npy")])


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InputError, match="readable"):
        read_inputs([VECTOR], [str(tmp_path / "a.npy")])
