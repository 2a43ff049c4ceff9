"""Worker target: the families as ONNX files, by both exporters of PyTorch."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_benchmarks.networks.families import FAMILIES, Family, flat_outputs
from fieldpack_benchmarks.rounds.packages import SEEDS, Report, short, silent

EXPORTERS = {"trace": False, "export": True}
"""Name -> torch.onnx.export(dynamo=...): the tracing exporter and the one over torch.export."""
OPSETS = {"trace": 17, "export": 18}
"""Opset that each exporter is asked for: the newest of the first, the default of the second."""


def write(
    folder: str,
    families: Sequence[str],
    exporters: Sequence[str] = tuple(EXPORTERS),
    report: Report = silent,
) -> dict[str, Any]:
    """Write ``<family>/<exporter>.onnx``, and what torch takes and says.

    Inputs are ``<family>/inputs/<run>_<place>.npy``, outputs ``<family>/torch/<run>_<place>.npy``.

    Returns
    -------
    dict
        Per family and exporter ``seconds`` or, where PyTorch refuses, ``error``.
    """
    import torch

    torch.set_num_threads(1)
    facts: dict[str, Any] = {}
    for number, name in enumerate(families):
        report(f"export {name} to ONNX", number / len(families))
        place = Path(folder) / name
        place.mkdir(parents=True, exist_ok=True)
        network = FAMILIES[name].network()
        _save_runs(FAMILIES[name], network, place)
        facts[name] = {
            exporter: export_onnx(FAMILIES[name], network, exporter, place / f"{exporter}.onnx")
            for exporter in exporters
        }
    return facts


def _save_runs(family: Family, network: Any, place: Path) -> None:
    import torch

    for run, seed in enumerate(SEEDS):
        given = family.inputs(seed)
        with torch.no_grad():
            said = flat_outputs(network(*map(torch.from_numpy, given)))
        for folder, arrays in (("inputs", given), ("torch", said)):
            (place / folder).mkdir(exist_ok=True)
            for number, array in enumerate(arrays):
                np.save(place / folder / f"{run}_{number}.npy", array)


def export_onnx(family: Family, network: Any, exporter: str, path: Path) -> dict[str, Any]:
    """Write one file: ``seconds``, or ``error`` where PyTorch refuses."""
    import torch

    sample = tuple(torch.from_numpy(array) for array in family.inputs(SEEDS[0]))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    export: Callable[..., Any] = torch.onnx.export
    start = time.perf_counter()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            export(
                network,
                sample,
                str(path),
                dynamo=EXPORTERS[exporter],
                opset_version=OPSETS[exporter],
                input_names=[f"input_{place}" for place in range(len(family.shapes))],
                output_names=[f"output_{place}" for place in range(family.outputs)],
            )
        except Exception as error:  # noqa: BLE001  an exporter's refusal is a result
            return {"error": short(error)}
    return {"seconds": time.perf_counter() - start}
