"""Drop from a TFLite file what no runtime reads, and prove that it computes the same.

Quantisers and converters leave behind: buffers that no tensor points to, several copies of one
constant, calibration minima and maxima, long names of intermediate tensors, tensors that no
operator uses, and the converter's own metadata.  Names of inputs and outputs stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import ConversionError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter

_KEPT_METADATA = (b"min_runtime_version",)


def compacted(content: bytes, keep_names: bool = False) -> bytes:
    """The same model in fewer bytes; numerically identical on seeded random inputs.

    Parameters
    ----------
    content : bytes
        A TFLite file.
    keep_names : bool
        Keep the names of intermediate tensors (rules and per-layer reports match on them).

    Raises
    ------
    ConversionError
        If the smaller file answers differently.
    """
    graph = TFLiteGraph(content)
    _drop_unused_tensors(graph)
    for subgraph in graph.model.subgraphs:
        for tensor in subgraph.tensors:
            _drop_statistics(tensor)
    if not keep_names:
        _drop_names(graph)
    _drop_metadata(graph.model)
    _share_buffers(graph.model)
    smaller = graph.content()
    if len(smaller) >= len(content):
        return content
    _demand_equal(content, smaller)
    return smaller


def _drop_statistics(tensor: Any) -> None:
    facts = tensor.quantization
    if facts is None:
        return
    facts.min = None
    facts.max = None
    if facts.scale is None or len(facts.scale) == 0:
        if getattr(facts, "details", None) is None:
            tensor.quantization = None
    elif len(facts.scale) > 1 and facts.zeroPoint is not None and len(facts.zeroPoint) == len(facts.scale):
        facts.zeroPoint = np.asarray(facts.zeroPoint, np.int64)


def _drop_names(graph: TFLiteGraph) -> None:
    for index, tensor in enumerate(graph.main.tensors):
        if index not in graph.inputs and index not in graph.outputs:
            tensor.name = None
    for subgraph in graph.model.subgraphs[1:]:
        for tensor in subgraph.tensors:
            tensor.name = None


def _drop_metadata(model: Any) -> None:
    kept = [item for item in model.metadata or [] if item.name in _KEPT_METADATA]
    model.metadata = kept or None
    model.metadataBuffer = None
    model.description = None


def _drop_unused_tensors(graph: TFLiteGraph) -> None:
    """Remove tensors of the main graph that no operator and no border names."""
    if len(graph.model.subgraphs) > 1:
        return
    main = graph.main
    used = {*graph.inputs, *graph.outputs}
    for operator in main.operators:
        for group in (operator.inputs, operator.outputs, operator.intermediates):
            used.update(int(tensor) for tensor in (group if group is not None else ()) if tensor >= 0)
    places = {old: new for new, old in enumerate(sorted(used))}
    places[-1] = -1
    main.tensors = [main.tensors[old] for old in sorted(used)]
    main.inputs = [places[int(tensor)] for tensor in main.inputs]
    main.outputs = [places[int(tensor)] for tensor in main.outputs]
    for operator in main.operators:
        for name in ("inputs", "outputs", "intermediates"):
            group = getattr(operator, name)
            if group is not None:
                setattr(operator, name, [places[int(tensor)] for tensor in group])
    for signature in graph.model.signatureDefs or []:
        for item in [*(signature.inputs or []), *(signature.outputs or [])]:
            item.tensorIndex = places[item.tensorIndex]


def _share_buffers(model: Any) -> None:
    """One buffer per distinct constant, in order of first use; buffer 0 stays the empty one."""
    from ai_edge_litert import schema_py_generated as schema

    buffers: list[Any] = [schema.BufferT()]
    places: dict[bytes, int] = {b"": 0}

    def place(old: int) -> int:
        data = model.buffers[old].data
        raw = b"" if data is None else np.asarray(data, np.uint8).tobytes()
        if raw not in places:
            places[raw] = len(buffers)
            buffers.append(model.buffers[old])
        return places[raw]

    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            tensor.buffer = place(tensor.buffer)
    for item in model.metadata or []:
        item.buffer = place(item.buffer)
    model.buffers = buffers


def _demand_equal(before: bytes, after: bytes) -> None:
    first, second = PlainInterpreter(before), PlainInterpreter(after)
    generator = np.random.default_rng(7)
    for _ in range(2):
        sample = [_drawn(generator, detail) for detail in first.inputs]
        pairs = zip(first.invoke(sample), second.invoke(sample), strict=True)
        if not all(np.array_equal(one, two, equal_nan=True) for one, two in pairs):
            raise ConversionError(
                "The compacted file does not compute what the file did.",
                hint="leave compacting out and report this model",
            )


def _drawn(generator: np.random.Generator, detail: dict[str, Any]) -> Array:
    shape = tuple(int(size) for size in detail["shape"])
    dtype = np.dtype(detail["dtype"])
    scale, point = detail["quantization"]
    if dtype.kind in "iu" and scale:
        limits = np.iinfo(dtype)
        return np.asarray((generator.integers(limits.min, limits.max + 1, shape) - point) * scale)
    if dtype.kind in "iub":
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.standard_normal(shape).astype(dtype)
