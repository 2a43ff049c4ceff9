"""Latency and memory on the machine at hand: LiteRT, one thread, each round in a process of its own.

The files take turns within a round and the order turns from round to round, so that a busy moment falls on
all of them. This is wall clock beside whatever else the machine does; it says little of a phone. Rounds are
what an interval and a ratio are made of (:mod:`fieldpack.relative`); single runs are kept beside them.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack import worker
from fieldpack.bundle.manifest import Border
from fieldpack.relative import FEWEST_ROUNDS

ONE_ROUND = "fieldpack.cost.one_round:one_round"
KEPT = ("latency_ms", "peak_memory_bytes", "warm_ups_ms", "runs_ms")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A TFLite file that is timed.

    Attributes
    ----------
    name : str
        Unique among those that take turns.
    path : Path
        The file.
    inputs : tuple of Border
        Of its flavour.
    prepared : dict
        Input name -> ``.npy`` of prepared examples; the first is run.
    """

    name: str
    path: Path
    inputs: tuple[Border, ...]
    prepared: dict[str, str]


def measure_on_host(
    candidates: Sequence[Candidate],
    progress: Callable[[str, str, float], None] = lambda road, stage, fraction: None,
    rounds: int = FEWEST_ROUNDS,
) -> dict[str, dict[str, Any]]:
    """Rounds of every candidate, in turn.

    Parameters
    ----------
    candidates : sequence of Candidate
        What is timed; each round takes one process of each, a second or two.
    progress : callable
        Called with (road, stage, fraction).
    rounds : int
        At least five, for an interval.

    Returns
    -------
    dict
        Name -> record: ``rounds``, ``threads``, ``runtime``, ``machine``.

    Raises
    ------
    FieldpackError
        A file does not load or run.
    """
    taken: dict[str, list[dict[str, Any]]] = {item.name: [] for item in candidates}
    runtime, facts = "", machine()
    for number in range(rounds):
        turn = number % len(candidates)
        for item in [*candidates[turn:], *candidates[:turn]]:
            progress("cost", f"round {number + 1} of {rounds}, {item.name}", number / rounds)
            answer = worker.run(
                ONE_ROUND,
                {
                    "path": str(item.path),
                    "inputs": [border.model_dump(mode="json") for border in item.inputs],
                    "prepared": item.prepared,
                },
            )
            runtime = answer["runtime"]
            taken[item.name].append({key: answer[key] for key in KEPT})
    return {
        name: {"rounds": found, "threads": 1, "runtime": runtime, "machine": facts}
        for name, found in taken.items()
    }


def machine() -> dict[str, Any]:
    """Processor, usable cores, system and load, without the name of the machine."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
