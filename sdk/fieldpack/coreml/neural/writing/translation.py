"""A program gone through operator by operator, each said as layers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldpack.coreml.fast.storage import UNPACKERS
from fieldpack.coreml.neural.writing.call import Call, Value
from fieldpack.coreml.neural.writing.network_writer import Blob, NetworkWriter
from fieldpack.coreml.neural.writing.ops._op_list import OPERATORS
from fieldpack.coreml.neural.writing.stored import Stored, unpacked
from fieldpack.coreml.package import Package
from fieldpack.coreml.value import decode, tensor_fact
from fieldpack.errors import ModelFileError, UnsupportedError

FLOATS = ("float16", "float32")


def translate(package: Package, writer: NetworkWriter, given: Mapping[str, Blob]) -> dict[str, Blob]:
    """Say a program as layers.

    Parameters
    ----------
    package : Package
        An ML Program, from ``open_package``.
    writer : NetworkWriter
        Where the layers go.
    given : mapping of str to Blob
        Blob for every input of the program, in its shape.

    Returns
    -------
    dict of str to Blob
        Blobs of the program's outputs.

    Raises
    ------
    UnsupportedError
        An operator, or a form of one, that the older format or this translation does not have.
    ModelFileError
        The program contradicts itself.
    """
    missing = sorted(
        {op.type for op in package.block.operations} - set(OPERATORS) - set(UNPACKERS) - {"const"}
    )
    if missing:
        raise UnsupportedError(
            "The program cannot be said as a neural network: some operators have no layers here",
            came=", ".join(missing),
            allowed=", ".join(sorted(OPERATORS)),
            hint="export as an ML Program, or from a flavour without integer activations",
        )
    values: dict[str, Value] = {}
    for entry in package.function_inputs:
        name = str(entry.name)
        values[name] = _checked(name, given, tensor_fact(entry.type))
    for op in package.block.operations:
        _translate_one(package, writer, op, values)
    return {feature.name: _result(writer, values, feature.name) for feature in package.outputs}


def _checked(name: str, given: Mapping[str, Blob], fact: Any) -> Blob:
    _static(f"input {name}", fact)
    if name not in given or given[name].shape != fact.shape:
        raise ModelFileError(
            f"Input {name!r} of the program has another shape",
            came=given[name].shape if name in given else "nothing",
            allowed=str(fact.shape),
        )
    return given[name]


def _result(writer: NetworkWriter, values: Mapping[str, Value], name: str) -> Blob:
    value = values.get(name)
    if isinstance(value, Stored):
        return writer.constant(value)
    if not isinstance(value, Blob):
        raise ModelFileError("The program does not compute its outputs", came=name)
    return value


def _translate_one(package: Package, writer: NetworkWriter, op: Any, values: dict[str, Value]) -> None:
    if op.blocks:
        raise UnsupportedError(
            "The program cannot be said as a neural network: it has control flow", came=op.type
        )
    if op.type == "const":
        values[str(op.outputs[0].name)] = _constant(package, op.attributes["val"])
        return
    arguments: dict[str, tuple[Value, ...]] = {
        str(key): (_constant(package, value),) for key, value in op.attributes.items() if key != "name"
    }
    for key, argument in op.inputs.items():
        arguments[key] = tuple(_bound(package, binding, values) for binding in argument.arguments)
    facts = [tensor_fact(entry.type) for entry in op.outputs]
    if op.type in UNPACKERS:
        arrays = {key: value.array for key, (value,) in arguments.items() if isinstance(value, Stored)}
        half = facts[0] is not None and facts[0].dtype == "float16"
        values[str(op.outputs[0].name)] = unpacked(op.type, arrays, half)
        return
    shapes = tuple(_static(op.type, fact) for fact in facts)
    module = importlib.import_module(f"fieldpack.coreml.neural.writing.ops.{OPERATORS[op.type]}")
    made = module.translate(Call(writer, op.type, arguments, shapes))
    results = made if isinstance(made, tuple) else (made,)
    for entry, shape, value in zip(op.outputs, shapes, results, strict=True):
        if isinstance(value, Blob) and value.shape != shape:
            raise ModelFileError(
                f"A result of {op.type} has another shape than declared", came=value.shape, allowed=str(shape)
            )
        values[str(entry.name)] = value


def _bound(package: Package, binding: Any, values: Mapping[str, Value]) -> Value:
    if binding.WhichOneof("binding") == "value":
        return _constant(package, binding.value)
    name = str(binding.name)
    if name not in values:
        raise ModelFileError("An input is used before it is computed", came=name)
    return values[name]


def _constant(package: Package, message: Any) -> Value:
    decoded = decode(message, package.open_blob)
    if isinstance(decoded, str):
        return decoded
    if not isinstance(decoded, np.ndarray):
        raise UnsupportedError(
            "The program cannot be said as a neural network: it holds a list", came=type(decoded)
        )
    if decoded.dtype.kind == "U" or decoded.dtype == object:
        return str(decoded.reshape(-1)[0])
    half = decoded.dtype == np.float16
    return Stored(decoded.astype(np.float32) if half else decoded, half)


def _static(kind: str, fact: Any) -> tuple[int, ...]:
    if fact is None or not fact.shape or None in fact.shape or fact.dtype not in FLOATS:
        raise UnsupportedError(
            f"The program cannot be said as a neural network: {kind} gives no float tensor of fixed shape",
            came="no tensor" if fact is None else f"{fact.dtype} {fact.shape}",
            allowed=f"{' or '.join(FLOATS)} with at least one axis",
        )
    return tuple(fact.shape)
