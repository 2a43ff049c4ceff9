"""Every form of an example at the one door, and the refusal of every wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from fieldpack.contract import Input
from fieldpack.errors import InputError
from fieldpack.preprocess import prepare, prepared_dtype, prepared_shape

INPUT: TypeAdapter[Input] = TypeAdapter(Input)
IMAGE = INPUT.validate_python(
    {
        "kind": "image",
        "name": "image",
        "height": 4,
        "width": 6,
        "color_order": "bgr",
        "layout": "NCHW",
        "normalization": {"kind": "range", "low": 0.0, "high": 1.0},
        "resize": {"method": "nearest", "fit": {"kind": "stretch"}},
    }
)
SPECTROGRAM = INPUT.validate_python(
    {
        "kind": "spectrogram",
        "name": "spec",
        "bands": 33,
        "frames": 10,
        "axes": ["band", "frame", "channel"],
        "front_end": {
            "sample_rate_hz": 8000,
            "resampler": {"kind": "soxr_hq"},
            "channel_mix": "mean",
            "low_rate": "refuse",
            "min_seconds": 0.0,
            "max_seconds": 5.0,
            "remove_silence": "none",
            "n_fft": 64,
            "win_length": 64,
            "hop_length": 32,
            "window": "hann",
            "window_at": "centre",
            "stft_scale": "none",
            "spectrum": "magnitude",
            "band_order": "rising",
            "value_scale": {"kind": "unit"},
            "center": True,
            "pad_mode": "constant",
            "power": 1,
            "mel": "none",
            "log": {"kind": "linear"},
            "normalization": "none",
            "windows": {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"},
        },
    }
)
LOCATION = INPUT.validate_python({"kind": "location", "name": "place", "encoding": "inaturalist_5"})
TENSOR = INPUT.validate_python(
    {"kind": "tensor", "name": "bands", "shape": [3], "low": 0.0, "high": 1.0, "meaning": "shares"}
)
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
SAMPLES = np.random.default_rng(1).normal(size=1600).astype(np.float32)


def test_every_form_of_a_picture_gives_the_same_pixels(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "picture.png")
    for raw in (PIXELS, Image.fromarray(PIXELS), tmp_path / "picture.png"):
        made = prepare(IMAGE, raw)
        assert made.dtype == prepared_dtype(IMAGE) == np.uint8
        assert made.shape == (1, *prepared_shape(IMAGE)) == (1, 4, 6, 3)
        assert np.array_equal(made[0], PIXELS[..., ::-1])
    assert np.array_equal(prepare(IMAGE, PIXELS[..., 0])[0, ..., 2], PIXELS[..., 0])


def test_prepared_pixels_are_not_reordered_again() -> None:
    assert np.array_equal(prepare(IMAGE, {"image": PIXELS})[0], PIXELS)


def test_a_recording_gives_patches() -> None:
    made = prepare(SPECTROGRAM, (SAMPLES, 8000))
    assert made.shape == (5, 33, 10, 1)
    assert made.dtype == np.float32
    assert np.array_equal(prepare(SPECTROGRAM, made[2])[0], made[2])


def test_places_and_vectors(tmp_path: Path) -> None:
    made = prepare(LOCATION, (10.0, 20.0, None))
    assert made.shape == (1, 5)
    assert np.array_equal(prepare(LOCATION, made[0]), made)
    np.save(tmp_path / "x.npy", np.array([0.0, 0.5, 1.0]))
    vector = prepare(TENSOR, tmp_path / "x.npy")
    assert vector.dtype == np.float32
    assert vector.tolist() == [[0.0, 0.5, 1.0]]


@pytest.mark.parametrize(
    ("contract", "raw", "words"),
    [
        (IMAGE, PIXELS.astype(np.float32), "image input"),
        (IMAGE, PIXELS[..., :2], "image input"),
        (IMAGE, np.zeros((0, 4, 3), np.uint8), "image input"),
        (IMAGE, (SAMPLES, 8000), "image input"),
        (IMAGE, {"image": PIXELS.astype(np.float32)}, "uint8"),
        (IMAGE, {"other": PIXELS}, "nothing for input 'image'"),
        (SPECTROGRAM, SAMPLES, "does not fit input 'spec'"),
        (SPECTROGRAM, (1.0, 2.0, 3.0), "spectrogram input"),
        (SPECTROGRAM, Image.fromarray(PIXELS), "spectrogram input"),
        (LOCATION, (1.0, 2.0), "location input"),
        (LOCATION, ("a", "b", "c"), "location input"),
        (LOCATION, np.zeros(4, np.float32), "does not fit input 'place'"),
        (TENSOR, np.array([0.0, np.nan, 1.0]), "NaN"),
        (TENSOR, np.array([0.0, 0.5, 1.5]), "admissible range"),
        (TENSOR, np.zeros((1, 3)), "does not fit input 'bands'"),
        (TENSOR, np.array(["a", "b", "c"]), "does not fit input 'bands'"),
        (TENSOR, Path("absent.npy"), "absent.npy"),
    ],
)
def test_what_does_not_fit_is_refused(contract: Input, raw: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        prepare(contract, raw)


def test_pickled_arrays_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(InputError, match=r"x\.npy"):
        prepare(TENSOR, tmp_path / "x.npy")
