"""ONNX models: run by onnxruntime, converted through the torch module that ``onnx_import`` makes.

The source model is the file as onnxruntime runs it: its answers are the reference, and the import is
believed only when it gives the same.  The contract gives the shapes; an input that has no batch axis in the
file (a recurrent state [layers, batch, units]) gets one in front, and so does such an output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import MissingDependencyError, SourceError, SpecError
from fieldpack.spec import SourceKind
from fieldpack_converters.agreement import check_inputs, demand_agreement
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact, numpy_dtype
from fieldpack_converters.source_file import checked_path, digest_of

LIMIT = 1e-4
"""Largest difference between the import and onnxruntime, of an output's largest value."""
_EXPECTED = "an ONNX model (.onnx)"


def open_onnx(source: dict[str, Any]) -> OpenedSource:
    """Open an ``.onnx`` file (``kind = "onnx"``).

    Raises
    ------
    MissingDependencyError
        If onnx, onnxruntime or torch is not installed.
    SourceError
        If the file is damaged, or onnxruntime refuses it.
    SpecError
        If the contract's inputs do not fit those of the file.
    UnsupportedError
        If it holds operators that the importer does not have.
    ConversionError
        If the import does not compute what onnxruntime does.
    """
    path = checked_path(source["path"], _EXPECTED)
    _demand_packages()
    from fieldpack_converters.onnx_import.importer import import_onnx, read_file

    constants = dict(source.get("constants") or {})
    borders = [item for item in read_file(path)[1].inputs if item.name not in constants]
    places = _matched(borders, source.get("input_shapes") or [])
    module = import_onnx(path, {place.name: place.inner for place in places}, constants)
    program = module.program
    bare = [not shape or shape[0] != 1 for shape in program.output_shapes]
    session = _Session(path, places, constants, bare)
    inputs = tuple(
        TensorFact(place.name, (None, *place.outer[1:]), numpy_dtype(dtype))
        for place, dtype in zip(places, program.input_types, strict=True)
    )
    outputs = tuple(
        TensorFact(name, (None, *(shape if alone else shape[1:])), numpy_dtype(dtype))
        for name, shape, alone, dtype in zip(
            program.output_names, program.output_shapes, bare, program.output_types, strict=True
        )
    )
    model = with_batch_axes(module, [place.bare for place in places], bare)
    opened = OpenedSource(
        kind=SourceKind.ONNX,
        framework=f"onnx {program.opset}",
        inputs=inputs,
        outputs=outputs,
        parameters=program.parameters,
        digest=digest_of(path),
        model=model,
        call=session,
        layout=source.get("layout", "NCHW"),
        fixed_batch=1,
    )
    _check_import(opened)
    return opened


def _demand_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"An ONNX source needs a package that is not installed: {error.name}.",
            hint="pip install 'fieldpack[onnx,torch]'",
        ) from error


@dataclass(frozen=True, slots=True)
class _Place:
    """One input: its shape in the contract with a batch axis, and whether the file has that axis not."""

    name: str
    outer: tuple[int, ...]
    bare: bool

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape that the file takes."""
        return self.outer[1:] if self.bare else self.outer


def _matched(borders: list[Any], shapes: list[list[int]]) -> list[_Place]:
    """The inputs of the file with the shapes of the contract, which come in the file's order."""
    from fieldpack_converters.onnx_import.stated_inputs import describe_input

    stated = "; ".join(map(describe_input, borders))
    if not shapes and all(_fixed(border.shape) for border in borders):
        shapes = [list(border.shape) for border in borders]
    if len(shapes) != len(borders):
        raise SpecError(
            "The contract has another number of inputs than the ONNX model.",
            came=f"{len(shapes)} in the contract",
            allowed=f"{len(borders)}, in this order: {stated}",
            hint="give one [[contract.inputs]] for each, or hold some at a value: constants in [source]",
        )
    places = []
    for border, shape in zip(borders, shapes, strict=True):
        bare = border.shape is not None and len(border.shape) == len(shape) - 1
        places.append(_Place(border.name, tuple(int(size) for size in shape), bare))
    return places


def _fixed(shape: tuple[Any, ...] | None) -> bool:
    return bool(shape) and all(isinstance(size, int) for size in shape or ())


class _Session:
    """Calls the original file in onnxruntime, one sample at a time."""

    def __init__(self, path: Any, places: list[_Place], constants: dict[str, Any], bare: list[bool]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        except Exception as error:
            raise SourceError(
                f"onnxruntime does not open {path}.",
                came=str(error)[:400],
                hint="check the model with onnx.checker",
            ) from error
        self._places, self._bare = places, bare
        known = {item.name: item for item in self._session.get_inputs()}
        self._constants = {
            name: _as_input(known[name], value) for name, value in constants.items() if name in known
        }

    def __call__(self, arrays: list[Array]) -> list[Array]:
        fed = {
            place.name: array[0] if place.bare else array
            for place, array in zip(self._places, arrays, strict=True)
        }
        try:
            results = self._session.run(None, {**fed, **self._constants})
        except Exception as error:
            shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in fed.items())
            raise SourceError(
                "onnxruntime does not run the ONNX model on these inputs.",
                came=f"{shapes}: {str(error)[:300]}",
                hint="check the shapes of [[contract.inputs]] and the constants of [source]",
            ) from error
        return [
            np.asarray(value)[np.newaxis] if alone else np.asarray(value)
            for value, alone in zip(results, self._bare, strict=True)
        ]


_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(bool)": "bool"}


def _as_input(border: Any, value: Any) -> Array:
    word = _TYPES.get(border.type, border.type.removeprefix("tensor(").removesuffix(")"))
    return np.asarray(value, dtype=word)


def with_batch_axes(module: Any, inputs: list[bool], outputs: list[bool]) -> Any:
    """`module` with a batch axis of size 1 before the marked inputs and outputs; itself if none is marked."""
    if not any(inputs) and not any(outputs):
        return module
    import torch

    class BatchAxes(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = module

        def forward(self, *arrays: Any) -> Any:
            fed = [value.squeeze(0) if bare else value for value, bare in zip(arrays, inputs, strict=True)]
            results = self.network(*fed)
            many = results if isinstance(results, tuple) else (results,)
            shown = tuple(
                value.unsqueeze(0) if bare else value for value, bare in zip(many, outputs, strict=True)
            )
            return shown if isinstance(results, tuple) else shown[0]

    wrapped = BatchAxes()
    for part in wrapped.modules():
        part.training = False
    return wrapped


def _check_import(opened: OpenedSource) -> None:
    """Raise unless the import and onnxruntime agree on seeded random inputs, sample by sample."""
    import torch

    drawn = check_inputs(opened.inputs, None, None).scaled
    reference, came = [], []
    for row in range(drawn[0].shape[0] if drawn else 1):
        part = [array[row : row + 1] for array in drawn]
        reference.append(opened.call(part))
        with torch.no_grad():
            results = opened.model(*(torch.from_numpy(np.array(array)) for array in part))
        came.append([value.numpy() for value in (results if isinstance(results, tuple) else (results,))])
    joined = [[np.concatenate(values) for values in zip(*rows, strict=True)] for rows in (reference, came)]
    demand_agreement(joined[0], joined[1], LIMIT, "The import of the ONNX model")
