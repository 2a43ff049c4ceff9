"""Buffers hold what the public schema says: every table there and back; a reader that knows numbers only."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import flatbuffers.table
import pytest
from flatbuffers import number_types

from fieldpack.errors import ModelFileError
from fieldpack.tflite.file import open_model
from fieldpack.tflite.metadata.packing import minimum_parser, packed
from fieldpack.tflite.metadata.reading import packed_files, standard_metadata, unpacked
from fieldpack.tflite.metadata.schema import ADDED, ENTRY, ENUMS, ROOT, TABLES, UNIONS, fields

PICTURE = {
    "name": "picture",
    "content": {
        "content_properties": (
            "ImageProperties",
            {"color_space": "RGB", "default_size": {"width": 96, "height": 64}},
        )
    },
    "process_units": [{"options": ("NormalizationOptions", {"mean": [127.5], "std": [2.0, 3.0]})}],
}
SCORES = {
    "name": "scores",
    "process_units": [{"options": ("ScoreThresholdingOptions", {"global_score_threshold": 0.25})}],
    "associated_files": [{"name": "scores.labels.txt", "type": "TENSOR_AXIS_LABELS"}],
}
MODEL = {
    "name": "bees and flies: 蜂",
    "subgraph_metadata": [{"input_tensor_metadata": [PICTURE], "output_tensor_metadata": [SCORES]}],
    "license": "CC0-1.0",
}


class Plain:
    """A table by its slots, read with the ``flatbuffers`` package alone."""

    def __init__(self, data: bytes, at: int) -> None:
        self.table = flatbuffers.table.Table(data, at)

    def offset(self, slot: int) -> int:
        found = int(self.table.Offset(4 + 2 * slot))
        assert found, f"slot {slot} is empty"
        return found

    def at(self, slot: int) -> int:
        return int(self.table.Pos) + self.offset(slot)

    def inner(self, slot: int) -> Plain:
        return Plain(self.table.Bytes, self.table.Indirect(self.at(slot)))

    def item(self, slot: int, index: int = 0) -> Plain:
        start = self.table.Vector(self.offset(slot))
        return Plain(self.table.Bytes, self.table.Indirect(start + 4 * index))

    def text(self, slot: int) -> str:
        return bytes(self.table.String(self.at(slot))).decode()

    def floats(self, slot: int) -> list[float]:
        offset = self.offset(slot)
        start, count = self.table.Vector(offset), self.table.VectorLen(offset)
        return list(struct.unpack_from(f"<{count}f", self.table.Bytes, start))

    def number(self, slot: int, flags: Any) -> Any:
        return self.table.Get(flags, self.at(slot))


def test_a_reader_that_knows_only_the_numbers_of_the_schema_finds_everything() -> None:
    data = packed(MODEL)
    assert data[4:8] == b"M001"
    model = Plain(data, struct.unpack_from("<I", data)[0])
    assert (model.text(0), model.text(5), model.text(7)) == ("bees and flies: 蜂", "CC0-1.0", "1.0.0")
    graph = model.item(3)
    picture, scores = graph.item(2), graph.item(3)
    assert (picture.text(0), scores.text(0)) == ("picture", "scores")
    content = picture.inner(3)
    assert content.number(0, number_types.Uint8Flags) == 2
    image = content.inner(1)
    assert image.number(0, number_types.Int8Flags) == 1
    size = image.inner(1)
    assert (size.number(0, number_types.Uint32Flags), size.number(1, number_types.Uint32Flags)) == (96, 64)
    normalisation = picture.item(4)
    assert normalisation.number(0, number_types.Uint8Flags) == 1
    assert (normalisation.inner(1).floats(0), normalisation.inner(1).floats(1)) == ([127.5], [2.0, 3.0])
    threshold = scores.item(4)
    assert threshold.number(0, number_types.Uint8Flags) == 3
    assert threshold.inner(1).number(0, number_types.Float32Flags) == 0.25
    labels = scores.item(6)
    assert (labels.text(0), labels.number(2, number_types.Int8Flags)) == ("scores.labels.txt", 2)


def filled(table: str, draw: random.Random) -> dict[str, Any]:
    """A value for every field of a table."""
    return {
        field.name: [value(field.kind, draw) for _ in range(2)]
        if field.is_vector
        else value(field.kind, draw)
        for field in fields(table)
    }


def value(kind: str, draw: random.Random) -> Any:
    if kind in UNIONS:
        member = draw.choice(UNIONS[kind])
        return member, filled(member, draw)
    if kind in ENUMS:
        return draw.choice(ENUMS[kind])
    if kind in TABLES:
        return filled(kind, draw)
    numbers = {
        "float": draw.randrange(99) / 4,
        "int": draw.randrange(-9, 9),
        "string": f"text {draw.random()}",
    }
    return numbers.get(kind, draw.randrange(256))


def test_every_field_and_member_comes_back() -> None:
    seen = set()
    for seed in range(12):
        values = filled(ROOT, random.Random(seed))
        values["min_parser_version"] = minimum_parser(values)
        assert unpacked(packed(values), "x") == values
        seen |= {word for kind in UNIONS for word in UNIONS[kind] if word in repr(values)}
    assert seen == {word for kind in UNIONS for word in UNIONS[kind]}
    assert packed(MODEL) == packed(MODEL)


def test_the_oldest_parser_is_that_of_the_newest_thing_in_use() -> None:
    assert minimum_parser(MODEL) == "1.0.0"
    file = {"name": "words.txt"}
    cases: dict[str, Any] = {
        "AssociatedFileType.VOCABULARY": {"associated_files": [{**file, "type": "VOCABULARY"}]},
        "AssociatedFileType.SCANN_INDEX_FILE": {"associated_files": [{**file, "type": "SCANN_INDEX_FILE"}]},
        "AssociatedFile.version": {"associated_files": [{**file, "version": "2"}]},
        "AudioProperties": on_tensor(content={"content_properties": ("AudioProperties", {"channels": 1})}),
    }
    for member in ("Bert", "SentencePiece", "Regex"):
        name = f"{member}TokenizerOptions"
        cases[name] = on_tensor(process_units=[{"options": (name, {})}])
    for name in ("input_process_units", "input_tensor_groups", "custom_metadata"):
        for stated in (name, name.replace("input", "output")):
            cases[f"SubGraphMetadata.{stated}"] = {"subgraph_metadata": [{stated: []}]}
    assert set(cases) == set(ADDED)
    for name, values in cases.items():
        assert minimum_parser(values) == ADDED[name], name
        assert unpacked(packed(values), "x")["min_parser_version"] == ADDED[name]
    both = {**cases["AudioProperties"], **cases["AssociatedFile.version"]}
    assert minimum_parser(both) == "1.4.1"


def on_tensor(**values: Any) -> dict[str, Any]:
    """Metadata with one input of these values."""
    return {"subgraph_metadata": [{"input_tensor_metadata": [values]}]}


def test_words_that_the_schema_does_not_have_are_refused() -> None:
    with pytest.raises(KeyError, match="colour"):
        packed({"colour": "red"})
    with pytest.raises(KeyError):
        packed(on_tensor(content={"content_properties": ("VideoProperties", {})}))


def test_damaged_buffers_are_refused_calmly() -> None:
    data, draw = packed(MODEL), random.Random(2)
    for cut in range(0, len(data) - 8, 5):
        with pytest.raises(ModelFileError, match="standard metadata of x"):
            unpacked(data[:cut], "x")
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(4):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        try:
            unpacked(bytes(damaged), "x")
        except ModelFileError:
            continue


def test_what_a_newer_schema_has_is_left_out() -> None:
    data = bytearray(packed(on_tensor(content={"content_properties": ("AudioProperties", {"channels": 1})})))
    model = Plain(bytes(data), struct.unpack_from("<I", data)[0])
    content = model.item(3).item(2).inner(3)
    data[content.at(0)] = 9
    tensor = unpacked(bytes(data), "x")["subgraph_metadata"][0]["input_tensor_metadata"][0]
    assert tensor == {"content": {}}


def test_files_of_googles_own_writer_are_read(model_paths: list[Path]) -> None:
    stated = {
        path: standard_metadata(model)
        for path in model_paths
        if ENTRY in (model := open_model(path)).metadata
    }
    assert stated
    for path, values in stated.items():
        assert values is not None
        (graph,) = values["subgraph_metadata"]
        labels = graph["output_tensor_metadata"][0]["associated_files"][0]
        assert labels["type"] == "TENSOR_AXIS_LABELS"
        classes = open_model(path).outputs[0].shape[-1]
        assert len(packed_files(path)[labels["name"]].decode().splitlines()) == classes
