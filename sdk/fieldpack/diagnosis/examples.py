"""Examples for a file: from ``.npy`` and ``.npz`` files, or the golden vectors of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.runtime.border import feed
from fieldpack.tflite.border import quantize
from fieldpack.tflite.runner import TensorSpec

Array = NDArray[Any]
MOST = 64
"""Examples that a diagnosis runs; more are thinned evenly."""


def file_examples(path: Path, specs: tuple[TensorSpec, ...]) -> list[Array]:
    """Read examples for every input, as its tensor stores them.

    Parameters
    ----------
    path : Path
        ``.npy`` [N, ...] for a model with one input, ``.npz`` with an array an input by name. Real numbers
        are quantised with the tensor's scale; integers of the tensor's own type are taken as they are.
    specs : tuple of TensorSpec
        The inputs.

    Raises
    ------
    InputError
        The file cannot be read, or an array is missing, empty, of another shape, or holds NaN.
    """
    arrays = _loaded(path, specs)
    missing = [spec.name for spec in specs if spec.name not in arrays]
    if missing:
        raise InputError(
            "The examples lack an input", came=", ".join(arrays), allowed=", ".join(s.name for s in specs)
        )
    chosen = [_stored(spec, arrays[spec.name]) for spec in specs]
    if len({len(array) for array in chosen}) != 1:
        raise InputError(
            "The inputs have different numbers of examples", came=", ".join(str(len(a)) for a in chosen)
        )
    return [_thinned(array) for array in chosen]


def golden_examples(bundle: Bundle, flavour: FlavourEntry, specs: tuple[TensorSpec, ...]) -> list[Array]:
    """The golden vectors of a bundle as a flavour's tensors take them, in the order of its inputs."""
    inputs = bundle.golden_inputs()
    fed = {border.tensor: feed(border, inputs[border.name]) for border in flavour.inputs}
    return [_thinned(fed[spec.name] if spec.name in fed else fed[spec.tensor_name]) for spec in specs]


def _loaded(path: Path, specs: tuple[TensorSpec, ...]) -> Mapping[str, Array]:
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.ndarray):
            with found:
                return {key: found[key] for key in found.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read", came=error, allowed="examples as .npy or .npz without pickled objects"
        ) from error
    if len(specs) != 1:
        raise InputError(
            "The model has several inputs, and one array cannot fill them",
            came=path.name,
            allowed=f".npz with {', '.join(spec.name for spec in specs)}",
        )
    return {specs[0].name: found}


def _stored(spec: TensorSpec, array: Array) -> Array:
    wanted = spec.shape[1:]
    if array.ndim != len(spec.shape) or array.shape[1:] != wanted or len(array) == 0:
        raise InputError(
            f"The examples do not fit input {spec.name!r}",
            came=list(array.shape),
            allowed=f"[N, {', '.join(map(str, wanted))}]",
            hint="prepare them as the model was trained; array[None] adds a batch axis",
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"The examples for input {spec.name!r} hold NaN or infinity", allowed="numbers")
    if array.dtype == np.dtype(spec.dtype):
        return array
    if array.dtype.kind != "f":
        raise InputError(
            f"The examples for input {spec.name!r} have another number format",
            came=array.dtype,
            allowed=f"{spec.dtype}, or real numbers as float32",
        )
    if spec.scale:
        return quantize(array.astype(np.float32), spec.scale, spec.zero_point, spec.dtype)
    return array.astype(spec.dtype)


def _thinned(array: Array) -> Array:
    if len(array) <= MOST:
        return array
    return array[np.linspace(0, len(array) - 1, MOST).round().astype(np.int64)]
