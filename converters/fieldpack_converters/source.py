"""Worker targets: say what a source model is, and run it.

Both take the ``source`` dictionary of the spec; arrays travel as ``.npy`` files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import InputError, SourceError
from fieldpack.spec import SourceKind
from fieldpack_converters.keras_source import open_keras, open_keras_legacy
from fieldpack_converters.onnx_source import open_onnx
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact, source_kind
from fieldpack_converters.saved_model_source import open_saved_model
from fieldpack_converters.torch_source import open_torch, open_torch_export

Report = Callable[[str, float], None]

_FRONTS: dict[SourceKind, Callable[[dict[str, Any]], OpenedSource]] = {
    SourceKind.KERAS: open_keras,
    SourceKind.KERAS_LEGACY: open_keras_legacy,
    SourceKind.SAVED_MODEL: open_saved_model,
    SourceKind.TORCH: open_torch,
    SourceKind.TORCH_EXPORT: open_torch_export,
    SourceKind.ONNX: open_onnx,
}


def silent(stage: str, fraction: float) -> None:
    """The report that nobody reads."""


def open_source(source: dict[str, Any]) -> OpenedSource:
    """Open the source model in this process with the front of its kind.

    Raises
    ------
    SpecError, SourceError
        If the dictionary is incomplete, or the file is not what it says.
    """
    return _FRONTS[source_kind(source)](source)


def describe(source: dict[str, Any], report: Report = silent) -> dict[str, object]:
    """Framework, inputs, outputs, number of parameters and digest of a source model."""
    report("open the source model", 0.0)
    return open_source(source).as_dict()


def run(
    source: dict[str, Any],
    inputs: dict[str, str],
    outputs: str,
    batch: int = 32,
    report: Report = silent,
) -> dict[str, object]:
    """Run the source model over arrays on disk.

    Parameters
    ----------
    inputs : dict
        Input index (``"0"``) or name -> ``.npy`` path, float32 [N, ...] in the source's own
        layout, already scaled.
    outputs : str
        Folder to write ``0.npy``, ``1.npy``, ... into, one per output, [N, ...].
    batch : int
        Samples per call.

    Returns
    -------
    dict
        ``outputs`` (paths) and ``names``.
    """
    report("open the source model", 0.0)
    return run_opened(open_source(source), inputs, outputs, batch, report)


def run_opened(
    opened: OpenedSource, inputs: dict[str, str], outputs: str, batch: int = 32, report: Report = silent
) -> dict[str, object]:
    """``run`` on a model that is already open."""
    arrays = loaded_inputs(opened.inputs, inputs)
    folder = Path(outputs)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, values in enumerate(called_in_batches(opened, arrays, batch, report)):
        path = folder / f"{index}.npy"
        np.save(path, values)
        paths.append(str(path))
    return {"outputs": paths, "names": [fact.name for fact in opened.outputs]}


def loaded_inputs(facts: tuple[TensorFact, ...], paths: dict[str, str]) -> list[Array]:
    """One memory-mapped array per input, found by index or by name, all of one length."""
    arrays = []
    for index, fact in enumerate(facts):
        path = paths.get(str(index), paths.get(fact.name))
        if path is None:
            raise InputError(
                f"There is no array for input {index} ({fact.name}).",
                came=", ".join(paths) or "nothing",
                allowed="an index or a name of: " + ", ".join(item.name for item in facts),
            )
        arrays.append(_fitting(np.load(path, mmap_mode="r", allow_pickle=False), fact, path))
    lengths = {array.shape[0] for array in arrays}
    if len(lengths) != 1:
        raise InputError("The inputs have different numbers of samples.", came=sorted(lengths))
    return arrays


def _fitting(array: Array, fact: TensorFact, path: str) -> Array:
    fits = array.ndim == len(fact.shape) and all(
        size is None or size == came for size, came in zip(fact.shape[1:], array.shape[1:], strict=True)
    )
    if not fits:
        raise InputError(
            f"What the contract states does not fit the model's input {fact.name}.",
            came=array.shape,
            allowed=f"[N, {', '.join('any' if size is None else str(size) for size in fact.shape[1:])}]",
        )
    return array


def called_in_batches(
    opened: OpenedSource, arrays: list[Array], batch: int = 32, report: Report = silent
) -> list[Array]:
    """Call the model batch by batch and join the results; a fixed batch is filled up and cut."""
    size = opened.fixed_batch or max(1, batch)
    count = arrays[0].shape[0]
    collected: list[list[Array]] = [[] for _ in opened.outputs]
    for start in range(0, count, size):
        report("run the source model", start / count)
        part = [
            np.asarray(a[start : start + size], f.dtype) for a, f in zip(arrays, opened.inputs, strict=True)
        ]
        kept = part[0].shape[0]
        results = opened.call([_filled(array, size) for array in part] if opened.fixed_batch else part)
        if len(results) != len(collected):
            raise SourceError("The source model returned an unexpected number of outputs.", came=len(results))
        for whole, result in zip(collected, results, strict=True):
            whole.append(result[:kept])
    return [np.concatenate(parts) for parts in collected]


def _filled(array: Array, size: int) -> Array:
    missing = size - array.shape[0]
    return array if missing == 0 else np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
