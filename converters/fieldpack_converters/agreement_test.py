"""A wrong conversion is noticed; a right one in another order is put in order."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.errors import ConversionError, SpecError
from fieldpack_converters.agreement import check_inputs, demand_agreement, largest_difference, matched_order
from fieldpack_converters.opened_source import TensorFact
from fieldpack_converters.scaling import scaling_from

ONE = np.array([[1.0, 2.0], [3.0, -4.0]], np.float32)


def test_the_difference_is_relative_to_the_largest_value() -> None:
    assert largest_difference([ONE], [ONE + 0.04]) == pytest.approx(0.01, rel=1e-4)


def test_not_a_number_is_infinitely_wrong() -> None:
    broken = ONE.copy()
    broken[0, 0] = np.nan
    with pytest.raises(ConversionError):
        demand_agreement([ONE], [broken], 1e9, "The file")
    assert largest_difference([broken], [ONE]) == 0.0


def test_another_shape_or_count_is_wrong() -> None:
    with pytest.raises(ConversionError):
        demand_agreement([ONE], [ONE, ONE], 1.0, "The file")
    assert largest_difference([ONE], [ONE[:, :1]]) == float("inf")


def test_a_source_that_never_answers_proves_nothing() -> None:
    with pytest.raises(ConversionError, match="no finite value"):
        demand_agreement([ONE * np.nan], [ONE], 1.0, "The file")


def test_outputs_are_matched_by_value() -> None:
    assert matched_order([ONE, ONE * 2, ONE * 3], [ONE * 3, ONE, ONE * 2]) == (1, 2, 0)


@pytest.mark.parametrize(("layout", "shape"), [("NHWC", (None, 4, 5, 3)), ("NCHW", (None, 3, 4, 5))])
def test_check_inputs_are_pixels_for_the_file_and_scaled_for_the_source(
    layout: str, shape: tuple[int | None, ...]
) -> None:
    scaling = scaling_from({"scale": [0.5, 0.25, 0.125], "offset": [1.0, 0.0, -1.0]}, layout, 3)
    inputs = check_inputs((TensorFact("image", shape, "float32"),), scaling, None)
    axis = 1 if layout == "NCHW" else 3
    raw, scaled = (np.moveaxis(item[0], axis, -1) for item in (inputs.raw, inputs.scaled))
    assert raw.min() >= 0.0
    assert raw.max() > 128.0
    np.testing.assert_allclose(scaled, raw * [0.5, 0.25, 0.125] + [1.0, 0.0, -1.0], rtol=1e-5)


@pytest.mark.parametrize(
    "words",
    [
        {"scale": [1, 2], "offset": [0]},
        {"scale": [0], "offset": [0]},
        {"scale": [float("nan")], "offset": [0]},
    ],
)
def test_wrong_scalings_are_refused(words: dict[str, list[float]]) -> None:
    with pytest.raises(SpecError):
        scaling_from(words, "NHWC", 3)
