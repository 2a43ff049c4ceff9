"""From the bytes of a ``.tflite`` flatbuffer to the facts of ``facts``.

Slot numbers are those of TensorFlow's ``schema.fbs``, which only ever appends fields. The names of
operators and element types come from the schema that ships in the LiteRT wheel, so that they follow
the runtime in use; a number newer than that schema becomes ``BUILTIN_<n>`` or ``type_<n>``. Every
index is checked against what it points into.
"""

from __future__ import annotations

import functools
import mmap
from collections.abc import Mapping
from pathlib import Path

from fieldpack.errors import MissingDependencyError
from fieldpack.tflite.facts import Operator, Signature, Subgraph, Tensor, TfliteModel
from fieldpack.tflite.flatbuffer import Flatbuffer, Table

IDENTIFIER = b"TFL3"
CUSTOM = 32
BLOCKWISE = 2
FUSED_AT = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "TRANSPOSE_CONV": 3,
    "CONV_3D": 4,
    "FULLY_CONNECTED": 0,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "L2_POOL_2D": 5,
    "ADD": 0,
    "SUB": 0,
    "MUL": 0,
    "DIV": 0,
    "CONCATENATION": 1,
    "L2_NORMALIZATION": 0,
}
"""Operator -> slot of the fused activation function in its options."""


def decode(data: bytes | mmap.mmap, path: Path) -> TfliteModel:
    """Read the facts of a whole file.

    Parameters
    ----------
    data : bytes or mmap.mmap
        The file.
    path : pathlib.Path
        Where it came from; kept, and named in errors.

    Raises
    ------
    ModelFileError
        If the file is empty, cut off, of another kind, or refers to something it does not have.
    """
    source = Flatbuffer(data, str(path))
    if source.size < 8 or bytes(data[4:8]) != IDENTIFIER:
        source.fail(f"identifier {bytes(data[4:8])!r} in a file of {source.size} bytes")
    root = source.root()
    buffers = tuple(_buffer_span(table) for table in root.tables(4))
    codes = [_operator_code(table) for table in root.tables(1)]
    subgraphs = tuple(_subgraph(table, codes, buffers) for table in root.tables(2))
    if not subgraphs:
        source.fail("no subgraph")
    return TfliteModel(
        path=path,
        file_bytes=source.size,
        schema_version=root.integer(0, "I"),
        description=root.text(3),
        subgraphs=subgraphs,
        signatures=tuple(_signature(table, subgraphs) for table in root.tables(7)),
        metadata=_metadata(root.tables(6), buffers),
        buffers=buffers,
    )


def _buffer_span(table: Table) -> tuple[int, int]:
    """Offset and size: inline, or behind the flatbuffer in files over 2 GiB (offset above 1)."""
    offset, size = table.integer(1, "Q"), table.integer(2, "Q")
    if offset > 1:
        table.buffer.require(offset, size)
        return offset, size
    return table.span(0, 1)


def _operator_code(table: Table) -> tuple[str, int, bool]:
    """Name, version and whether it is custom; old files have the code in a byte, slot 0."""
    number = max(table.integer(0, "b"), table.integer(3, "i"))
    version = table.integer(2, "i", 1)
    if number < 0:
        table.buffer.fail(f"operator code {number}")
    if number == CUSTOM:
        return table.text(1) or "CUSTOM", version, True
    return operator_names().get(number, f"BUILTIN_{number}"), version, False


def _subgraph(
    table: Table, codes: list[tuple[str, int, bool]], buffers: tuple[tuple[int, int], ...]
) -> Subgraph:
    tensors = tuple(_tensor(entry, index, buffers) for index, entry in enumerate(table.tables(0)))
    inputs, outputs = table.integers(1), table.integers(2)
    _check_indices(table, inputs + outputs, len(tensors), lowest=0)
    operators = tuple(_operator(entry, codes, len(tensors)) for entry in table.tables(3))
    return Subgraph(table.text(4), tensors, inputs, outputs, operators)


