"""Changing a ``.tflite`` file: operators put before its inputs or behind its outputs, tensors renamed.

``decoder`` reads files that nobody has vetted; here a vetted one is taken apart with the schema classes of
the LiteRT wheel and written again. Weights are copied as they are. Standard metadata and the files behind the
model are left out: they tell of the ends that the file had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fieldpack.errors import MissingDependencyError, ModelFileError
from fieldpack.tflite.metadata.schema import ENTRY

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDENTIFIER = b"TFL3"
OLD_CODES = 127
"""Largest operator code that the old field of one byte holds."""


class TfliteEditor:
    """The main graph of a file, or of a new one.

    Parameters
    ----------
    content : bytes, optional
        A whole file that ``open_model`` accepts; a new, empty one otherwise.

    Raises
    ------
    ModelFileError
        The bytes are no TFLite file.
    MissingDependencyError
        LiteRT is not installed.
    """

    def __init__(self, content: bytes | None = None) -> None:
        self._schema = _schema()
        if content is None:
            self.model = self._empty()
        elif content[4:8] != IDENTIFIER:
            raise ModelFileError("These bytes are no TFLite file", came=content[:8], allowed="TFL3 at byte 4")
        else:
            self.model = self._schema.ModelT.InitFromPackedBuf(content, 0)
            self._drop_standard_metadata()
        self.graph: Any = self.model.subgraphs[0]

    @property
    def inputs(self) -> list[int]:
        """Tensors that a caller fills."""
        return [int(index) for index in self.graph.inputs]

    @property
    def outputs(self) -> list[int]:
        """Tensors that a caller reads."""
        return [int(index) for index in self.graph.outputs]

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "float32",
        values: NDArray[Any] | None = None,
        scale: Sequence[float] = (),
        zero_point: Sequence[int] = (),
        signature: Sequence[int] = (),
    ) -> int:
        """Add a tensor; its index.

        Parameters
        ----------
        name : str
            Its name.
        shape : sequence of int
            Its shape.
        dtype : str
            Element type as ``decoder`` names it.
        values : ndarray, optional
            Makes it a constant; stored as they are.
        scale, zero_point : sequence
            Affine parameters.
        signature : sequence of int
            The shape with -1 for dynamic axes.
        """
        made = self._schema.TensorT()
        made.name, made.shape = name.encode(), list(shape)
        made.type = getattr(self._schema.TensorType, dtype.upper())
        made.buffer = 0 if values is None else self._buffer(values.tobytes())
        if signature:
            made.shapeSignature = list(signature)
        if scale:
            made.quantization = self._schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = list(scale), list(zero_point)
            made.quantization.quantizedDimension = 0
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        version: int = 1,
        options: str | None = None,
        at: int | None = None,
        custom: str | None = None,
        **values: int,
    ) -> None:
        """Add an operator; `at` is its place in the order, the end by default."""
        node = self._schema.OperatorT()
        node.opcodeIndex = self._code(name, version, custom)
        node.inputs, node.outputs = list(inputs), list(outputs)
        if options is not None:
            node.builtinOptions = getattr(self._schema, f"{options}T")()
            node.builtinOptionsType = getattr(self._schema.BuiltinOptions, options)
            for key, value in values.items():
                setattr(node.builtinOptions, key, value)
        self.graph.operators.insert(len(self.graph.operators) if at is None else at, node)

    def ends(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Say what goes in and comes out; signatures, which name the old ends, are dropped."""
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)
        self.model.signatureDefs = []

    def signature(self, key: str, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> None:
        """Name the ends."""
        made = self._schema.SignatureDefT()
        made.signatureKey = key.encode()
        made.inputs = [self._named(name, index) for name, index in inputs.items()]
        made.outputs = [self._named(name, index) for name, index in outputs.items()]
        self.model.signatureDefs = [made]

    def rename(self, tensor: int, name: str) -> None:
        """Give a tensor a name; another one of that name gets ``_inner`` added."""
        for other, stored in enumerate(self.graph.tensors):
            if other != tensor and stored.name == name.encode():
                stored.name = f"{name}_inner".encode()
        self.graph.tensors[tensor].name = name.encode()

    def fix_shape(self, tensor: int) -> None:
        """Take the dynamic axes off a tensor: its stored shape is its shape."""
        self.graph.tensors[tensor].shapeSignature = None

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Stored shape of a tensor."""
        shape = self.graph.tensors[tensor].shape
        return () if shape is None else tuple(int(size) for size in shape)

    def prune(self) -> None:
        """Leave out operators that no output needs."""
        needed = set(self.outputs)
        kept = []
        for node in reversed(self.graph.operators):
            if needed & {int(index) for index in node.outputs}:
                needed |= {int(index) for index in node.inputs}
                kept.append(node)
        self.graph.operators = kept[::-1]

    def content(self) -> bytes:
        """The file; the same changes to the same file give the same bytes."""
        import flatbuffers

        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _drop_standard_metadata(self) -> None:
        stated = self.model.metadata or []
        for entry in stated:
            if entry.name == ENTRY.encode():
                self.model.buffers[entry.buffer] = self._schema.BufferT()
        self.model.metadata = [entry for entry in stated if entry.name != ENTRY.encode()]

    def _empty(self) -> Any:
        model = self._schema.ModelT()
        model.version, model.description = 3, b"fieldpack"
        model.buffers = [self._schema.BufferT()]
        model.operatorCodes, model.signatureDefs, model.metadata = [], [], []
        graph = self._schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = b"main", [], []
        graph.inputs, graph.outputs = [], []
        model.subgraphs = [graph]
        return model

    def _code(self, name: str, version: int, custom: str | None) -> int:
        """Index of an operator code, added where the file does not have it."""
        number = getattr(self._schema.BuiltinOperator, name)
        for index, code in enumerate(self.model.operatorCodes):
            known = max(int(code.builtinCode), int(code.deprecatedBuiltinCode))
            if known == number and code.version == version and custom is None:
                return index
        made = self._schema.OperatorCodeT()
        made.builtinCode, made.version = number, version
        made.deprecatedBuiltinCode = min(number, OLD_CODES)
        made.customCode = None if custom is None else custom.encode()
        self.model.operatorCodes.append(made)
        return len(self.model.operatorCodes) - 1

    def _buffer(self, data: bytes) -> int:
        import numpy as np

        made = self._schema.BufferT()
        made.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(made)
        return len(self.model.buffers) - 1

    def _named(self, name: str, index: int) -> Any:
        entry = self._schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), index
        return entry


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise MissingDependencyError(
            "The LiteRT runtime is needed to change .tflite files",
            came=error,
            hint="pip install ai-edge-litert",
        ) from error
    return schema_py_generated
