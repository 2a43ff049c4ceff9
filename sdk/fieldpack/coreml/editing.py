"""Changing an ML Program: operations before its inputs and behind its outputs, other features, other names.

The package is a copy on disk; only its model file is written again, the weights stay as they are. What the
metadata tell of the contract is left out: it is that of the ends that the model had.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.canonical import OWN_PREFIX
from fieldpack.coreml.manifest import read_manifest
from fieldpack.coreml.package import open_package
from fieldpack.coreml.schema import MIL_ENUMS, message
from fieldpack.coreml.value import tensor_fact
from fieldpack.errors import UnsupportedError

DATA_TYPES = {key: int(value) for key, value in (pair.split("=") for pair in MIL_ENUMS["DataType"].split())}
FLOAT32, RGB, BGR = 65568, 20, 30
CAST_NAMES = {"float16": "fp16", "float32": "fp32"}


class ProgramEditor:
    """The default function of a package.

    Parameters
    ----------
    path : Path
        The ``.mlpackage`` folder; ``save`` writes into it.

    Raises
    ------
    UnsupportedError
        The model is no ML Program.
    ModelFileError
        It is damaged.
    """

    def __init__(self, path: Path) -> None:
        package = open_package(path)
        if package.model_type != "mlProgram":
            raise UnsupportedError("The model is no ML Program", came=package.model_type)
        self._path = read_manifest(path).model_path
        self.model = package.model
        self.function = self.model.mlProgram.functions[package.function]
        self.block = package.block
        self._at = 0
        self._count = 0
        stated = self.model.description.metadata.userDefined
        for key in [key for key in stated if key.startswith(OWN_PREFIX)]:
            del stated[key]

    def from_end(self) -> None:
        """Add what comes behind all operations."""
        self._at = len(self.block.operations)

    def fact(self, name: str) -> tuple[str, tuple[int, ...]]:
        """Element type and shape of an input or of a computed tensor."""
        entries = [*self.function.inputs, *(out for op in self.block.operations for out in op.outputs)]
        found = tensor_fact(next(entry.type for entry in entries if entry.name == name))
        if found is None or found.shape is None or None in found.shape:
            raise UnsupportedError("A tensor of the program has no fixed shape", came=name)
        return found.dtype, tuple(size or 0 for size in found.shape)

    def op(
        self, kind: str, shape: Sequence[int], dtype: str = "float32", name: str = "", /, **inputs: Any
    ) -> str:
        """Add an operation with one result; gives its name.

        Inputs are names of tensors, texts behind ``=``, or arrays and numbers, which become constants.
        """
        self._count += 1
        made = name or f"plugin_{kind}_{self._count}"
        bound = {key: self._bound(f"{made}_{key}", value) for key, value in inputs.items()}
        entry = message("MILSpec.Operation")
        entry.type = kind
        for key, tensor in bound.items():
            entry.inputs[key].arguments.add(name=tensor)
        _set_type(entry.outputs.add(name=made).type, dtype, shape)
        self._insert(entry)
        return made

    def replace_input(self, old: str, name: str, shape: Sequence[int]) -> None:
        """Let the function take a float32 tensor of another name and shape; `old` must then be computed."""
        (entry,) = (item for item in self.function.inputs if item.name == old)
        entry.name = name
        entry.type.Clear()
        _set_type(entry.type, "float32", shape)

    def describe_image(self, name: str, height: int, width: int, *, is_bgr: bool) -> None:
        """The one input of the model is a picture."""
        del self.model.description.input[:]
        picture = self.model.description.input.add(name=name).type.imageType
        picture.height, picture.width, picture.colorSpace = height, width, BGR if is_bgr else RGB

    def describe_array(self, name: str, shape: Sequence[int]) -> None:
        """The one input of the model is a Float32 array."""
        del self.model.description.input[:]
        array = self.model.description.input.add(name=name).type.multiArrayType
        array.shape.extend(shape)
        array.dataType = FLOAT32

    def result(self, name: str, shape: Sequence[int]) -> None:
        """The one output of the model is a Float32 array."""
        del self.block.outputs[:]
        self.block.outputs.append(name)
        del self.model.description.output[:]
        array = self.model.description.output.add(name=name).type.multiArrayType
        array.shape.extend(shape)
        array.dataType = FLOAT32

    def save(self) -> None:
        """Write the model file."""
        self._path.write_bytes(self.model.SerializeToString(deterministic=True))

    def rename(self, old: str, new: str) -> None:
        """Give a tensor another name wherever it stands."""
        for op in self.block.operations:
            for output in op.outputs:
                output.name = new if output.name == old else output.name
            for argument in op.inputs.values():
                for binding in argument.arguments:
                    if binding.name == old:
                        binding.name = new

    def _bound(self, name: str, value: Any) -> str:
        if isinstance(value, str) and not value.startswith("="):
            return value
        entry = message("MILSpec.Operation")
        entry.type = "const"
        stored = entry.attributes["val"]
        if isinstance(value, str):
            _set_type(stored.type, "string", ())
            stored.immediateValue.tensor.strings.values.append(value.removeprefix("="))
        else:
            _set_array(stored, np.asarray(value))
        entry.outputs.add(name=name).type.CopyFrom(stored.type)
        self._insert(entry)
        return name

    def _insert(self, entry: Any) -> None:
        self.block.operations.insert(self._at, entry)
        self._at += 1


def _set_type(target: Any, dtype: str, shape: Sequence[int]) -> None:
    target.tensorType.dataType = DATA_TYPES[dtype.upper()]
    target.tensorType.rank = len(shape)
    for size in shape:
        target.tensorType.dimensions.add().constant.size = size


def _set_array(stored: Any, array: Any) -> None:
    kind = {"f": "float32", "i": "int32", "b": "bool"}[array.dtype.kind]
    _set_type(stored.type, kind, array.shape)
    tensor = stored.immediateValue.tensor
    field = {"float32": tensor.floats, "int32": tensor.ints, "bool": tensor.bools}[kind]
    field.values.extend(array.astype(kind).reshape(-1).tolist())