def _tensor(table: Table, index: int, buffers: tuple[tuple[int, int], ...]) -> Tensor:
    shape = table.integers(0)
    number, buffer = table.integer(1, "b"), table.integer(2, "I")
    _check_indices(table, (buffer,), len(buffers), lowest=0)
    if any(size < 0 for size in shape) or number < 0:
        table.buffer.fail(f"tensor {index} with shape {shape} and type {number}")
    quantization = table.table(4)
    scale = () if quantization is None else quantization.floats(2)
    return Tensor(
        name=table.text(3),
        shape=shape,
        dtype=type_names().get(number, f"type_{number}"),
        buffer_bytes=buffers[buffer][1],
        scale=scale,
        zero_point=() if quantization is None else quantization.integers(3, "q"),
        quantized_axis=quantization.integer(6, "i") if quantization and len(scale) > 1 else None,
        index=index,
        buffer=buffer,
        shape_signature=table.integers(7) or shape,
        is_variable=bool(table.integer(5, "b")),
        blockwise=quantization is not None and quantization.integer(4, "B") == BLOCKWISE,
    )


def _operator(table: Table, codes: list[tuple[str, int, bool]], tensors: int) -> Operator:
    opcode = table.integer(0, "I")
    _check_indices(table, (opcode,), len(codes), lowest=0)
    inputs, outputs = table.integers(1), table.integers(2)
    _check_indices(table, inputs + outputs, tensors, lowest=-1)
    options, _ = (table.table(slot) for slot in (4, 12))
    table.span(5, 1)
    name, version, is_custom = codes[opcode]
    fused = 0 if options is None or name not in FUSED_AT else options.integer(FUSED_AT[name], "b")
    activation = activation_names().get(fused, f"activation_{fused}")
    return Operator(name, version, is_custom, inputs, outputs, activation)


def _signature(table: Table, subgraphs: tuple[Subgraph, ...]) -> Signature:
    subgraph = table.integer(4, "I")
    _check_indices(table, (subgraph,), len(subgraphs), lowest=0)
    count = len(subgraphs[subgraph].tensors)
    inputs, outputs = _tensor_map(table, 0, count), _tensor_map(table, 1, count)
    return Signature(table.text(2), subgraph, inputs, outputs)


def _tensor_map(table: Table, slot: int, tensors: int) -> dict[str, int]:
    entries = {entry.text(0): entry.integer(1, "I") for entry in table.tables(slot)}
    _check_indices(table, tuple(entries.values()), tensors, lowest=0)
    return entries


def _metadata(tables: list[Table], buffers: tuple[tuple[int, int], ...]) -> dict[str, bytes]:
    contents: dict[int, bytes] = {}
    entries: dict[str, bytes] = {}
    for table in tables:
        number = table.integer(1, "I")
        _check_indices(table, (number,), len(buffers), lowest=0)
        start, size = buffers[number]
        if number not in contents:
            contents[number] = bytes(table.buffer.data[start : start + size])
        entries[table.text(0)] = contents[number]
    return entries


def _check_indices(table: Table, indices: tuple[int, ...], count: int, lowest: int) -> None:
    for index in indices:
        if not lowest <= index < count:
            table.buffer.fail(f"a reference to number {index} of {count}")


@functools.cache
def operator_names() -> Mapping[int, str]:
    """Builtin operator codes of the LiteRT in use and their names."""
    return {number: name for name, number in _constants("BuiltinOperator").items()}


@functools.cache
def type_names() -> Mapping[int, str]:
    """Element type codes of the LiteRT in use and their names in lower case."""
    return {number: name.lower() for name, number in _constants("TensorType").items()}


@functools.cache
def activation_names() -> Mapping[int, str]:
    """Codes of fused activation functions and their names; nothing fused has an empty one."""
    found = {number: name for name, number in _constants("ActivationFunctionType").items()}
    return {number: "" if name == "NONE" else name for number, name in found.items()}


def _constants(choice: str) -> dict[str, int]:
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise MissingDependencyError(
            "The LiteRT runtime is needed to read .tflite files",
            came=error,
            hint="pip install ai-edge-litert",
        ) from error
    members = vars(getattr(schema, choice))
    return {name: value for name, value in members.items() if isinstance(value, int)}
