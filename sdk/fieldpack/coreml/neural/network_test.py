"""Looking into a network: rows, weight sizes, inner networks, kinds."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack.coreml.neural.conftest import add_layer, put
from fieldpack.coreml.neural.network import read_network
from fieldpack.errors import UnsupportedError


def test_inner_networks_count_for_themselves(make: Any) -> None:
    model = make()
    model.array("x", (1,))
    model.array("y", (1,), out=True)
    branch = model.layer("branch", ["x"], [])
    put(add_layer(branch.ifBranch.layers, "innerProduct", ["x"], ["y"]).weights, [1.0, 2.0])
    params = add_layer(branch.elseBranch.layers, "uniDirectionalLSTM", ["x"], ["y"])
    params.weightParams.inputGateBiasVector.float16Value = b"\0" * 6
    package = model.open()
    assert [tuple(row) for row in package.operations()] == [
        ("branch", "the_branch", 0),
        ("innerProduct", "the_innerProduct", 8),
        ("uniDirectionalLSTM", "the_uniDirectionalLSTM", 6),
    ]
    assert package.weight_storage == {"float16": 6, "float32": 8}


def test_a_layer_that_is_not_known_has_a_row_too(make: Any) -> None:
    model = make()
    model.network.layers.add(name="new")
    assert model.open().op_histogram() == {"none": 1}


def test_other_models_are_no_networks() -> None:
    with pytest.raises(UnsupportedError, match="no neural network"):
        read_network("glmRegressor", b"", 1)
