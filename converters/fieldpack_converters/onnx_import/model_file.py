"""Reads an ``.onnx`` file and refuses what is not one, or what is outside the supported range.

External data is read from the folder of the model and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import MissingDependencyError, SourceError, UnsupportedError
from fieldpack_converters.source_file import checked_path, damaged

EXPECTED = "an ONNX model (.onnx)"
DOMAINS = ("", "ai.onnx")


def read_model(source: Any) -> Any:
    """The checked ``ModelProto`` of a path, or a checked copy of one that is in memory.

    Local functions are inlined; weights in external files are loaded.

    Raises
    ------
    SourceError
        If the file is damaged, is no ONNX model, is too new, or its external data is wrong.
    UnsupportedError
        If it uses operators of another domain.
    """
    _demand_onnx()
    if isinstance(source, (str, Path)):
        path = checked_path(str(source), EXPECTED)
        model = _parsed(path)
        _check_head(model, str(path))
        _load_external(model, path)
        return _inlined(model)
    copy = type(source)()
    copy.CopyFrom(source)
    _check_head(copy, "the ONNX model")
    _load_external(copy, None)
    return _inlined(copy)


def _demand_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "ONNX sources need the package onnx.", hint="pip install 'fieldpack[onnx,torch]'"
        ) from error


def _parsed(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    if path.is_dir():
        raise SourceError(f"The source model {path} is a folder.", allowed="one file")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError as error:
        raise damaged(path, EXPECTED, f"not the protobuf of a model: {str(error)[:200]}") from error
    if not model.ir_version or not model.graph.output or not model.opset_import:
        raise damaged(path, EXPECTED, "a protobuf without format version, operator set or outputs")
    return model


def _check_head(model: Any, what: str) -> None:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    if model.ir_version > onnx.IR_VERSION:
        raise SourceError(
            f"{what} has a format version that is too new.",
            came=f"IR version {model.ir_version}",
            allowed=f"at most {onnx.IR_VERSION}",
            hint="export the model again with an older onnx, or update the package onnx",
        )
    opset = opset_of(model)
    if not 1 <= opset <= newest:
        raise SourceError(
            f"{what} uses an operator set outside the supported range.",
            came=f"opset {opset}" if opset else "no opset of the domain ai.onnx",
            allowed=f"at most {newest}; 11 to 21 are tested most",
            hint="export again with opset_version=17, or convert with onnx.version_converter",
        )
    local = {(function.domain, function.name) for function in model.functions}
    foreign = sorted(
        {
            f"{node.domain}::{node.op_type}"
            for node in all_nodes(model.graph)
            if node.domain not in DOMAINS and (node.domain, node.op_type) not in local
        }
    )
    if foreign:
        raise UnsupportedError(
            f"{what} uses operators of another domain than ai.onnx.",
            came=", ".join(foreign[:8]),
            allowed="operators of ai.onnx, and functions that the file itself defines",
            hint="export without them: no custom or vendor operators, no onnxruntime optimisation",
        )


def opset_of(model: Any) -> int:
    """The version of the domain ``ai.onnx`` that a model imports, 0 if none."""
    return max((int(item.version) for item in model.opset_import if item.domain in DOMAINS), default=0)


def all_nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a ``GraphProto`` and of the graphs inside it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield from all_nodes(inner)


def _all_tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _all_tensors(attribute.g)


def _load_external(model: Any, path: Path | None) -> None:
    import onnx

    for tensor in _all_tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        if path is None:
            raise SourceError(
                f"The weights {tensor.name} lie in an external file, and the model came without its folder.",
                hint="give the path of the .onnx file",
            )
        facts = {entry.key: entry.value for entry in tensor.external_data}
        tensor.raw_data = _external_bytes(tensor, facts, path)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _external_bytes(tensor: Any, facts: dict[str, str], path: Path) -> bytes:
    import onnx

    folder = path.resolve().parent
    location = facts.get("location", "")
    target = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not target.is_relative_to(folder):
        raise SourceError(
            f"The external data of {tensor.name} leaves the folder of the model.",
            came=location or "no location",
            allowed=f"a file inside {folder}",
        )
    if not target.is_file():
        raise SourceError(
            f"The external data of {tensor.name} is missing.",
            came=str(target),
            hint="put the data file that was exported with the model beside it",
        )
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    count = int(np.prod(tensor.dims, dtype=np.int64))
    wanted = (count * max(1, _bits(tensor, dtype)) + 7) // 8
    try:
        offset, length = int(facts.get("offset") or 0), int(facts.get("length") or wanted)
    except ValueError as error:
        raise SourceError(
            f"The external data of {tensor.name} has no numbers as place.", came=facts
        ) from error
    size = target.stat().st_size
    if length != wanted or offset < 0 or offset + length > size:
        raise SourceError(
            f"The external data of {tensor.name} does not fit its file.",
            came=f"{length} bytes at {offset} of {target.name} ({size} bytes)",
            allowed=f"{wanted} bytes inside the file",
            hint="check that the copy of the data file is complete",
        )
    with target.open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)


def _bits(tensor: Any, dtype: Any) -> int:
    import onnx

    narrow = {getattr(onnx.TensorProto, name, None) for name in ("INT4", "UINT4", "FLOAT4E2M1")}
    return 4 if tensor.data_type in narrow else int(np.dtype(dtype).itemsize) * 8


def _inlined(model: Any) -> Any:
    if not model.functions:
        return model
    import onnx.inliner

    return onnx.inliner.inline_local_functions(model)
