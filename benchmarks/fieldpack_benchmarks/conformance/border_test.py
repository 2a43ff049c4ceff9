"""Core ML's conventions at the border of a prediction."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fieldpack.coreml.feature import Feature
from fieldpack_benchmarks.conformance.border import from_engine, to_engine

ARRAY = Feature("x", "multiarray", (1,), "float16", None)
WHOLE = Feature("x", "multiarray", (2, 2), "int32", None)
RGB = Feature("x", "image", (1, 2, 3, 3), "uint8", "BGR")
GREY = Feature("x", "image", (1, 2, 3, 1), "uint8", "GRAYSCALE")
HALF = Feature("x", "image", (1, 2, 3, 1), "float16", "GRAYSCALE_FLOAT16")
LABEL = Feature("x", "string", (), "str", None)
SCORES = Feature("x", "dictionary", (), "float64", None)


@pytest.mark.parametrize("value", [True, 3, 2.5, np.float64(1e-3), np.array([7], np.int64), [4]])
def test_any_number_goes_into_a_float_input(value: object) -> None:
    given = to_engine(ARRAY, value)
    assert given.dtype == np.float16
    assert given.shape == (1,)
    assert given[0] == np.float16(np.asarray(value).item())


def test_floats_go_into_a_whole_number_input() -> None:
    given = to_engine(WHOLE, np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))
    assert given.dtype == np.int32
    assert given.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("feature", "mode"), [(RGB, "RGB"), (GREY, "L"), (HALF, "F")])
def test_a_picture_survives_both_ways(feature: Feature, mode: str) -> None:
    dtype = np.float32 if mode == "F" else np.uint8
    pixels = np.arange(18 if mode == "RGB" else 6).reshape((2, 3, 3) if mode == "RGB" else (2, 3))
    picture = Image.fromarray(pixels.astype(dtype))
    assert picture.mode == mode
    given = to_engine(feature, picture)
    assert given.shape == feature.shape
    back = from_engine({"x": given}, {"x": feature}, None)["x"]
    assert back.mode == mode
    assert np.array_equal(np.asarray(back), pixels)


def test_a_classifier_gives_a_label_and_a_dictionary() -> None:
    outputs = {"label": np.asarray("owl"), "scores": np.array([0.25, 0.75])}
    given = from_engine(outputs, {"label": LABEL, "scores": SCORES}, ("wren", "owl"))
    assert given == {"label": "owl", "scores": {"wren": 0.25, "owl": 0.75}}
    assert isinstance(given["label"], str)


def test_a_scalar_comes_as_one_element() -> None:
    assert from_engine({"x": np.float32(2) * np.ones(())}, {"x": ARRAY}, None)["x"].shape == (1,)
