"""Writes small ML Programs and NeuralNetworks with the schema's own messages, without coremltools."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.blob import ALIGNMENT, BLOB_TYPES, SENTINEL, VERSION
from fieldpack.coreml.feature import ARRAY_DTYPES
from fieldpack.coreml.schema import MIL_ENUMS, message

Files = dict[str, bytes]
"""A model as it lies on disk: path -> content.

A file ``.mlmodel`` has the single path ``""``; the path of an empty folder ends in ``/``.
"""
MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
MANIFEST = "Manifest.json"
_TYPES = {name.lower(): int(n) for name, n in (pair.split("=") for pair in MIL_ENUMS["DataType"].split())}
_BLOBS = {kind.name: number for number, kind in BLOB_TYPES.items()}
_ARRAYS = {name: number for number, name in ARRAY_DTYPES.items()}


class Writer:
    """An ML Program under construction; ``scope`` is the block that operations go to."""

    def __init__(self, opset: str, specification: int) -> None:
        self.model = message("Model")
        self.model.specificationVersion = specification
        self.function = self.model.mlProgram.functions["main"]
        self.function.opset = opset
        self.block = self.scope = self.function.block_specializations[opset]
        self.blobs = bytearray(struct.pack("<II", 0, VERSION).ljust(ALIGNMENT, b"\0"))
        self.stored = 0

    def input(self, name: str, shape: Sequence[int], dtype: str = "float32") -> str:
        """An array input."""
        _set_type(self.function.inputs.add(name=name).type, dtype, shape)
        feature = self.model.description.input.add(name=name).type.multiArrayType
        feature.shape.extend(shape)
        feature.dataType = _ARRAYS[dtype]
        return name

    def picture(self, name: str, height: int, width: int) -> str:
        """An RGB picture input."""
        _set_type(self.function.inputs.add(name=name).type, "float32", (1, 3, height, width))
        feature = self.model.description.input.add(name=name).type.imageType
        feature.width, feature.height, feature.colorSpace = width, height, 20
        return name

    def output(self, name: str, shape: Sequence[int], dtype: str = "float32") -> None:
        """An array output, computed under this name."""
        self.block.outputs.append(name)
        feature = self.model.description.output.add(name=name).type.multiArrayType
        feature.shape.extend(shape)
        feature.dataType = _ARRAYS[dtype]

    def stored_constant(self, name: str, dtype: str, shape: Sequence[int], content: bytes) -> str:
        """A constant in the weight file, its bytes as given."""
        op = self.scope.operations.add(type="const")
        value = op.attributes["val"]
        _set_type(value.type, dtype, shape)
        value.blobFileValue.fileName = "@model_path/weights/weight.bin"
        value.blobFileValue.offset = start = len(self.blobs)
        record = struct.pack("<IIQQQ", SENTINEL, _BLOBS[dtype], len(content), start + ALIGNMENT, 0)
        self.blobs += record.ljust(ALIGNMENT, b"\0") + content
        self.blobs += b"\0" * (-len(self.blobs) % ALIGNMENT)
        self.stored += 1
        op.outputs.add(name=name).type.CopyFrom(value.type)
        return name

    def op(self, kind: str, name: str, shape: Sequence[int], dtype: str = "float32", /, **inputs: Any) -> str:
        """An operation with one result; inputs are names, ``=text``, numbers or arrays."""
        op = self.scope.operations.add(type=kind)
        for key, given in inputs.items():
            for item in given if isinstance(given, list) else [given]:
                binding = op.inputs[key].arguments.add()
                if isinstance(item, str) and not item.startswith("="):
                    binding.name = item
                else:
                    _set_value(binding.value, item)
        _set_type(op.outputs.add(name=name).type, dtype, shape)
        return name

    def package(self) -> Files:
        """Model, weight file and manifest."""
        self.blobs[:4] = struct.pack("<I", self.stored)
        items = {
            key: {"author": "a", "description": "d", "name": key, "path": f"com.apple.CoreML/{path}"}
            for key, path in (("model", "model.mlmodel"), ("weights", "weights"))
        }
        manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": items, "rootModelIdentifier": "model"}
        return {
            MANIFEST: json.dumps(manifest).encode(),
            MODEL: self.model.SerializeToString(deterministic=True),
            WEIGHTS: bytes(self.blobs),
        }


def _set_type(target: Any, dtype: str, shape: Sequence[int]) -> None:
    target.tensorType.dataType = _TYPES[dtype]
    target.tensorType.rank = len(shape)
    for size in shape:
        target.tensorType.dimensions.add().constant.size = size


def _set_value(value: Any, content: str | float | Sequence[str] | NDArray[Any]) -> None:
    if isinstance(content, tuple):
        value.type.listType.length.constant.size = len(content)
        value.type.listType.type.tensorType.dataType = _TYPES["string"]
        for item in content:
            _set_value(value.immediateValue.list.values.add(), f"={item}")
        return
    tensor = value.immediateValue.tensor
    if isinstance(content, str):
        _set_type(value.type, "string", ())
        tensor.strings.values.append(content.removeprefix("="))
        return
    array = _array(content)
    _set_type(value.type, array.dtype.name, array.shape)
    field = {"float32": "floats", "int32": "ints", "bool": "bools"}.get(array.dtype.name)
    if field is None:
        tensor.bytes.values = array.tobytes()
    else:
        getattr(tensor, field).values.extend(array.ravel().tolist())


def _array(content: Any) -> NDArray[Any]:
    """Python numbers become int32, float32 or bool; arrays stay."""
    if isinstance(content, np.ndarray | np.generic):
        return np.asarray(content)
    kinds = {bool: np.bool_, int: np.int32, float: np.float32}
    return np.array(content, kinds[type(content)])
