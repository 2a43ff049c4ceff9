"""Worker target: many ONNX files through one road, each one's failure kept as a sentence.

A study of round trips converts dozens of files; TensorFlow and coremltools take longer to import
than to convert one of them, hence one process for a whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import FieldpackError, InputError
from fieldpack_converters import to_coreml, to_tflite
from fieldpack_converters.source import Report, open_source, silent

TFLITE, PACKAGE = "model.tflite", "model.mlpackage"


def run(files: list[dict[str, Any]], road: str, report: Report = silent) -> dict[str, Any]:
    """Take every file along one road.

    Parameters
    ----------
    files : list of dict
        ``name``, ``path`` (.onnx), ``input_shapes``, ``folder`` (to write into), ``inputs`` (lists of
        ``.npy`` paths, one list for each run; road ``import``) and ``minimum_ios`` (road ``coreml``).
    road : str
        ``import``: run the torch module, results as ``<run>_<output>.npy``; ``tflite``: write
        ``model.tflite``; ``coreml``: write ``model.mlpackage``, both in float32.

    Returns
    -------
    dict
        Per name the facts of the road, or ``error``.

    Raises
    ------
    InputError
        If the road is unknown.
    """
    if road not in _ROADS:
        raise InputError("There is no such road.", came=road, allowed=", ".join(_ROADS))
    facts: dict[str, Any] = {}
    for number, file in enumerate(files):
        report(f"{road}: {file['name']}", number / len(files))
        Path(file["folder"]).mkdir(parents=True, exist_ok=True)
        facts[file["name"]] = _attempt(_ROADS[road], file)
    return facts


def _attempt(road: Callable[[dict[str, Any]], dict[str, Any]], file: dict[str, Any]) -> dict[str, Any]:
    """A failure is a fact about the road, whatever its kind; the next file goes its own way."""
    try:
        return road(file)
    except FieldpackError as error:
        return {"error": " ".join(f"{error.what} {error.came or ''}".split())[:400]}
    except Exception as error:  # noqa: BLE001
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:400]}


def _source(file: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "onnx", "path": file["path"], "input_shapes": file["input_shapes"]}


def _import(file: dict[str, Any]) -> dict[str, Any]:
    import torch

    module = open_source(_source(file)).model
    outputs = 0
    for number, paths in enumerate(file["inputs"]):
        with torch.no_grad():
            results = module(*(torch.from_numpy(np.load(path)) for path in paths))
        flat = results if isinstance(results, tuple) else (results,)
        for place, value in enumerate(flat):
            np.save(Path(file["folder"]) / f"{number}_{place}.npy", value.numpy())
        outputs = len(flat)
    return {"outputs": outputs}


def _tflite(file: dict[str, Any]) -> dict[str, Any]:
    return dict(to_tflite.export(_source(file), str(Path(file["folder"]) / TFLITE)))


def _coreml(file: dict[str, Any]) -> dict[str, Any]:
    path = str(Path(file["folder"]) / PACKAGE)
    flavour = {
        "name": "float32",
        "path": path,
        "precision": "float32",
        "minimum_ios": str(file["minimum_ios"]),
    }
    return dict(to_coreml.export(_source(file), [flavour]))


_ROADS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "import": _import,
    "tflite": _tflite,
    "coreml": _coreml,
}
