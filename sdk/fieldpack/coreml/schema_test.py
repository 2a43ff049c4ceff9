"""The schema table: it compiles, it loses nothing, and it says what the public schema says."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack.coreml.schema import (
    MIL_ENUMS,
    MIL_MESSAGES,
    MODEL_ENUMS,
    MODEL_MESSAGES,
    data_type_name,
    message,
    parse_model,
)
from fieldpack.errors import ModelFileError


def test_maps_oneofs_and_nested_messages_survive_a_round_trip() -> None:
    model = message("Model")
    model.specificationVersion = 7
    function = model.mlProgram.functions["main"]
    function.opset = "CoreML6"
    op = function.block_specializations["CoreML6"].operations.add(type="relu")
    op.inputs["x"].arguments.add(name="image")
    op.outputs.add(name="y").type.tensorType.dimensions.add().constant.size = 5
    again = parse_model(model.SerializeToString())
    assert again == model
    assert again.WhichOneof("Type") == "mlProgram"
    read = again.mlProgram.functions["main"].block_specializations["CoreML6"].operations[0]
    assert read.inputs["x"].arguments[0].WhichOneof("binding") == "name"
    assert read.outputs[0].type.tensorType.dimensions[0].constant.size == 5


def test_unknown_fields_are_kept() -> None:
    # field 4999 (varint 1) and field 1 (specificationVersion 8)
    data = b"\x08\x08" + b"\xb8\xb8\x02\x01"
    assert parse_model(data).SerializeToString() == data


def test_older_model_kinds_are_known_by_name() -> None:
    data = b"\xa2\x1f\x02\x08\x01"  # field 500, two bytes
    assert parse_model(data).WhichOneof("Type") == "neuralNetwork"


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05abc", b"not a protobuf at all"])
def test_other_bytes_are_refused(data: Any) -> None:
    with pytest.raises(ModelFileError, match="not a Core ML protobuf"):
        parse_model(data)


def test_data_types_outside_the_table_have_a_name_too() -> None:
    assert data_type_name(10) == "float16"
    assert data_type_name(7) == "unknown(7)"


def described(descriptor: Any) -> Any:
    """name -> (number, repeated, oneof, kind) of a message as protobuf sees it."""
    fields = {}
    for field in descriptor.fields:
        kind = field.message_type or field.enum_type
        entry = field.message_type is not None and field.message_type.GetOptions().map_entry
        value = field.message_type.fields_by_name["value"] if entry else None
        inner = value and (value.message_type.full_name if value.message_type else value.type)
        name = ("map", inner) if entry else kind.full_name if kind else field.type
        group = field.containing_oneof.name if field.containing_oneof else None
        fields[field.name] = (field.number, field.is_repeated, group, name)
    return fields


@pytest.mark.full
def test_the_table_agrees_with_the_generated_classes() -> None:
    """Every message, field, number, type, oneof and enum value against coremltools' descriptors."""
    reason = 'pip install "fieldpack[coreml-convert]"'
    mil = pytest.importorskip("coremltools.proto.MIL_pb2", reason=reason).DESCRIPTOR
    model = pytest.importorskip("coremltools.proto.Model_pb2", reason=reason).DESCRIPTOR
    features = pytest.importorskip("coremltools.proto.FeatureTypes_pb2", reason=reason).DESCRIPTOR
    public = {}
    for file in (mil, model, features):
        stack = list(file.message_types_by_name.values())
        while stack:
            found = stack.pop()
            public[found.full_name.removeprefix("CoreML.Specification.")] = found
            stack += found.nested_types
    table = {f"MILSpec.{name}" for name in MIL_MESSAGES} | set(MODEL_MESSAGES)
    for name in sorted(table):
        ours, theirs = described(message(name).DESCRIPTOR), described(public[name])
        opaque = {key for key, value in ours.items() if value[3] == 12 and theirs[key][3] != 12}
        assert not opaque or name == "Model"
        for key in opaque:
            assert isinstance(theirs[key][3], str), key
            theirs[key] = (*theirs[key][:3], 12)
        assert ours == theirs, name
    enums = {f"MILSpec.{name}": text for name, text in MIL_ENUMS.items()} | MODEL_ENUMS
    for name, text in enums.items():
        parent, _, leaf = name.rpartition(".")
        home = mil if parent == "MILSpec" else public[parent]
        values = {value.name: value.number for value in home.enum_types_by_name[leaf].values}
        assert values == {key: int(number) for key, number in (pair.split("=") for pair in text.split())}
