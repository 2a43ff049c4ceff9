"""The tables of the older format: they compile, and they say what the public schema says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.neural.schema import message, parse
from fieldpack.coreml.neural.tables import NEURAL_ENUMS, NEURAL_MESSAGES
from fieldpack.coreml.schema_test import described
from fieldpack.errors import ModelFileError

#: Fields that are bytes here and something else in the specification, see ``tables``.
PACKED = {("WeightParams", "floatValue"), ("NeuralNetworkMeanImage", "meanImage")}
OPAQUE = {
    ("Pipeline", "models"),
    *((n, "updateParams") for n in NEURAL_MESSAGES if n.startswith("NeuralNetwork")),
}


def test_networks_inside_networks_survive_a_round_trip() -> None:
    network = message("NeuralNetwork")
    layer = network.layers.add(name="choose")
    layer.branch.ifBranch.layers.add(name="inner").softmax.SetInParent()
    again = parse("NeuralNetwork", network.SerializeToString())
    assert again == network
    assert again.layers[0].branch.ifBranch.layers[0].WhichOneof("layer") == "softmax"


def test_packed_floats_are_one_run_of_bytes() -> None:
    numbers = np.array([1.5, -2.0, 3.25], "<f4").tobytes()
    params = parse("WeightParams", b"\x0a\x0c" + numbers)  # field 1, length-delimited, 12 bytes
    assert list(params.floatValue) == [numbers]


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05abc"])
def test_other_bytes_are_refused(data: Any) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        parse("NeuralNetwork", data)


@pytest.mark.full
def test_the_tables_agree_with_the_generated_classes() -> None:
    """Every message, field, number, type, oneof and enum value against coremltools' descriptors."""
    reason = 'pip install "fieldpack[coreml-convert]"'
    names = ("NeuralNetwork_pb2", "Model_pb2", "DataStructures_pb2")
    files = [pytest.importorskip(f"coremltools.proto.{name}", reason=reason).DESCRIPTOR for name in names]
    public: dict[str, Any] = {}
    enums = {name: entry for file in files for name, entry in file.enum_types_by_name.items()}
    stack = [entry for file in files for entry in file.message_types_by_name.values()]
    while stack:
        found = stack.pop()
        name = found.full_name.removeprefix("CoreML.Specification.")
        public[name] = found
        enums |= {f"{name}.{entry.name}": entry for entry in found.enum_types}
        stack += found.nested_types
    for name in NEURAL_MESSAGES:
        ours, theirs = described(message(name).DESCRIPTOR), described(public[name])
        for key, entry in ours.items():
            if (name, key) in PACKED | OPAQUE:
                kind = 2 if (name, key) in PACKED else theirs[key][3]
                assert entry == (*theirs[key][:3], 12)
                assert theirs[key][3] == kind
                theirs[key] = entry
        assert ours == theirs, name
    for name, text in NEURAL_ENUMS.items():
        values = {value.name: value.number for value in enums[name].values}
        assert values == {key: int(number) for key, number in (pair.split("=") for pair in text.split())}
    listed = {n for n in public if n.endswith("LayerParams") or n.startswith("Activation")}
    assert listed <= set(NEURAL_MESSAGES)
