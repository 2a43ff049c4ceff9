"""Damaged files of the older format: every one a clear error, none a crash, memory bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.neural.conftest import Handmade, put
from fieldpack.coreml.neural.interpreter import NeuralInterpreter
from fieldpack.coreml.package import open_package
from fieldpack.coreml.schema import parse_model
from fieldpack.errors import FieldpackError, ModelFileError

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 3, 2, 2)


def network(make: Any) -> Handmade:
    model: Handmade = make()
    model.array("x", (1, 3, 2, 2))
    model.array("y", (1, 4), out=True)
    params = model.layer("convolution", ["x"], ["a"], outputChannels=2, kernelChannels=3, kernelSize=[1, 1])
    params.valid.SetInParent()
    put(params.weights, np.ones(6))
    model.layer("activation", ["a"], ["b"]).ReLU.SetInParent()
    params = model.layer("pooling", ["b"], ["c"], kernelSize=[2, 2], stride=[1, 1])
    params.same.SetInParent()
    model.layer("flattenTo2D", ["c"], ["d"], axis=1)
    params = model.layer("innerProduct", ["d"], ["e"], inputChannels=8, outputChannels=2)
    params.weights.rawValue = bytes(range(8))
    params.weights.quantization.numberOfBits = 4
    params.weights.quantization.lookupTableQuantization.floatValue.extend(range(16))
    model.layer("tile", ["e"], ["y"], reps=[1, 2])
    return model


def outcome(model: Handmade, data: bytes) -> str:
    model.path.write_bytes(data)
    try:
        NeuralInterpreter(open_package(model.path)).run({"x": X})
    except FieldpackError as error:
        return type(error).__name__
    return "ran"


def test_every_truncation_is_an_error_or_still_a_model(make: Any) -> None:
    model = network(make)
    model.open()
    data = model.path.read_bytes()
    assert outcome(model, data) == "ran"
    found = {outcome(model, data[:size]) for size in range(len(data))}
    assert found <= {"ModelFileError", "UnsupportedError", "InputError"}


def test_flipped_bytes_are_errors_or_another_model(make: Any) -> None:
    model = network(make)
    model.open()
    data = model.path.read_bytes()
    dice = np.random.default_rng(5)
    found = set()
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(int(dice.integers(1, 4))):
            changed[int(dice.integers(len(data)))] = int(dice.integers(256))
        found.add(outcome(model, bytes(changed)))
    assert found == {"ran", "ModelFileError", "UnsupportedError", "InputError"}


def test_a_state_is_refused(make: Any) -> None:
    model = network(make)
    state = parse_model(model.open().path.read_bytes())
    entry = state.description.state.add(name="s").type.stateType.arrayType
    entry.shape.append(2)
    entry.dataType = 65568
    model.path.write_bytes(state.SerializeToString())
    with pytest.raises(ModelFileError, match="kind cannot keep"):
        open_package(model.path)
