"""The families' packages, opened from disk and run in both engines, against torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import Package, open_package
from fieldpack.errors import FieldpackError, UnsupportedError
from fieldpack_benchmarks.networks.families import Family
from fieldpack_benchmarks.rounds.packages import REFERENCE, SEEDS

Outputs = list[dict[str, Any]]
#: Row of a family: package, arithmetic.
RUNS = (("float32", Precision.FP32), ("float16", Precision.FP32), ("float16", Precision.FP16))


def compare(family: Family, place: Path) -> list[dict[str, Any]]:
    """Run the packages of one family that ``packages:write`` wrote into `place`.

    Returns
    -------
    list of dict
        Per package and arithmetic the largest absolute difference to torch of the reference and of
        the fast engine, and of the two to each other, over all outputs and seeds; ``note`` says why
        a cell is empty.
    """
    return [
        {"package": package, "arithmetic": precision.value}
        | _row(family, place / f"{package}.mlpackage", precision)
        for package, precision in RUNS
    ]


def _row(family: Family, path: Path, precision: Precision) -> dict[str, Any]:
    try:
        package = open_package(path)
        reference = _run(package, family, precision, EngineKind.REFERENCE)
    except FieldpackError as error:
        return {"note": f"{error.what}: {error.came}"}
    with np.load(path.parent / REFERENCE) as saved:
        wanted = [
            {f"output_{place}": saved[f"{seed}_{place}"] for place in range(family.outputs)} for seed in SEEDS
        ]
    row: dict[str, Any] = {
        "operators": len(package.operations()),
        "reference_difference": _difference(reference, wanted),
    }
    try:
        fast = _run(package, family, precision, EngineKind.FAST)
    except UnsupportedError as error:
        return {**row, "note": f"not in the fast engine: {error.came or error.what}"}
    except FieldpackError as error:
        return {**row, "note": f"the fast engine fails: {error.what}: {error.came}"}
    return {
        **row,
        "fast_difference": _difference(fast, wanted),
        "engines_difference": _difference(fast, reference),
    }


def _run(package: Package, family: Family, precision: Precision, kind: EngineKind) -> Outputs:
    engine = open_engine(package, precision, threads=1, kind=kind)
    return [engine.run(feed(family, seed)) for seed in SEEDS]


def feed(family: Family, seed: int) -> dict[str, Any]:
    """The family's inputs by the names of its package."""
    return {f"input_{place}": array for place, array in enumerate(family.inputs(seed))}


def _difference(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> float:
    """Largest absolute difference; infinite where a shape differs or a number is none."""
    largest = 0.0
    for one, other in zip(ours, theirs, strict=True):
        for name, array in other.items():
            largest = max(largest, array_difference(one[name], array))
    return largest


def array_difference(ours: Any, theirs: Any) -> float:
    """Largest absolute difference of two arrays; infinite where shapes differ or a number is none."""
    if ours.shape != theirs.shape:
        return float("inf")
    found = float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))
    return found if np.isfinite(found) else float("inf")
