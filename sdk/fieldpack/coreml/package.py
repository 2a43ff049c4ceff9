"""``open_package``: an ``.mlpackage`` or ``.mlmodel`` with every file checked, behind one read-only object.

Opening reads the manifest, the model file and the record of every weight that the program names,
so a damaged package fails here and not in the middle of a run. Weights stay mapped on disk. What an
older neural network or a pipeline holds is read by ``neural`` when it is first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from fieldpack.coreml.blob import Blob, BlobFile
from fieldpack.coreml.canonical import canonicalise
from fieldpack.coreml.feature import read_feature
from fieldpack.coreml.manifest import read_manifest
from fieldpack.coreml.neural.network import NETWORKS, Network, read_network
from fieldpack.coreml.neural.stages import PIPELINES, read_stages
from fieldpack.coreml.schema import parse_model
from fieldpack.coreml.value import decode
from fieldpack.errors import InputError, ModelFileError, StorageError, UnsupportedError

__all__ = ["OperationRow", "Package", "canonicalise", "open_package"]

MODEL_PATH_PREFIX = "@model_path/"
#: Specification version -> first iOS that reads it.
IOS_OF_SPECIFICATION = {
    1: "11",
    2: "11.2",
    3: "12",
    4: "13",
    5: "14",
    6: "15",
    7: "16",
    8: "17",
    9: "18",
    10: "26",
}
#: Operator set of an ML Program -> first iOS that runs it.
IOS_OF_OPSET = {"CoreML5": "15", "CoreML6": "16", "CoreML7": "17", "CoreML8": "18", "CoreML9": "26"}


class OperationRow(NamedTuple):
    """One operation of the program: its type, its name, and the stored bytes of its weights."""

    type: str
    name: str
    weight_bytes: int


class Package:
    """An opened package; made by ``open_package``.

    Attributes
    ----------
    path : Path
        The package directory, or the ``.mlmodel`` file.
    model : protobuf ``Model``
        The parsed model file; read it, do not change it.
    function : str
        Name of the function that runs (multi-function packages: the chosen one, else the default one).
    inputs, outputs, states : tuple of Feature
        As declared to the app.
    """

    def __init__(
        self, path: Path, model_path: Path, model: Any, function: str | None = None, nested: int = 0
    ) -> None:
        self.path = path
        self.model = model
        self._model_path, self._nested = model_path, nested
        self._folder = model_path.parent
        self._blobs: dict[str, BlobFile] = {}
        description = model.description
        self.function = function or description.defaultFunctionName or "main"
        named = [entry for entry in description.functions if entry.name == self.function]
        if function is not None and function not in self.functions:
            raise InputError(
                "The package has no such function",
                came=function,
                allowed=", ".join(self.functions) or "none, its model is no ML Program",
                hint="leave the function out to take the default one",
            )
        features = named[0] if named else description
        self.inputs = tuple(read_feature(entry) for entry in features.input)
        self.outputs = tuple(read_feature(entry) for entry in features.output)
        self.states = tuple(read_feature(entry) for entry in features.state)
        self._predicted = (str(features.predictedFeatureName), str(features.predictedProbabilitiesName))

    @property
    def specification_version(self) -> int:
        """Version of the Core ML specification that the file declares."""
        return int(self.model.specificationVersion)

    @property
    def model_type(self) -> str:
        """Kind of model: ``mlProgram``, ``neuralNetwork``, ``pipeline``, ..."""
        return str(self.model.WhichOneof("Type") or "none")

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions, the default one first; none where the model is no ML Program."""
        if self.model_type != "mlProgram":
            return ()
        default = self.model.description.defaultFunctionName or "main"
        return tuple(
            sorted(map(str, self.model.mlProgram.functions), key=lambda name: (name != default, name))
        )

    @property
    def opset(self) -> str:
        """Operator set of the program, ``"CoreML6"``; empty where the model is no ML Program."""
        if self.model_type != "mlProgram":
            return ""
        return str(self._function_message.opset)

    @property
    def minimum_ios(self) -> str:
        """First iOS version that loads the file: the later of specification version and operator set."""
        found = [IOS_OF_SPECIFICATION.get(self.specification_version), IOS_OF_OPSET.get(self.opset, "0")]
        if found[0] is None or (self.opset and self.opset not in IOS_OF_OPSET):
            raise UnsupportedError(
                "The package declares a version that is not known here",
                came=f"specification {self.specification_version}, operator set {self.opset or 'none'}",
                allowed=f"specification {min(IOS_OF_SPECIFICATION)} to {max(IOS_OF_SPECIFICATION)}, "
                f"operator sets {', '.join(IOS_OF_OPSET)}",
                hint="update fieldpack",
            )
        return max((text for text in found if text), key=float)

    @property
    def block(self) -> Any:
        """The MIL ``Block`` message that runs: the specialisation for the function's operator set."""
        function = self._function_message
        if function.opset not in function.block_specializations:
            raise ModelFileError(
                f"Function {self.function!r} has no block for its operator set",
                came=function.opset,
                allowed=", ".join(function.block_specializations) or "at least one block",
            )
        return function.block_specializations[function.opset]

    @property
    def function_inputs(self) -> Any:
        """The ``NamedValueType`` messages of the function's inputs."""
        return self._function_message.inputs

    @property
    def label_feature(self) -> str:
        """Output that carries the label of a classifier; empty where there is none."""
        return self._predicted[0]

    @cached_property
    def network(self) -> Network:
        """The layers of a neural network of the older format.

        Raises
        ------
        UnsupportedError
            The model is none.
        ModelFileError
            It is damaged.
        """
        kind = self.model_type
        data = getattr(self.model, kind) if kind in NETWORKS else b""
        return read_network(kind, data, self.specification_version)

    @cached_property
    def stages(self) -> tuple[Package, ...]:
        """The models of a pipeline in order; none where the model is no pipeline.

        Raises
        ------
        ModelFileError
            The pipeline, or a model in it, is damaged.
        """
        kind = self.model_type
        if kind not in PIPELINES:
            return ()
        found = read_stages(kind, getattr(self.model, kind), self._nested)
        return tuple(
            Package(self.path, self._model_path, parse_model(data), nested=self._nested + 1) for data in found
        )

    @cached_property
    def labels(self) -> tuple[str, ...] | tuple[int, ...] | None:
        """Class labels of a classifier, in the order of its probabilities; None where it is none."""
        if self.model_type in NETWORKS:
            return self.network.labels
        if self.stages:
            named = [stage.labels for stage in self.stages if stage.label_feature == self.label_feature]
            return named[-1] if named else None
        if self.model_type != "mlProgram":
            return None
        values = {output.name: op for op in self.block.operations for output in op.outputs}
        for op in self.block.operations:
            if op.type == "classify":
                binding = op.inputs["classes"].arguments[0]
                message = values[binding.name].attributes["val"] if binding.name in values else binding.value
                decoded = decode(message, self.open_blob)
                return tuple(item if isinstance(item, str) else int(item) for item in decoded)  # type: ignore[return-value]
        return None

    def operations(self) -> list[OperationRow]:
        """Operations in program order, constants left out; those inside control flow follow their own.

        The bytes of a weight are counted once, at the first operation that computes with it, so
        the rows add up to ``weight_bytes`` (``constexpr_*`` rows hold none themselves). An older
        network gives its layers, a pipeline those of its models.
        """
        if self.model_type in NETWORKS:
            return [OperationRow(*row) for row in self.network.rows()]
        if self.stages:
            return [row for stage in self.stages for row in stage.operations()]
        carried: dict[str, dict[tuple[str, int], int]] = {}
        spent: set[tuple[str, int]] = set()
        rows: list[OperationRow] = []
        for op in _walk(self.block):
            found = self._blob_sizes(op)
            for argument in op.inputs.values():
                for binding in argument.arguments:
                    found.update(carried.get(binding.name, {}))
            storage = op.type == "const" or op.type.startswith("constexpr_")
            if storage:
                carried.update((output.name, found) for output in op.outputs)
            if op.type == "const":
                continue
            new = {} if storage else {key: size for key, size in found.items() if key not in spent}
            spent.update(new)
            rows.append(OperationRow(op.type, op.outputs[0].name if op.outputs else "", sum(new.values())))
        return rows

    def op_histogram(self) -> Counter[str]:
        """How often each operation occurs, constants left out."""
        return Counter(row.type for row in self.operations())

    @cached_property
    def weight_storage(self) -> dict[str, int]:
        """Stored bytes by element type, ``{"int8": 210_432, "float16": 8_960}``."""
        if self.model_type in NETWORKS:
            return self.network.weight_storage()
        totals: Counter[str] = Counter()
        for stage in self.stages:
            totals.update(stage.weight_storage)
        if self.stages:
            return dict(sorted(totals.items()))
        for blob in self._records().values():
            totals[blob.dtype] += blob.size_bytes
        return dict(sorted(totals.items()))

    @property
    def weight_bytes(self) -> int:
        """Stored bytes of all weights that the program uses, without alignment and records."""
        return sum(self.weight_storage.values())

    def open_blob(self, file_name: str) -> BlobFile:
        """The weight file behind a ``fileName`` of the program, opened once.

        Raises
        ------
        ModelFileError
            The name leaves the package or names no file.
        """
        if file_name not in self._blobs:
            inside = PurePosixPath(file_name.removeprefix(MODEL_PATH_PREFIX))
            bad = inside.is_absolute() or ".." in inside.parts or "\\" in file_name or "\0" in file_name
            target = self._folder / inside
            if not file_name.startswith(MODEL_PATH_PREFIX) or bad or not _is_file(target):
                raise ModelFileError(
                    "The program names a weight file that is not in the package",
                    came=file_name,
                    allowed=f"{MODEL_PATH_PREFIX}weights/weight.bin",
                )
            self._blobs[file_name] = BlobFile(target)
        return self._blobs[file_name]

    @property
    def _function_message(self) -> Any:
        if self.model_type != "mlProgram":
            raise UnsupportedError(
                "Only ML Programs can be looked into and run",
                came=self.model_type,
                allowed="mlProgram",
                hint='convert with convert_to="mlprogram"',
            )
        functions = self.model.mlProgram.functions
        if self.function not in functions:
            raise ModelFileError(
                "The program lacks the function that runs",
                came=self.function,
                allowed=", ".join(functions) or "none",
            )
        return functions[self.function]

    def _blob_sizes(self, op: Any) -> dict[tuple[str, int], int]:
        """(file, offset) -> size of the weights that stand directly at an operation."""
        values = list(op.attributes.values())
        values += [binding.value for argument in op.inputs.values() for binding in argument.arguments]
        named = [value.blobFileValue for value in values if value.WhichOneof("value") == "blobFileValue"]
        return {(ref.fileName, ref.offset): self._record(ref).size_bytes for ref in named}

    def _record(self, reference: Any) -> Blob:
        return self.open_blob(reference.fileName).record(reference.offset)

    def _records(self) -> dict[tuple[str, int], Blob]:
        keys = {key for op in _walk(self.block) for key in self._blob_sizes(op)}
        return {key: self.open_blob(key[0]).record(key[1]) for key in sorted(keys)}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the system takes
        return False


