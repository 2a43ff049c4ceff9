from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldpack.errors import ModelFileError
from fieldpack.tflite import flatbuffer
from fieldpack.tflite.decoder import FUSED_AT
from fieldpack.tflite.file import open_model, parse_model


def test_facts_of_a_dense_model(dense_path: Path, dense: SimpleNamespace) -> None:
    model = open_model(dense_path)
    assert (model.path, model.file_bytes, model.schema_version) == (dense_path, len(dense.data), 3)
    assert model.description == "by hand"
    assert [tensor.name for tensor in model.main.tensors] == ["x", "w", "b", "h", "y"]
    assert model.inputs[0].shape == (1, 4)
    assert model.inputs[0].shape_signature == (-1, 4)
    assert model.op_histogram() == {"FULLY_CONNECTED": 1, "TANH": 1}
    assert model.weight_bytes == 4 * (12 + 3)
    assert model.weight_dtypes() == {"float32": 2}
    assert model.activation_dtypes() == {"float32": 3}
    assert model.metadata == {"min_runtime_version": b"1.14.0" + bytes(10)}
    assert model.quantised_op_count == 0
    weights = model.main.tensors[1]
    assert weights.is_constant
    assert model.read_buffer(weights) == dense.weights.tobytes()


def test_names_come_from_the_signature_if_there_is_one(
    dense: SimpleNamespace, unsigned_dense: SimpleNamespace
) -> None:
    signed, unsigned = parse_model(dense.data), parse_model(unsigned_dense.data)
    assert (signed.input_names, signed.output_names) == (("features",), ("score",))
    assert signed.signatures[0].key == "serving_default"
    assert (unsigned.input_names, unsigned.output_names) == (("x",), ("y",))


