"""The model computes the same, its weights lie as before, and damaged files stay as they were."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import FieldpackError, UnsupportedError
from fieldpack.testing import convolution_tflite
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.file import open_model, parse_model
from fieldpack.tflite.metadata.attaching import attach, without_archive
from fieldpack.tflite.metadata.schema import ENTRY

ENTRIES = {ENTRY: b"words of the model", "min_runtime_version": b"2.3.0".ljust(16, b"\0")}
FILES = {"labels.txt": b"bee\nfly\n", "contract.json": b"{}"}


def answers(content: bytes) -> list[Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    for entry in interpreter.get_input_details():
        values = np.random.default_rng(3).normal(size=entry["shape"]).astype(entry["dtype"])
        interpreter.set_tensor(entry["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(entry["index"]) for entry in interpreter.get_output_details()]


def models(dense: SimpleNamespace) -> list[bytes]:
    draw = np.random.default_rng(1)
    kernel = draw.normal(size=(1, 3, 3, 2)).astype(np.float32)
    return [
        dense.data,
        convolution_tflite("tile", (1, 8, 8, 2), {"low": (kernel, 0.5), "high": (kernel, 1.0)}),
    ]


def test_a_model_computes_the_same_to_the_bit_and_keeps_its_facts(
    dense: SimpleNamespace, tmp_path: Path
) -> None:
    for content in models(dense):
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        attach(path, ENTRIES, FILES)
        before, after = parse_model(content), open_model(path)
        assert (after.subgraphs, after.signatures) == (before.subgraphs, before.signatures)
        assert (after.description, after.schema_version) == (before.description, before.schema_version)
        assert dict(after.metadata) == {**before.metadata, **ENTRIES}
        for one, two in zip(answers(content), answers(path.read_bytes()), strict=True):
            np.testing.assert_array_equal(one, two)


def test_weights_lie_as_they_did_and_new_buffers_are_aligned(dense: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(dense.data)
    attach(path, ENTRIES, {})
    before, after = parse_model(dense.data).buffers, open_model(path).buffers
    moved = {new - old for (old, size), (new, _) in zip(before, after, strict=False) if size}
    assert len(moved) == 1
    assert moved.pop() % 64 == 0
    assert all(start % 16 == 0 for start, _ in after[len(before) :])
    assert path.read_bytes().endswith(dense.data)


def test_the_schema_classes_of_litert_read_the_same_model(dense: SimpleNamespace, tmp_path: Path) -> None:
    from ai_edge_litert import schema_py_generated as schema

    path = tmp_path / "model.tflite"
    path.write_bytes(dense.data)
    attach(path, ENTRIES, FILES)
    content = path.read_bytes()
    assert schema.Model.ModelBufferHasIdentifier(content, 0)
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    stored = {entry.name: bytes(model.buffers[entry.buffer].data) for entry in model.metadata}
    assert stored == {name.encode(): data for name, data in ENTRIES.items()}
    assert [tensor.name for tensor in model.subgraphs[0].tensors] == [b"x", b"w", b"b", b"h", b"y"]


def test_files_are_stored_behind_the_model_without_a_time(dense: SimpleNamespace, tmp_path: Path) -> None:
    paths = [tmp_path / "one.tflite", tmp_path / "two.tflite"]
    for path in paths:
        path.write_bytes(dense.data)
        attach(path, ENTRIES, FILES)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {item.filename: archive.read(item) for item in archive.infolist()} == FILES
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        # Positions count from the first byte of the file, which readers of a mapped model rely on.
        first = archive.infolist()[0].header_offset
    assert paths[0].read_bytes()[first : first + 4] == b"PK\x03\x04"


def test_what_was_attached_before_is_replaced(dense: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(dense.data)
    attach(path, ENTRIES, FILES)
    attach(path, {ENTRY: b"newer"}, {"other.txt": b"x"})
    assert dict(open_model(path).metadata) == {**ENTRIES, ENTRY: b"newer"}
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["other.txt"]
    assert without_archive(dense.data) == dense.data


def test_an_editor_leaves_out_what_tells_of_the_old_ends(dense: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(dense.data)
    attach(path, ENTRIES, FILES)
    content = TfliteEditor(path.read_bytes()).content()
    assert set(parse_model(content).metadata) == {"min_runtime_version"}
    assert ENTRIES[ENTRY] not in content
    assert FILES["labels.txt"] not in content


def test_a_damaged_file_stays_as_it_was(dense: SimpleNamespace, tmp_path: Path) -> None:
    path, draw = tmp_path / "model.tflite", random.Random(4)
    for _ in range(120):
        content = bytearray(dense.data)
        for _ in range(3):
            content[draw.randrange(len(content))] = draw.randrange(256)
        damaged = bytes(content[: draw.randrange(len(content))] if draw.random() < 0.3 else content)
        path.write_bytes(damaged)
        try:
            attach(path, ENTRIES, FILES)
        except FieldpackError:
            assert path.read_bytes() == damaged
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_weights_behind_the_flatbuffer_are_refused(dense: SimpleNamespace, tmp_path: Path) -> None:
    buffer = dense.writer.model.buffers[1]
    path = tmp_path / "model.tflite"
    buffer.offset, buffer.size = 64, 8
    try:
        content = dense.writer.pack()
    finally:
        buffer.offset = buffer.size = 0
    path.write_bytes(content)
    with pytest.raises(UnsupportedError, match="cannot be given metadata"):
        attach(path, ENTRIES, FILES)
    assert path.read_bytes() == content
