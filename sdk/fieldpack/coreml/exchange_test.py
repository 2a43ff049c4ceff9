"""The border of a model: what is taken, what is refused, and what comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.exchange import give_output, take_input
from fieldpack.coreml.feature import Feature, read_feature
from fieldpack.coreml.schema import message
from fieldpack.errors import InputError, ModelFileError, UnsupportedError

ARRAY = Feature("x", "multiarray", (1, 3), "float32", None)
HALF = Feature("x", "multiarray", (2,), "float16", None)
WHOLE = Feature("x", "multiarray", (2,), "int32", None)
RGB = Feature("p", "image", (1, 2, 2, 3), "uint8", "RGB")
BGR = Feature("p", "image", (1, 2, 2, 3), "uint8", "BGR")
GREY = Feature("p", "image", (1, 2, 2, 1), "uint8", "GRAYSCALE")


def test_floats_are_brought_to_the_declared_type() -> None:
    taken = take_input(HALF, np.array([0.1, 2.0], np.float64))
    assert taken.dtype == np.float16
    assert taken.tolist() == [np.float16(0.1), 2.0]


@pytest.mark.parametrize(
    ("feature", "array", "word"),
    [
        (ARRAY, [[1.0, 2.0, 3.0]], "no array"),
        (ARRAY, np.zeros((3,), np.float32), "another shape"),
        (ARRAY, np.zeros((1, 4), np.float32), "another shape"),
        (ARRAY, np.zeros((1, 3), np.int64), "another type"),
        (ARRAY, np.array([["a", "b", "c"]]), "another type"),
        (HALF, np.array([1.0, 70000.0], np.float32), "outside its type"),
        (WHOLE, np.array([1.0, 2.0]), "another type"),
        (WHOLE, np.array([1, 2**31], np.int64), "outside its type"),
        (RGB, np.zeros((1, 2, 2, 3), np.int32), "another type"),
        (RGB, np.zeros((1, 3, 2, 2), np.uint8), "another shape"),
        (RGB, np.full((1, 2, 2, 3), 255.5, np.float32), "outside its range"),
        (RGB, np.full((1, 2, 2, 3), -1.0, np.float32), "outside its range"),
        (RGB, np.full((1, 2, 2, 3), np.nan, np.float32), "outside its range"),
    ],
)
def test_what_does_not_fit_is_refused(feature: Any, array: Any, word: Any) -> None:
    with pytest.raises(InputError, match=word):
        take_input(feature, array)


def test_infinity_and_nan_are_values_of_a_float_type() -> None:
    taken = take_input(HALF, np.array([np.inf, np.nan], np.float32))
    assert np.isinf(taken[0])
    assert np.isnan(taken[1])


def test_pictures_are_turned_into_channels_in_declared_order() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    rgb = take_input(RGB, picture)
    assert rgb.dtype == np.float32
    assert rgb[0, 0].tolist() == [[0, 3], [6, 9]]
    assert take_input(BGR, picture)[0, 0].tolist() == [[2, 5], [8, 11]]
    assert take_input(GREY, picture[..., :1]).shape == (1, 1, 2, 2)


def test_picture_outputs_come_back_as_rgb_bytes() -> None:
    planes = np.array([300.0, 1.5, -4.0], np.float32).reshape(1, 3, 1, 1) * np.ones((1, 3, 2, 2), np.float32)
    assert give_output(RGB, planes)[0, 0, 0].tolist() == [255, 2, 0]
    assert give_output(BGR, planes)[0, 0, 0].tolist() == [0, 2, 255]
    assert give_output(RGB, planes).dtype == np.uint8


def test_outputs_are_rounded_to_the_declared_type() -> None:
    given = give_output(HALF, np.array([0.1, 1e6], np.float32))
    assert given.dtype == np.float16
    assert given[0] == np.float16(0.1)
    assert np.isinf(given[1])
    label = Feature("l", "string", (), "str", None)
    assert give_output(label, "Ara macao").item() == "Ara macao"


def test_ranges_and_listed_shapes() -> None:
    ranged = Feature("x", "multiarray", (1, 4), "float32", None, ranges=((1, 1), (2, -1)))
    assert ranged.allows((1, 1000))
    assert not ranged.allows((1, 1))
    assert not ranged.allows((1, 4, 1))
    listed = Feature("x", "multiarray", (1, 4), "float32", None, shapes=((1, 4), (1, 8)))
    assert listed.allows((1, 8))
    assert not listed.allows((1, 6))
    with pytest.raises(InputError, match="another shape") as caught:
        take_input(listed, np.zeros((1, 6), np.float32))
    assert "[1, 8]" in str(caught.value)


def test_kinds_that_cannot_be_given_are_named() -> None:
    with pytest.raises(UnsupportedError, match="cannot be given"):
        take_input(Feature("d", "dictionary", (), "float64", None), np.zeros(1))


def test_features_are_read_from_their_description() -> None:
    entry = message("FeatureDescription")
    entry.name = "photo"
    with pytest.raises(ModelFileError, match="no type"):
        read_feature(entry)
    image = entry.type.imageType
    image.width, image.height, image.colorSpace = 6, 4, 30
    assert read_feature(entry) == Feature("photo", "image", (1, 4, 6, 3), "uint8", "BGR")
    image.imageSizeRange.heightRange.lowerBound = 4
    image.imageSizeRange.heightRange.upperBound = -1
    image.imageSizeRange.widthRange.lowerBound = 6
    image.imageSizeRange.widthRange.upperBound = 12
    feature = read_feature(entry)
    assert feature.allows((1, 400, 12, 3))
    assert not feature.allows((1, 400, 13, 3))
    image.colorSpace = 77
    with pytest.raises(ModelFileError, match="colour order"):
        read_feature(entry)
    array = entry.type.multiArrayType
    array.shape.extend([1, 5])
    with pytest.raises(ModelFileError, match="element type"):
        read_feature(entry)
    array.dataType = 65552
    array.floatDefaultValue = 2.5
    entry.type.isOptional = True
    feature = read_feature(entry)
    assert (feature.kind, feature.shape, feature.dtype) == ("multiarray", (1, 5), "float16")
    assert (feature.optional, feature.default) == (True, 2.5)


def test_a_picture_of_another_size_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="another shape") as caught:
        take_input(RGB, np.zeros((1, 2, 3, 3), np.uint8))
    assert "[1, 2, 2, 3]" in str(caught.value)
    assert "scale the picture" in str(caught.value)
