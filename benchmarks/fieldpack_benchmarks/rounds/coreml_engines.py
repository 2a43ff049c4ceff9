"""Worker target: what both engines make of the packages that ``packages:write`` wrote, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldpack_benchmarks.networks.families import FAMILIES
from fieldpack_benchmarks.rounds.coreml_agreement import compare
from fieldpack_benchmarks.rounds.coreml_speed import EXPORTER, measure
from fieldpack_benchmarks.rounds.onnx_files import export_onnx
from fieldpack_benchmarks.rounds.packages import Report, silent


def run(
    folder: str, families: Sequence[str], rounds: int, warm_ups: int, report: Report = silent
) -> dict[str, Any]:
    """Compare and time each family.

    Returns
    -------
    dict
        Per family ``rows`` of ``coreml_agreement.compare`` and ``speed`` of ``coreml_speed.measure``.
    """
    import torch

    torch.set_num_threads(1)
    facts: dict[str, Any] = {}
    for number, name in enumerate(families):
        family, place = FAMILIES[name], Path(folder) / name
        report(f"run {name} from disk", number / len(families))
        rows = compare(family, place)
        export_onnx(family, family.network(), EXPORTER, place / f"{EXPORTER}.onnx")
        report(f"time {name}", (number + 0.5) / len(families))
        facts[name] = {"rows": rows, "speed": measure(family, place, rounds, warm_ups)}
    return facts
