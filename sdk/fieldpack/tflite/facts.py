"""What a ``.tflite`` file says of itself, as frozen facts.

Words and numbers only: no weights are held. ``decoder`` fills these classes, ``file`` opens the
path. The names of operators and element types are those of TensorFlow's ``schema.fbs``, types in
lower case (``float32``, ``int8``, ``int4``), which for all but the sub-byte types are numpy's too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import ModelFileError

STORED_INTEGERS = frozenset({"int2", "int4", "uint4", "int8", "uint8", "int16", "uint16", "int32", "int64"})
BORDER_OPERATORS = frozenset({"QUANTIZE", "DEQUANTIZE"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a subgraph.

    Attributes
    ----------
    name : str
        As stored; neither necessarily unique nor present.
    shape : tuple of int
        The concrete shape; a dynamic axis has the size that the file was written with, mostly 1.
    dtype : str
        Element type: ``float32``, ``int8``, ``int4`` ...
    buffer_bytes : int
        Stored bytes of a constant, 0 for an activation.
    scale, zero_point : tuple
        Affine parameters: empty, one of each, or one per channel.
    quantized_axis : int or None
        The axis of per-channel parameters; None unless there are several.
    index : int
        Position within the subgraph, LiteRT's tensor index.
    buffer : int
        Position of the buffer in the file; several tensors may share one.
    shape_signature : tuple of int
        ``shape`` with -1 for every dynamic axis.
    is_variable : bool
        State that an operator changes.
    blockwise : bool
        Scales stand in another tensor, one per block.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    buffer_bytes: int
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    quantized_axis: int | None
    index: int
    buffer: int
    shape_signature: tuple[int, ...]
    is_variable: bool
    blockwise: bool

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its values."""
        return self.buffer_bytes > 0 and not self.is_variable

    @property
    def is_quantised(self) -> bool:
        """Whether its integers stand for real numbers."""
        return self.dtype in STORED_INTEGERS and (bool(self.scale) or self.blockwise)


@dataclass(frozen=True, slots=True)
class Operator:
    """One node: what it is, which version, and the tensors it joins (-1: optional, left out).

    ``activation`` is the function that is fused into it, ``RELU6``; empty where there is none.
    """

    name: str
    version: int
    is_custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = ""


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One graph; the first is the one that runs, others are bodies of branches and loops."""

    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A named entry point: names for the tensors of one subgraph."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """The facts of one file.

    Attributes
    ----------
    path : pathlib.Path
        Where it was read.
    file_bytes : int
        Its size.
    schema_version : int
        Version of TFLite's schema, 3 for every file in use.
    description : str
        Free text of the converter.
    subgraphs : tuple of Subgraph
        At least one.
    signatures : tuple of Signature
        Often none.
    metadata : mapping of str to bytes
        Entries as stored, padding included.
    buffers : tuple of (int, int)
        Offset and size in bytes of every buffer.
    """

    path: Path
    file_bytes: int
    schema_version: int
    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: Mapping[str, bytes]
    buffers: tuple[tuple[int, int], ...]

    @property
    def main(self) -> Subgraph:
        """The subgraph that runs."""
        return self.subgraphs[0]

    @property
    def main_signature(self) -> Signature | None:
        """The first signature of the main subgraph, if there is one."""
        return next((signature for signature in self.signatures if signature.subgraph == 0), None)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that a caller fills, in LiteRT's order."""
        return tuple(self.main.tensors[index] for index in self.main.inputs)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors that a caller reads, in LiteRT's order."""
        return tuple(self.main.tensors[index] for index in self.main.outputs)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Public names of ``inputs``: the signature's if there is one, else the tensors'."""
        signature = self.main_signature
        return _public_names(self.inputs, {} if signature is None else signature.inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Public names of ``outputs``: the signature's if there is one, else the tensors'."""
        signature = self.main_signature
        return _public_names(self.outputs, {} if signature is None else signature.outputs)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The nodes of every subgraph."""
        return tuple(node for graph in self.subgraphs for node in graph.operators)

    def op_histogram(self) -> dict[str, int]:
        """How often each operator occurs, most frequent first."""
        return dict(Counter(node.name for node in self.operators).most_common())

    def op_versions(self) -> dict[str, int]:
        """The highest version of each operator in use."""
        versions: dict[str, int] = {}
        for node in self.operators:
            versions[node.name] = max(node.version, versions.get(node.name, 0))
        return versions

    @property
    def custom_ops(self) -> tuple[str, ...]:
        """Names of operators outside TFLite's builtin set (TensorFlow's begin with ``Flex``), sorted."""
        return tuple(sorted({node.name for node in self.operators if node.is_custom}))

    @property
    def weight_bytes(self) -> int:
        """Stored bytes of all constants; a buffer that tensors share counts once."""
        return sum(self.weight_bytes_by_dtype().values())

    def weight_bytes_by_dtype(self) -> dict[str, int]:
        """Stored bytes of the constants of each element type."""
        seen = {tensor.buffer: tensor for tensor in self._tensors() if tensor.is_constant}
        sizes: Counter[str] = Counter()
        for tensor in seen.values():
            sizes[tensor.dtype] += tensor.buffer_bytes
        return dict(sizes.most_common())

    def weight_dtypes(self) -> dict[str, int]:
        """How many constant tensors have each element type."""
        return dict(Counter(tensor.dtype for tensor in self._tensors() if tensor.is_constant).most_common())

    def activation_dtypes(self) -> dict[str, int]:
        """How many tensors that are computed or fed have each element type."""
        return dict(
            Counter(tensor.dtype for tensor in self._tensors() if not tensor.is_constant).most_common()
        )

    @property
    def quantised_op_count(self) -> int:
        """How many operators touch a quantised tensor, without QUANTIZE and DEQUANTIZE themselves.

        Full-integer and dynamic-range operators count; a float operator behind the DEQUANTIZE of
        a weight does not.
        """
        return sum(_computes_quantised(node, graph) for graph in self.subgraphs for node in graph.operators)

    def read_buffer(self, tensor: Tensor) -> bytes:
        """The stored bytes of a constant, read from the file again.

        Raises
        ------
        ModelFileError
            If the file is gone or shorter than when it was opened.
        """
        start, size = self.buffers[tensor.buffer]
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                data = file.read(size)
        except OSError as error:
            raise ModelFileError(f"{self.path} cannot be read any more", came=error) from error
        if len(data) != size:
            raise ModelFileError(f"{self.path} became shorter since it was opened")
        return data

    def _tensors(self) -> Iterator[Tensor]:
        return (tensor for graph in self.subgraphs for tensor in graph.tensors)


def _computes_quantised(node: Operator, graph: Subgraph) -> bool:
    touched = (graph.tensors[index] for index in node.inputs + node.outputs if index >= 0)
    return node.name not in BORDER_OPERATORS and any(tensor.is_quantised for tensor in touched)


def _public_names(tensors: tuple[Tensor, ...], signature: Mapping[str, int]) -> tuple[str, ...]:
    named = {index: name for name, index in signature.items()}
    names = [named.get(tensor.index, tensor.name) for tensor in tensors]
    return tuple(
        name if name and names.count(name) == 1 else f"{name}#{tensor.index}"
        for name, tensor in zip(names, tensors, strict=True)
    )
