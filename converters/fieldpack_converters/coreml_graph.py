"""Counts read from a written Core ML package: what it holds, not what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLOAT16 = 10
_FLOAT32 = 11
_FORMAT_CHANGES = ("cast", "quantize", "dequantize")


@dataclass(frozen=True, slots=True)
class PackageCounts:
    """Operators (constants left out), weights decompressed at load, float16 results, quantised tensors."""

    operators: int
    constexpr: int
    float16: int
    quantize: int


def counted(spec: Any) -> PackageCounts:
    """Count the operators of an ML Program, nested blocks included."""
    operators = constexpr = float16 = quantize = 0
    for function in spec.mlProgram.functions.values():
        block = function.block_specializations[function.opset]
        for operation in _operations(block):
            if operation.type.startswith("constexpr_"):
                constexpr += 1
            elif operation.type != "const":
                operators += 1
                quantize += operation.type == "quantize"
                float16 += any(item.type.tensorType.dataType == _FLOAT16 for item in operation.outputs)
    return PackageCounts(operators, constexpr, float16, quantize)


def float32_operators(spec: Any) -> tuple[str, ...]:
    """Names of the operators of an ML Program that compute in float32; casts and stored weights left out."""
    return tuple(
        operation.attributes["name"].immediateValue.tensor.strings.values[0]
        for function in spec.mlProgram.functions.values()
        for operation in _operations(function.block_specializations[function.opset])
        if operation.type not in _FORMAT_CHANGES and not operation.type.startswith("const")
        if any(item.type.tensorType.dataType == _FLOAT32 for item in operation.outputs)
    )


def _operations(block: Any) -> Iterator[Any]:
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _operations(inner)


def weight_bytes(model: Any) -> int:
    """Size of the weight files of a coremltools model, in bytes."""
    folder = model.weights_dir
    if folder is None:
        return 0
    return sum(item.stat().st_size for item in Path(folder).rglob("*") if item.is_file())


def rename_in_nested_blocks(spec: Any, old: str, new: str) -> None:
    """Rename a value inside loops and branches, where ``coremltools.utils.rename_feature`` does not look."""
    for function in spec.mlProgram.functions.values():
        for block in function.block_specializations.values():
            for operation in block.operations:
                for inner in operation.blocks:
                    _rename_in_block(inner, old, new)


def _rename_in_block(block: Any, old: str, new: str) -> None:
    block.outputs[:] = [new if name == old else name for name in block.outputs]
    for operation in block.operations:
        for binding in operation.inputs.values():
            for argument in binding.arguments:
                if argument.name == old:
                    argument.name = new
        for inner in operation.blocks:
            _rename_in_block(inner, old, new)
