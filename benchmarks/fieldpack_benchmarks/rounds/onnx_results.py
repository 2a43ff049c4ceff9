"""Worker target: what came out of the ONNX files, run here and compared with torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import open_package
from fieldpack.errors import FieldpackError
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_benchmarks.networks.families import FAMILIES, Family
from fieldpack_benchmarks.rounds.coreml_agreement import array_difference
from fieldpack_benchmarks.rounds.packages import SEEDS

Arrays = list[NDArray[Any]]
Run = Callable[[int], Arrays]
"""Number of the run -> its outputs."""


def compare(road: str, files: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the results of one road.

    Parameters
    ----------
    road : str
        ``import``, ``tflite`` or ``coreml``.
    files : sequence of dict
        As given to the road: ``name``, ``family``, ``folder``, ``runs`` (folder with what torch said).
    facts : mapping
        What the road returned.

    Returns
    -------
    dict
        Per name ``difference``, the largest absolute one over all outputs and runs, or ``error``.
    """
    return {
        file["name"]: _one(road, file, facts[file["name"]])
        for file in files
        if "error" not in facts[file["name"]]
    }


def _one(road: str, file: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    family, runs = FAMILIES[file["family"]], Path(file["runs"])
    try:
        run = _ROADS[road](Path(file["folder"]), family, facts)
        found = [run(number) for number in range(len(SEEDS))]
    except FieldpackError as error:
        return {"error": f"{error.what}: {error.came}"}
    wanted = [_saved(runs / "torch", number, family.outputs) for number in range(len(SEEDS))]
    if any(len(ours) != family.outputs for ours in found):
        return {"error": f"{len(found[0])} outputs instead of {family.outputs}"}
    pairs = [pair for rows in zip(found, wanted, strict=True) for pair in zip(*rows, strict=True)]
    return {"difference": max(array_difference(*pair) for pair in pairs)}


def _saved(folder: Path, run: int, count: int) -> Arrays:
    return [np.load(folder / f"{run}_{place}.npy") for place in range(count)]


def _imported(folder: Path, family: Family, facts: Mapping[str, Any]) -> Run:
    return lambda run: _saved(folder, run, facts["outputs"])


def _tflite(folder: Path, family: Family, facts: Mapping[str, Any]) -> Run:
    """LiteRT takes and gives pictures with the channels last, and gives them back turned."""
    runner = TfliteRunner(folder / "model.tflite")

    def run(number: int) -> Arrays:
        given = family.inputs(SEEDS[number])
        for place in facts["channel_last_inputs"]:
            given[place] = np.ascontiguousarray(given[place].transpose(0, 2, 3, 1))
        names = [spec.name for spec in runner.inputs]
        found = list(runner.run(dict(zip(names, given, strict=True))).values())
        for place in facts["channel_last_outputs"]:
            found[place] = found[place].transpose(0, 3, 1, 2)
        return found

    return run


def _coreml(folder: Path, family: Family, facts: Mapping[str, Any]) -> Run:
    package = open_package(folder / "model.mlpackage")
    engine = open_engine(package, threads=1, kind=EngineKind.REFERENCE)
    names = [feature.name for feature in package.inputs]
    return lambda run: list(engine.run(dict(zip(names, family.inputs(SEEDS[run]), strict=True))).values())


_ROADS: dict[str, Callable[[Path, Family, Mapping[str, Any]], Run]] = {
    "import": _imported,
    "tflite": _tflite,
    "coreml": _coreml,
}
