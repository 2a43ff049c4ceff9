"""What the contract of a raster states, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fieldpack.contract import BandRange, Contract, RasterInput
from fieldpack.scenes.testing import LEVELS, QUANTITY, tile_contract

INTERVAL = {
    "name": "range",
    "quantity": QUANTITY,
    "coverage": 0.9,
    "ends": {"kind": "quantiles", "lower": "low", "upper": "high"},
    "refit": "conformal",
}
MIRROR = {"alignment": 1, "beyond": "mirror"}


def test_the_shape_follows_layout_and_mask() -> None:
    fields = {"mask_channel": "valid_is_1", "layout": "NCHW", "height": 24}
    stated = tile_contract(fields).inputs[0]
    assert isinstance(stated, RasterInput)
    assert stated.shape == (3, 24, 16)
    assert stated.channels == 3


def test_a_range_maps_its_ends() -> None:
    scale, offset = BandRange(kind="range", low=100.0, high=300.0, to_low=-1.0, to_high=1.0).scale_offset()
    assert [100 * scale + offset, 300 * scale + offset] == pytest.approx([-1, 1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bands": []}, "at least 1"),
        ({"tiling": {"overlap": 4, "blend": "crop", "margin": 3, **MIRROR}}, "at least 6"),
        ({"tiling": {"overlap": 4, "blend": "hann", "margin": 2, **MIRROR}}, "at least 5"),
        ({"tiling": {"overlap": 10, "blend": "crop", "margin": 1, **MIRROR}}, "half a tile"),
        (
            {"tiling": {"overlap": 4, "blend": "crop", "margin": 1, "alignment": 1, "beyond": "move_back"}},
            "beyond",
        ),
        (
            {"tiling": {"overlap": 4, "blend": "crop", "margin": 1, "alignment": 8, "beyond": "mirror"}},
            "multiple",
        ),
        ({"resolution": 0.0}, "greater than 0"),
        ({"no_data": "zero"}, "no_data"),
        ({"mask_channel": "yes"}, "valid_is_1"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        tile_contract(changes)


@pytest.mark.parametrize(
    "name", ["bands", "band_tags", "no_data", "fill", "mask_channel", "layout", "resolution", "tiling"]
)
def test_nothing_that_changes_a_number_has_a_default(name: str) -> None:
    fields = tile_contract().model_dump(mode="json")
    del fields["inputs"][0][name]
    with pytest.raises(ValidationError, match=name):
        Contract.model_validate(fields)


@pytest.mark.parametrize("name", ["overlap", "alignment", "blend", "margin", "beyond"])
def test_nothing_of_the_tiling_has_a_default(name: str) -> None:
    fields = tile_contract().model_dump(mode="json")
    del fields["inputs"][0]["tiling"][name]
    with pytest.raises(ValidationError, match=name):
        Contract.model_validate(fields)


def test_band_faults_are_named() -> None:
    fields = tile_contract().model_dump(mode="json")
    red = fields["inputs"][0]["bands"][0]
    for changed, words in (
        ([red, red], "unique"),
        ([{**red, "clip": [5.0, 5.0]}], "below the second"),
        ([{**red, "scaling": {"kind": "mean_std", "mean": 0.0, "std": 0.0}}], "std"),
    ):
        fields["inputs"][0]["bands"] = changed
        with pytest.raises(ValidationError, match=words):
            Contract.model_validate(fields)


def test_quantities_and_the_point_are_found() -> None:
    contract = tile_contract(intervals=[{**INTERVAL, "bins": [5.0, 15.0]}])
    assert contract.quantities == (QUANTITY,)
    point = contract.point(QUANTITY)
    assert point is not None
    assert point.name == "middle"
    assert contract.point("other") is None
    assert list(LEVELS) == [item.name for item in contract.outputs]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bins": [5.0, 5.0]}, "bins must rise"),
        ({"bins": [5.0], "refit": "none"}, "bins go with"),
        ({"quantity": "biomass"}, "needs low"),
        ({"ends": {"kind": "quantiles", "lower": "high", "upper": "low"}}, "must be below"),
        ({"ends": {"kind": "mean_spread", "mean": "low", "spread": "high"}}, "a mean of"),
        ({"name": "low"}, "unique"),
        ({"coverage": 1.0}, "less than 1"),
    ],
)
def test_an_interval_that_its_outputs_do_not_make_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        tile_contract(intervals=[{**INTERVAL, **changes}])


def test_estimates_of_one_quantity_agree() -> None:
    fields = tile_contract().model_dump(mode="json")
    fields["outputs"][0]["unit"] = "foot"
    with pytest.raises(ValidationError, match="different units"):
        Contract.model_validate(fields)
    fields["outputs"][0] |= {"unit": "metre", "activation": "sigmoid", "labels": "x.txt", "threshold": 0.5}
    with pytest.raises(ValidationError, match="only a linear output"):
        Contract.model_validate(fields)
    mean = {"kind": "mean", "quantity": QUANTITY}
    fields = tile_contract().model_dump(mode="json")
    for output in fields["outputs"][:2]:
        output["estimate"] = mean
    with pytest.raises(ValidationError, match="two means"):
        Contract.model_validate(fields)