def test_names_used_twice_or_not_at_all_become_unique(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    first, second = writer.tensor("a", (1,)), writer.tensor("a", (1,))
    nameless = writer.tensor("", (1,))
    writer.operator("ADD", (first, second), (nameless,), options="AddOptions")
    writer.ends((first, second), (nameless,))
    model = parse_model(writer.pack())
    assert model.input_names == ("a#0", "a#1")
    assert model.output_names == ("#2",)


def test_quantised_facts(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    x = writer.tensor("x", (1, 4))
    q = writer.tensor("q", (1, 4), "int8", scale=(0.5,), zero_point=(3,))
    w = writer.tensor(
        "w", (2, 4), "int8", np.ones((2, 4), np.int8), scale=(0.25, 0.125), zero_point=(0, 0), axis=0
    )
    y = writer.tensor("y", (1, 2), "int8", scale=(1.0,), zero_point=(-1,))
    writer.operator("QUANTIZE", (x,), (q,), version=2, options="QuantizeOptions")
    writer.operator("FULLY_CONNECTED", (q, w, -1), (y,), version=4, options="FullyConnectedOptions")
    writer.operator("FULLY_CONNECTED", (q, w, -1), (y,), version=2, options="FullyConnectedOptions")
    writer.ends((x,), (y,))
    model = parse_model(writer.pack())
    assert model.main.tensors[w].scale == (0.25, 0.125)
    assert model.main.tensors[w].quantized_axis == 0
    assert model.main.tensors[q].zero_point == (3,)
    assert model.main.tensors[q].quantized_axis is None
    assert model.quantised_op_count == 2, "QUANTIZE itself does not count"
    assert model.op_versions() == {"QUANTIZE": 2, "FULLY_CONNECTED": 4}
    assert model.weight_bytes_by_dtype() == {"int8": 8}


@pytest.mark.parametrize("operator", sorted(FUSED_AT))
def test_fused_activations_are_read_as_the_schema_writes_them(
    operator: str, new_writer: Callable[[], Any]
) -> None:
    words = {"L2_NORMALIZATION": "L2Norm", "CONCATENATION": "Concatenation"}
    named = operator.title().replace("_", "")
    options = words.get(operator, "Pool2D" if "POOL" in operator else named) + "Options"
    writer = new_writer()
    x, y, z = (writer.tensor(name, (1, 4)) for name in "xyz")
    writer.operator(operator, (x, x), (y,), options=options, fusedActivationFunction=3)
    writer.operator(operator, (y, y), (z,), options=options)
    writer.ends((x,), (z,))
    assert [node.activation for node in parse_model(writer.pack()).operators] == ["RELU6", ""]


def test_a_shared_buffer_counts_once(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    first = writer.tensor("a", (4,), values=np.ones(4, np.float32))
    second = writer.tensor("b", (2, 2), values=None)
    writer.graph.tensors[second].buffer = writer.graph.tensors[first].buffer
    y = writer.tensor("y", (4,))
    writer.operator("ADD", (first, second), (y,), options="AddOptions")
    writer.ends((), (y,))
    model = parse_model(writer.pack())
    assert model.weight_bytes == 16
    assert model.weight_dtypes() == {"float32": 2}


def test_operator_codes_old_new_custom_and_unknown(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    x, y = writer.tensor("x", (1,)), writer.tensor("y", (1,))
    writer.operator("RELU", (x,), (y,))
    writer.operator("CUSTOM", (x,), (y,), custom="FlexErf")
    writer.operator("STABLEHLO_CASE", (x,), (y,))
    writer.operator("RELU", (x,), (y,))
    writer.model.operatorCodes[0].builtinCode = 0  # as files before 2020: the byte alone
    writer.model.operatorCodes[3].builtinCode = 9999
    writer.ends((x,), (y,))
    model = parse_model(writer.pack())
    assert [node.name for node in model.operators] == ["RELU", "FlexErf", "STABLEHLO_CASE", "BUILTIN_9999"]
    assert model.custom_ops == ("FlexErf",)


def test_buffers_behind_the_flatbuffer(new_writer: Callable[[], Any], tmp_path: Path) -> None:
    """Files over 2 GiB keep weights behind the tables, with absolute offsets."""
    writer = new_writer()
    x = writer.tensor("x", (4,))
    w = writer.tensor("w", (4,), values=np.zeros(4, np.float32))
    y = writer.tensor("y", (4,))
    writer.operator("ADD", (x, w), (y,), options="AddOptions")
    writer.ends((x,), (y,))
    stored = writer.model.buffers[1]
    stored.data, stored.offset, stored.size = None, 10_000, 16
    data = writer.pack().ljust(10_000, b"\0")
    with pytest.raises(ModelFileError, match="is not a well-formed"):
        parse_model(data)
    path = tmp_path / "large.tflite"
    path.write_bytes(data + np.arange(4, dtype=np.float32).tobytes())
    model = open_model(path)
    assert model.weight_bytes == 16
    assert model.read_buffer(model.main.tensors[w]) == np.arange(4, dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    "data",
    [b"", b"TFL3", b"\x08\0\0\0TFL3", b"PK\x03\x04" * 50, b"\xff" * 400, b"\x10\0\0\0TFL2" + bytes(100)],
    ids=["empty", "identifier", "header", "zip", "ones", "older format"],
)
def test_garbage_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        open_model(path)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.tflite", tmp_path):
        with pytest.raises(ModelFileError, match="cannot be opened"):
            open_model(path)


def test_every_truncation_is_refused(dense: SimpleNamespace) -> None:
    accepted = [cut for cut in range(len(dense.data)) if _accepts(dense.data[:cut])]
    assert all(cut > len(dense.data) - 4 for cut in accepted), "only padding may be missing"


def test_indices_out_of_range_are_refused(new_writer: Callable[[], Any]) -> None:
    def broken(change: Callable[[Any], None]) -> bytes:
        writer = new_writer()
        x, y = writer.tensor("x", (1,)), writer.tensor("y", (1,))
        writer.operator("RELU", (x,), (y,))
        writer.ends((x,), (y,))
        writer.signature("s", {"x": x}, {"y": y})
        writer.metadata("m", b"1")
        change(writer)
        data: bytes = writer.pack()
        return data

    assert _accepts(broken(lambda writer: None))
    for change in (
        lambda writer: setattr(writer.graph, "inputs", [2]),
        lambda writer: setattr(writer.graph, "outputs", [-1]),
        lambda writer: setattr(writer.graph.operators[0], "inputs", [-2]),
        lambda writer: setattr(writer.graph.operators[0], "opcodeIndex", 1),
        lambda writer: setattr(writer.graph.tensors[0], "buffer", 9),
        lambda writer: setattr(writer.graph.tensors[0], "shape", [-1]),
        lambda writer: setattr(writer.model.signatureDefs[0], "subgraphIndex", 1),
        lambda writer: setattr(writer.model.signatureDefs[0].inputs[0], "tensorIndex", 7),
        lambda writer: setattr(writer.model.metadata[0], "buffer", 9),
        lambda writer: setattr(writer.model, "subgraphs", []),
    ):
        assert not _accepts(broken(change))


def test_work_is_bounded(dense: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatbuffer, "MAX_TABLES", 10)
    assert not _accepts(dense.data)
    monkeypatch.undo()
    monkeypatch.setattr(flatbuffer, "MAX_ELEMENTS", 10)
    assert not _accepts(dense.data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_altered_bytes_raise_nothing_but_model_file_error(
    dense: SimpleNamespace, data: st.DataObject
) -> None:
    altered = bytearray(dense.data)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(altered) - 1))
        altered[at] = data.draw(st.integers(0, 255))
    _accepts(bytes(altered))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_behind_a_good_header_raise_nothing_else(tail: bytes) -> None:
    _accepts(b"\x08\0\0\0TFL3" + tail)


def test_agrees_with_the_flatbuffers_object_api(dense: SimpleNamespace) -> None:
    _compare_with_object_api(dense.data)


def test_real_files_agree_with_the_flatbuffers_object_api(model_paths: list[Path]) -> None:
    for path in model_paths:
        model = open_model(path)
        assert model.operators, path
        assert 0 < model.weight_bytes < model.file_bytes
        if model.file_bytes < 600_000:
            _compare_with_object_api(path.read_bytes())


def test_importing_costs_nothing() -> None:
    modules = (
        "fieldpack.tflite.file, fieldpack.tflite.runner, fieldpack.tflite.load_check, fieldpack.tflite.border"
    )
    code = (
        f"import {modules}, sys; print([name for name in ('numpy', 'ai_edge_litert') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"


def _accepts(data: bytes) -> bool:
    try:
        parse_model(data)
    except ModelFileError:
        return False
    return True


def _compare_with_object_api(data: bytes) -> None:
    from ai_edge_litert import schema_py_generated as schema

    ours, theirs = parse_model(data), schema.ModelT.InitFromPackedBuf(data, 0)
    for graph, other in zip(ours.subgraphs, theirs.subgraphs, strict=True):
        assert graph.inputs == tuple(other.inputs)
        assert graph.outputs == tuple(other.outputs)
        for node, stored in zip(graph.operators, other.operators, strict=True):
            assert node.inputs == tuple(stored.inputs)
            assert node.outputs == tuple(stored.outputs)
            assert node.version == theirs.operatorCodes[stored.opcodeIndex].version
        for tensor, entry in zip(graph.tensors, other.tensors, strict=True):
            assert tensor.name == entry.name.decode()
            assert tensor.shape == (() if entry.shape is None else tuple(entry.shape))
            assert tensor.dtype.upper() in vars(schema.TensorType)
            assert vars(schema.TensorType)[tensor.dtype.upper()] == entry.type
            stored_data = theirs.buffers[entry.buffer].data
            assert tensor.buffer_bytes == (0 if stored_data is None else len(stored_data))
            scale = None if entry.quantization is None else entry.quantization.scale
            assert tensor.scale == (() if scale is None else tuple(np.asarray(scale).tolist()))
