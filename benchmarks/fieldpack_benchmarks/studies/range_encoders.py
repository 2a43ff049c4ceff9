"""Encoders of places against the float64 formula, on as many random places as wanted and the awkward ones.

The files take 10,000 places at once, which changes no operator; those of a bundle take one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fieldpack import worker
from fieldpack.contract import LocationInput
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.parity.places import largest_gap, tried_places
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
EXPORT = "fieldpack_converters.front_end.place_export:export_place"
ENCODINGS = {
    "inaturalist_5": "inaturalist_5",
    "sinusoidal_14": "sinusoidal_14",
    "birdnet_3, cosine": {"kind": "birdnet_3", "week": "cosine"},
}
BATCH = 10_000


def encoder_gaps(folder: Path, places: int, progress: Progress) -> list[dict[str, Cell]]:
    """One row for each encoding and runtime."""
    rows: list[dict[str, Cell]] = []
    for number, (name, encoding) in enumerate(ENCODINGS.items()):
        progress(f"encoder {name}", 0.8 + 0.05 * number)
        words = {"kind": "location", "name": "vector", "encoding": encoding}
        contract = LocationInput.model_validate(words)
        tflite, package = folder / f"encoder{number}.tflite", folder / f"encoder{number}.mlpackage"
        arguments = {"contract": contract.model_dump(mode="json"), "minimum_ios": "16", "batch": BATCH}
        worker.run(EXPORT, {**arguments, "tflite": str(tflite), "coreml": str(package)})
        rows += _gaps(name, contract, tflite, package, places)
    return rows


def _gaps(
    name: str, contract: LocationInput, tflite: Path, package: Path, places: int
) -> list[dict[str, Cell]]:
    fields = tried_places(contract, places)
    runner = TfliteRunner(tflite, threads=1)
    program = Interpreter(open_package(package))
    (taken,) = (spec.name for spec in runner.inputs)
    gaps = {"TFLite": 0.0, "Core ML": 0.0}
    for start in range(0, len(fields), BATCH):
        part = fields[start : start + BATCH]
        fed = np.concatenate([part, np.repeat(part[:1], BATCH - len(part), axis=0)])
        answers = {
            "TFLite": next(iter(runner.run({taken: fed}).values())),
            "Core ML": program.run({"degrees_and_metres": fed})[contract.name],
        }
        for runtime, got in answers.items():
            gaps[runtime] = max(gaps[runtime], largest_gap(part, got[: len(part)], contract))
    return [
        {
            "part": "encoder",
            "name": f"{name}, {runtime}",
            "evidence": "host" if runtime == "TFLite" else "reference",
            "max_abs": gap,
            "places": len(fields),
        }
        for runtime, gap in gaps.items()
    ]
