"""Running a ``.tflite`` file with LiteRT, checked at both ends.

``run`` names and checks everything, ``run_raw`` is LiteRT's own three calls and nothing else, for
benchmarks, and ``run_intermediates`` shows every layer. A file that LiteRT refuses is a
``ModelFileError`` in LiteRT's own words. A hostile file can crash LiteRT and this process with it:
call ``load_check.check_loads`` first on files that are not your own. A runner belongs to one thread
at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.errors import InputError, ModelFileError
from fieldpack.tflite.border import dequantize, quantize
from fieldpack.tflite.facts import Tensor, TfliteModel
from fieldpack.tflite.file import open_model, parse_model
from fieldpack.tflite.interpreter import load_interpreter
from fieldpack.tflite.native_log import captured_native_log

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output as a caller sees it.

    Attributes
    ----------
    name : str
        The signature's name if the file has a signature, else the tensor's; unique.
    shape : tuple of int
        Concrete shape; a dynamic axis has the size of the file.
    dtype : str
        numpy name of the element type.
    scale, zero_point : tuple
        Affine parameters, empty for tensors that are not quantised; ``border.quantize`` takes them.
    tensor_name : str
        The tensor's own name, which mobile code that does not use signatures sees.
    shape_signature : tuple of int
        ``shape`` with -1 for every axis that ``run`` may resize.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    tensor_name: str
    shape_signature: tuple[int, ...]


class TfliteRunner:
    """One loaded model.

    Parameters
    ----------
    path_or_bytes : pathlib.Path, str or bytes
        A ``.tflite`` file, or its content.
    threads : int
        LiteRT threads, at least 1.
    xnnpack : bool
        Whether LiteRT may hand operators to XNNPACK, as it does on phones; without it the builtin
        kernels run, which round differently in the last place.

    Raises
    ------
    ModelFileError
        If the file is malformed or LiteRT refuses it.
    InputError
        If ``threads`` is less than 1.
    MissingDependencyError
        If LiteRT is not installed.
    """

    def __init__(self, path_or_bytes: Path | str | bytes, threads: int = 1, *, xnnpack: bool = True) -> None:
        if threads < 1:
            raise InputError("A model runs on at least one thread", came=threads, allowed="1 or more")
        self._source = path_or_bytes if isinstance(path_or_bytes, bytes) else Path(path_or_bytes)
        self.threads = threads
        self.model = (
            parse_model(self._source) if isinstance(self._source, bytes) else open_model(self._source)
        )
        self.inputs = tensor_specs(self.model.inputs, self.model.input_names)
        self.outputs = tensor_specs(self.model.outputs, self.model.output_names)
        self._interpreter = load_interpreter(self._source, threads=threads, xnnpack=xnnpack)
        self._array_class: type = _array_class()
        self._preserving: Any = None
        self._dtypes = [_numpy_dtype(detail) for detail in self._interpreter.get_input_details()]
        self._names = [spec.name for spec in self.inputs]
        self._expected: list[tuple[str, Any, tuple[int, ...]]] | None = None
        self._indices = tuple(self.model.main.inputs)
        self._set = self._interpreter.set_tensor
        self._invoke = self._interpreter.invoke
        self._get = self._interpreter.get_tensor
        self._result_indices = tuple(self.model.main.outputs)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once.

        Parameters
        ----------
        inputs : mapping of str to ndarray
            One array for every input, by its name or its tensor name, of exactly the input's dtype
            and shape; axes that are -1 in ``shape_signature`` may have any size.

        Returns
        -------
        dict of str to ndarray
            Outputs by ``TensorSpec.name``, as stored: a quantised output stays quantised.

        Raises
        ------
        InputError
            If a name, dtype or shape does not fit.
        ModelFileError
            If LiteRT fails while it runs.
        """
        arrays = self._as_expected(inputs)
        if arrays is None:
            arrays = self._arranged(inputs)
            self._expected = None  # until LiteRT has accepted the new shapes
            self._resize(self._interpreter, arrays)
            self._expected = self._described(arrays)
        try:
            results = self.run_raw(*arrays)
        except (ValueError, RuntimeError) as error:
            raise self._refusal("LiteRT failed while it ran", error) from error
        return {spec.name: result for spec, result in zip(self.outputs, results, strict=True)}

    def run_raw(self, *arrays: NDArray[Any]) -> list[NDArray[Any]]:
        """Run once with nothing but LiteRT's calls, for benchmarks.

        ``arrays`` stand in the order of ``inputs`` and have the shapes of the last ``run`` (at first
        those of the file); the results stand in the order of ``outputs``. Nothing is checked: errors
        are LiteRT's own ``ValueError`` and ``RuntimeError``.
        """
        for index, array in zip(self._indices, arrays, strict=True):
            self._set(index, array)
        self._invoke()
        return [self._get(index) for index in self._result_indices]

    def run_real(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once with real numbers at the border.

        As ``run``, but a quantised input takes float values and a quantised output returns float32;
        others pass through.
        """
        stored = {name: self._stored(name, array) for name, array in inputs.items()}
        results = self.run(stored)
        return {
            spec.name: dequantize(results[spec.name], spec.scale, spec.zero_point)
            if spec.scale
            else results[spec.name]
            for spec in self.outputs
        }

    def run_intermediates(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once and keep every tensor that is fed or computed, for per-layer errors.

        A second interpreter does this, made on the first call, with the builtin kernels instead of
        XNNPACK, since fused operators have no tensors in between; the last place of a value may
        differ from ``run``. All tensors stay in memory.

        Returns
        -------
        dict of str to ndarray
            By tensor name, in the order of computation as far as the file has it; a name that is
            empty or used twice has ``#<index>`` added. Tensors that LiteRT did not compute (a branch
            not taken) are left out.
        """
        arrays = self._arranged(inputs)
        if self._preserving is None:
            self._preserving = load_interpreter(
                self._source, threads=self.threads, xnnpack=False, preserve_all_tensors=True
            )
        self._resize(self._preserving, arrays)
        try:
            for index, array in zip(self._indices, arrays, strict=True):
                self._preserving.set_tensor(index, array)
            self._preserving.invoke()
        except (ValueError, RuntimeError) as error:
            raise self._refusal("LiteRT failed while it ran", error) from error
        return self._kept_tensors()

    def layer_names(self) -> dict[str, Tensor]:
        """Names that ``run_intermediates`` uses, with the tensor each stands for."""
        return _layer_names(self.model)

    def _kept_tensors(self) -> dict[str, NDArray[Any]]:
        kept = {}
        for name, tensor in self.layer_names().items():
            try:
                kept[name] = self._preserving.get_tensor(tensor.index)
            except ValueError:  # LiteRT: "Tensor data is null", the operator never ran
                continue
        return kept

    def _as_expected(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]] | None:
        """The arrays if every one has the name, type and shape of the last run, else None."""
        if self._expected is None or len(inputs) != len(self._expected):
            return None
        arrays = []
        for name, dtype, shape in self._expected:
            array = inputs.get(name)
            if array is None or array.__class__ is not self._array_class:
                return None
            if array.dtype != dtype or array.shape != shape:
                return None
            arrays.append(array)
        return arrays

    def _described(self, arrays: list[NDArray[Any]]) -> list[tuple[str, Any, tuple[int, ...]]]:
        return [(name, array.dtype, array.shape) for name, array in zip(self._names, arrays, strict=True)]

    def _arranged(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        if len(inputs) != len(self.inputs):
            raise self._wrong_names(inputs)
        return [
            self._checked(spec, dtype, inputs) for spec, dtype in zip(self.inputs, self._dtypes, strict=True)
        ]

    def _checked(
        self, spec: TensorSpec, dtype: Any | None, inputs: Mapping[str, NDArray[Any]]
    ) -> NDArray[Any]:
        array = inputs.get(spec.name)
        if array is None:
            array = inputs.get(spec.tensor_name)
        if array is None:
            raise self._wrong_names(inputs)
        if not isinstance(array, self._array_class):
            raise InputError(
                f"Input {spec.name!r} is not an array", came=type(array), allowed="numpy.ndarray"
            )
        if dtype is not None and array.dtype != dtype:
            raise InputError(
                f"Input {spec.name!r} has the wrong element type", came=array.dtype, allowed=spec.dtype
            )
        if array.shape != spec.shape and not _fits(array.shape, spec.shape_signature):
            raise InputError(
                f"Input {spec.name!r} has the wrong shape",
                came=array.shape,
                allowed=str(spec.shape_signature),
            )
        return array

    def _stored(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        spec = next((spec for spec in self.inputs if name in (spec.name, spec.tensor_name)), None)
        if spec is None or not spec.scale:
            return array
        return quantize(array, spec.scale, spec.zero_point, spec.dtype)

    def _resize(self, interpreter: Any, arrays: list[NDArray[Any]]) -> None:
        current = [tuple(detail["shape"]) for detail in interpreter.get_input_details()]
        if current == [array.shape for array in arrays]:
            return
        try:
            for index, array in zip(self._indices, arrays, strict=True):
                interpreter.resize_tensor_input(index, array.shape)
            with captured_native_log():
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise self._refusal("LiteRT cannot resize the inputs", error) from error

    def _wrong_names(self, inputs: Mapping[str, NDArray[Any]]) -> InputError:
        return InputError(
            "The inputs do not have the model's names",
            came=", ".join(map(str, inputs)) or "none",
            allowed=", ".join(spec.name for spec in self.inputs),
        )

    def _refusal(self, what: str, error: Exception) -> ModelFileError:
        return ModelFileError(f"{what}: {self.model.path}", came=error)


def tensor_specs(tensors: tuple[Tensor, ...], names: tuple[str, ...]) -> tuple[TensorSpec, ...]:
    """Inputs or outputs of a model under their public names."""
    return tuple(
        TensorSpec(
            name=name,
            shape=tensor.shape,
            dtype=tensor.dtype,
            scale=tensor.scale if tensor.is_quantised else (),
            zero_point=tensor.zero_point if tensor.is_quantised else (),
            tensor_name=tensor.name,
            shape_signature=tensor.shape_signature,
        )
        for name, tensor in zip(names, tensors, strict=True)
    )


def _array_class() -> type:
    import numpy as np

    return np.ndarray


def _numpy_dtype(detail: Mapping[str, Any]) -> Any | None:
    """LiteRT's numpy type of an input; None for strings, whose numpy types carry a length."""
    import numpy as np

    dtype = np.dtype(detail["dtype"])
    return None if dtype.kind in "SUO" else dtype


def _fits(shape: tuple[int, ...], signature: tuple[int, ...]) -> bool:
    return len(shape) == len(signature) and all(
        size == wanted or (wanted == -1 and size > 0) for size, wanted in zip(shape, signature, strict=True)
    )


def _layer_names(model: TfliteModel) -> dict[str, Tensor]:
    computed = [*model.main.inputs, *(index for node in model.main.operators for index in node.outputs)]
    tensors = {index: model.main.tensors[index] for index in computed if index >= 0}
    counts: dict[str, int] = {}
    for tensor in tensors.values():
        counts[tensor.name] = counts.get(tensor.name, 0) + 1
    return {
        tensor.name if tensor.name and counts[tensor.name] == 1 else f"{tensor.name}#{tensor.index}": tensor
        for tensor in tensors.values()
    }