def _walk(block: Any) -> Iterator[Any]:
    """The operations of a block, each followed by those of the blocks inside it."""
    for op in block.operations:
        yield op
        for inner in op.blocks:
            yield from _walk(inner)


def open_package(path: Path, function: str | None = None) -> Package:
    """Open and check a Core ML package.

    Parameters
    ----------
    path : Path
        An ``.mlpackage`` directory or an ``.mlmodel`` file.
    function : str, optional
        Which function of a multi-function package; its default one where none is given.

    Raises
    ------
    InputError
        The package has no function of that name.
    StorageError
        A file cannot be read.
    ModelFileError
        The manifest, the model file or a weight file is malformed, missing, truncated or leaves
        the package.
    MissingDependencyError
        protobuf is not installed.
    """
    path = Path(path)
    model_path = path if path.is_file() else read_manifest(path).model_path
    try:
        data = model_path.read_bytes()
    except OSError as error:
        raise StorageError(f"{model_path} cannot be read", came=error) from error
    package = Package(path, model_path, parse_model(data), function)
    if package.model_type == "none":
        raise ModelFileError(
            "The model file holds no model", came=f"{len(data)} bytes", allowed="an ML Program"
        )
    if package.states and package.model_type != "mlProgram":
        raise ModelFileError(
            "The model describes a state, which its kind cannot keep",
            came=f"{package.model_type}, states {', '.join(state.name for state in package.states)}",
            allowed="an ML Program",
        )
    if package.model_type in ("mlProgram", *NETWORKS):
        _ = package.weight_storage
    _ = package.stages
    return package
