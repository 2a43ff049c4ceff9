from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.errors import UnsupportedError
from fieldpack.modelfile.sampling import sample_inputs, sampling_text
from fieldpack.modelfile.saving import save_outputs
from fieldpack.modelfile.slot import Slot
from fieldpack.modelfile.summary import summarise


def test_a_vector_has_range_mean_and_its_largest_entries() -> None:
    (facts,) = summarise({"y": np.array([[0.5, 2.0, -1.0, 2.0]], np.float32)}, ("a", "b", "c", "d"), 2)
    assert (facts.low, facts.high, facts.mean) == (-1.0, 2.0, 0.875)
    assert [(top.index, top.label) for top in facts.top] == [(1, "b"), (3, "d")]


def test_labels_name_only_vectors_of_their_length() -> None:
    (facts,) = summarise({"y": np.array([1.0, 2.0])}, ("a", "b", "c"))
    assert [top.label for top in facts.top] == [None, None]


def test_maps_texts_and_lost_numbers() -> None:
    outputs = {
        "map": np.zeros((2, 3)),
        "label": np.asarray("moth"),
        "lost": np.array([np.nan, np.inf, 1.0]),
        "none": np.zeros((0, 4)),
    }
    plain, label, lost, none = summarise(outputs, None)
    assert plain.top == ()
    assert (label.text, label.dtype, label.low) == ("moth", "text", None)
    assert (lost.not_finite, lost.high) == (2, 1.0)
    assert none.as_dict()["min"] is None


def test_outputs_are_saved_under_names_that_files_may_have(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, 4, 3), dtype=np.uint8)
    outputs: dict[str, Any] = {
        "a/b": np.ones(2),
        "a_b": np.zeros(2),
        "photo": pixels,
        "grey": pixels[..., :1],
    }
    slots = [
        Slot("photo", "image", (1, 3, 4, 3), "uint8", "RGB"),
        Slot("grey", "image", (1, 3, 4, 1), "uint8"),
    ]
    names = [path.name for path in save_outputs(tmp_path / "out", outputs, slots)]
    assert names == ["a_b.npy", "a_b-1.npy", "photo.npy", "photo.png", "grey.npy", "grey.png"]
    assert np.array_equal(np.load(tmp_path / "out/a_b.npy"), np.ones(2))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out/photo.png")), pixels[0])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out/grey.png")), pixels[0, ..., 0])


def test_random_inputs_repeat_and_say_what_they_are() -> None:
    slots = [
        Slot("photo", "image", (1, 8, 8, 3), "uint8", "RGB"),
        Slot("x", "multiarray", (64,), "float16"),
        Slot("ids", "multiarray", (64,), "int32"),
    ]
    first, second = (list(sample_inputs(slots, 2, 5, (3.0, 4.0))) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not np.array_equal(first[0]["x"], first[1]["x"])
    assert first[0]["photo"].max() > 200
    assert 3 <= first[0]["x"].min() <= first[0]["x"].max() <= 4
    assert set(first[0]["ids"].tolist()) == {0, 1}
    text = sampling_text(slots, 2, 5, (3.0, 4.0))
    assert text == "2 random samples, seed 5: photo pixels 0..255, x uniform 3..4, ids 0 or 1"
    with pytest.raises(UnsupportedError, match="at random"):
        list(sample_inputs([Slot("s", "sequence", (), "")], 1, 0))
