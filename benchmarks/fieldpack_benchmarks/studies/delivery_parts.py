"""``fieldpack study delivery-changes``, ``-attacks`` and ``-transfers``: what is told, noticed and sent.

Each is a module of ``delivery/`` with its own columns; here they become studies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from fieldpack_benchmarks.delivery import attacks, planted_changes, transfers
from fieldpack_benchmarks.studies.delivery_exports import reference_bundles
from fieldpack_benchmarks.study import Study

MODEL, QUICK_MODEL = "vision", "planet"
QUICK_KILLS = 3
Progress = Callable[[str, float], None]


def changes(quick: bool, progress: Progress) -> Study:
    """Plant known changes, and compare; `quick` changes nothing of it."""
    told = planted_changes.plant(progress)
    rows, bars = tuple(planted_changes.rows(told)), planted_changes.bars(told)
    return Study("delivery-changes", planted_changes.COLUMNS, rows, bars, quick)


def attack(quick: bool, progress: Progress) -> Study:
    """Attack a signed bundle; with `quick` in fewer single bytes."""
    count = attacks.QUICK_CHANGES if quick else attacks.CHANGES
    siege = attacks.besiege(count, progress)
    bars = siege.bars(count)
    return Study("delivery-attacks", attacks.COLUMNS, tuple(siege.rows()), bars, quick)


def transfer(quick: bool, progress: Progress) -> Study:
    """Push and pull an embedded model; with `quick` a smaller one, killed less often.

    Raises
    ------
    MissingDependencyError
        The reference models or the registry's client are not installed.
    """
    kills = QUICK_KILLS if quick else transfers.KILLS
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        (bundle,) = reference_bundles([QUICK_MODEL if quick else MODEL], folder, progress)
        place = folder / "transfers"
        place.mkdir()
        rows = transfers.transfers(bundle, place, kills=kills, progress=progress)
    bars = transfers.bars(rows, kills=kills)
    return Study("delivery-transfers", transfers.COLUMNS, tuple(rows), bars, quick)
