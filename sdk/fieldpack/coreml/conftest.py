"""Packages made by hand for the tests of this folder, without coremltools.

``handmade`` builds a small ML Program from Python values with the schema classes and writes weight
files byte by byte, so that the fast tests need no converter and can also write wrong packages.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.schema import MIL_ENUMS, message

DATA_TYPES = {k: int(v) for k, v in (pair.split("=") for pair in MIL_ENUMS["DataType"].split())}
BLOB_NUMBERS = {"float16": 1, "float32": 2, "uint8": 3, "int8": 4, "int4": 8, "uint1": 9, "uint4": 11}
ARRAY_TYPES = {"float32": 65568, "float64": 65600, "int32": 131104, "float16": 65552}


def blob_file(*entries: tuple[int, bytes, int]) -> bytes:
    """A weight file from (data type number, payload, padding bits) entries; offsets as they come."""
    out = bytearray(struct.pack("<II", len(entries), 2).ljust(64, b"\0"))
    for number, payload, padding in entries:
        start = len(out) + 64
        out += struct.pack("<IIQQQ", 0xDEADBEEF, number, len(payload), start, padding).ljust(64, b"\0")
        out += payload
        out += b"\0" * (-len(out) % 64)
    return bytes(out)


def set_type(target: Any, dtype: str, shape: Sequence[int | None]) -> None:
    """Fill a ``ValueType`` message with a tensor type."""
    target.tensorType.dataType = DATA_TYPES[dtype.upper()]
    target.tensorType.rank = len(shape)
    for size in shape:
        dim = target.tensorType.dimensions.add()
        if size is None:
            dim.unknown.variadic = False
        else:
            dim.constant.size = size


def set_value(value: Any, content: Any) -> None:
    """Fill a ``Value`` message with an immediate array, text or list of texts."""
    if isinstance(content, list):
        value.type.listType.length.constant.size = len(content)
        value.type.listType.type.tensorType.dataType = DATA_TYPES["STRING"]
        for item in content:
            set_value(value.immediateValue.list.values.add(), item)
        return
    if isinstance(content, str):
        set_type(value.type, "string", ())
        value.immediateValue.tensor.strings.values.append(content)
        return
    array = np.asarray(content)
    set_type(value.type, array.dtype.name, array.shape)
    tensor = value.immediateValue.tensor
    if array.dtype == np.float32:
        tensor.floats.values.extend(array.ravel().tolist())
    elif array.dtype == np.int32:
        tensor.ints.values.extend(array.ravel().tolist())
    elif array.dtype == np.bool_:
        tensor.bools.values.extend(array.ravel().tolist())
    else:
        tensor.bytes.values = array.tobytes()


class Handmade:
    """A program under construction."""

    def __init__(self, root: Path, opset: str = "CoreML6", specification: int = 7) -> None:
        self.root = root
        self.model = message("Model")
        self.model.specificationVersion = specification
        self.function = self.model.mlProgram.functions["main"]
        self.function.opset = opset
        self.block = self.function.block_specializations[opset]
        self.blobs: list[tuple[int, bytes, int]] = []
        self.offset = 64

    def input(self, name: str, dtype: str, shape: Sequence[int]) -> str:
        entry = self.function.inputs.add(name=name)
        set_type(entry.type, dtype, shape)
        feature = self.model.description.input.add(name=name)
        feature.type.multiArrayType.shape.extend(shape)
        feature.type.multiArrayType.dataType = ARRAY_TYPES[dtype]
        return name

    def const(self, name: str, content: Any) -> str:
        """An immediate constant: array, text or list of texts."""
        op = self.block.operations.add(type="const")
        set_value(op.attributes["val"], content)
        op.outputs.add(name=name).type.CopyFrom(op.attributes["val"].type)
        return name

    def weight(self, name: str, dtype: str, shape: Sequence[int], payload: bytes, padding: int = 0) -> str:
        """A constant in the weight file, its bytes as given."""
        op = self.block.operations.add(type="const")
        value = op.attributes["val"]
        set_type(value.type, dtype, shape)
        value.blobFileValue.fileName = "@model_path/weights/weight.bin"
        value.blobFileValue.offset = self.offset
        self.blobs.append((BLOB_NUMBERS[dtype], payload, padding))
        self.offset += 64 + len(payload) + (-len(payload) % 64)
        op.outputs.add(name=name).type.CopyFrom(value.type)
        return name

    def op(self, kind: str, name: str, dtype: str, shape: Sequence[int | None], /, **inputs: Any) -> str:
        """An operation with one result. Inputs: a name, a list of names, ``=text``, or an array."""
        bound = {key: self._names(f"{name}_{key}", given) for key, given in inputs.items()}
        op = self.block.operations.add(type=kind)
        for key, names in bound.items():
            for item in names:
                op.inputs[key].arguments.add(name=item)
        set_type(op.outputs.add(name=name).type, dtype, shape)
        return name

    def _names(self, name: str, given: Any) -> list[str]:
        if isinstance(given, list):
            return given
        if isinstance(given, str) and not given.startswith("="):
            return [given]
        return [self.const(name, given.removeprefix("=") if isinstance(given, str) else given)]

    def output(self, name: str, dtype: str, shape: Sequence[int]) -> None:
        self.block.outputs.append(name)
        feature = self.model.description.output.add(name=name)
        feature.type.multiArrayType.shape.extend(shape)
        feature.type.multiArrayType.dataType = ARRAY_TYPES[dtype]

    def save(self) -> Path:
        """Write the package and return its path."""
        package = self.root / "model.mlpackage"
        inner = package / "Data" / "com.apple.CoreML"
        (inner / "weights").mkdir(parents=True)
        (inner / "model.mlmodel").write_bytes(self.model.SerializeToString())
        (inner / "weights" / "weight.bin").write_bytes(blob_file(*self.blobs))
        items = {
            "B-model": {
                "author": "a",
                "description": "d",
                "name": "m",
                "path": "com.apple.CoreML/model.mlmodel",
            },
            "A-weights": {"author": "a", "description": "d", "name": "w", "path": "com.apple.CoreML/weights"},
        }
        manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": items, "rootModelIdentifier": "B-model"}
        (package / "Manifest.json").write_text(json.dumps(manifest))
        return package


@pytest.fixture
def handmade(tmp_path: Path) -> Handmade:
    """An empty program for iOS 16."""
    return Handmade(tmp_path)
