"""The tables of ``tables`` as message classes, in a descriptor pool of their own."""

from __future__ import annotations

from functools import cache
from typing import Any

from fieldpack.coreml.neural.tables import NEURAL_ENUMS, NEURAL_MESSAGES
from fieldpack.coreml.schema import MODEL_PACKAGE, describe_file
from fieldpack.errors import MissingDependencyError, ModelFileError


def message(name: str) -> Any:
    """An empty message of the tables, ``message("NeuralNetwork")``."""
    return _classes()[name]()


def parse(name: str, data: bytes) -> Any:
    """Parse bytes as the message ``name``.

    Raises
    ------
    ModelFileError
        They are none.
    """
    from google.protobuf.message import DecodeError

    parsed = message(name)
    try:
        parsed.ParseFromString(data)
    except DecodeError as error:
        raise ModelFileError(
            "The model inside the file is damaged",
            came=f"{len(data)} bytes, {error}",
            allowed=f"a {name} message of the Core ML specification",
            hint="convert the model again; the file may be truncated",
        ) from error
    return parsed


@cache
def _classes() -> dict[str, Any]:
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError as error:
        raise MissingDependencyError(
            "Reading a Core ML model needs protobuf", hint='pip install "fieldpack[coreml]"'
        ) from error
    pool = descriptor_pool.DescriptorPool()
    pool.Add(
        describe_file(descriptor_pb2, "fieldpack_neural.proto", MODEL_PACKAGE, NEURAL_MESSAGES, NEURAL_ENUMS)
    )
    find = pool.FindMessageTypeByName
    return {
        name: message_factory.GetMessageClass(find(f"{MODEL_PACKAGE}.{name}")) for name in NEURAL_MESSAGES
    }
