"""``fieldpack study coreml-mutation``: faults planted into Core ML operators, and who notices them.

Passing tests say little unless wrong operators fail them. Each fault of ``mutation/faults/`` is
planted by itself into a copy of the package; our own tests run there, and where they see nothing,
coremltools' tests of the operator, a seeded sample.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fieldpack.errors import ConversionError
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack_benchmarks.mutation.fault import Fault, load_faults
from fieldpack_benchmarks.mutation.forked import TestProcess
from fieldpack_benchmarks.mutation.scratch import Scratch
from fieldpack_benchmarks.mutation.trial import OWN, PEER, Trial, failing_own_test, try_fault
from fieldpack_benchmarks.study import Bar, Column, Study

Progress = Callable[[str, float], None]
SEED = 3
FEW = 12
"""Faults of a quick run."""
WANTED_SHARE = 0.95
WANTED_COUNT = 40
COLUMNS = (
    Column("family", "text", "reference", "kind of operators"),
    Column("planted", "count", "reference", "faults planted, one at a time"),
    Column("own", "count", "reference", "noticed by fieldpack's own tests"),
    Column("peer", "count", "reference", "of the others, noticed by coremltools' tests of the operator"),
    Column("missed", "text", "reference", "faults that nobody noticed"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Try every fault, or with `quick` a seeded dozen with our own tests only."""
    faults = load_faults()
    chosen = random.Random(SEED).sample(faults, FEW) if quick else faults
    return study_of(trials_of(chosen, progress, ask_peer=not quick), quick)


def trials_of(faults: Sequence[Fault], progress: Progress, *, ask_peer: bool) -> list[Trial]:
    """What became of each fault.

    Raises
    ------
    ConversionError
        Our tests fail without a fault, so that they would say nothing.
    MissingDependencyError
        The tests are not installed.
    """
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="fieldpack-mutation-") as folder:
        scratch = Scratch(Path(folder))
        with TestProcess(scratch.environment) as process:
            broken = failing_own_test(scratch, process)
            if broken:
                raise ConversionError("Fieldpack's own tests fail without a planted fault", came=broken)
            for number, fault in enumerate(faults):
                progress(fault.name, number / len(faults))
                trials.append(try_fault(scratch, process, fault, ask_peer=ask_peer))
    return trials


def study_of(trials: Sequence[Trial], quick: bool) -> Study:
    """The record over tried faults."""
    families = list(dict.fromkeys(trial.fault.family for trial in trials))
    caught = sum(trial.caught for trial in trials)
    count = Bar("faults planted", len(trials), FEW if quick else WANTED_COUNT, AT_LEAST, Evidence.REFERENCE)
    share = Bar("share noticed", caught / len(trials), WANTED_SHARE, AT_LEAST, Evidence.REFERENCE)
    missed = [
        f"not noticed: {trial.fault.name}: {trial.fault.breaks}" for trial in trials if not trial.caught
    ]
    return Study(
        name="coreml-mutation",
        columns=COLUMNS,
        rows=tuple(_row(name, [t for t in trials if t.fault.family == name]) for name in families),
        bars=(count, share),
        quick=quick,
        notes=(
            f"{caught} of {len(trials)} faults noticed, by fieldpack's own tests that need no coremltools "
            f"{sum(trial.by == OWN for trial in trials)}, by coremltools' tests alone "
            f"{sum(trial.by == PEER for trial in trials)}" + (" (not asked in a quick run)" if quick else ""),
            *missed,
        ),
    )


def _row(family: str, trials: Sequence[Trial]) -> dict[str, str | int]:
    return {
        "family": family,
        "planted": len(trials),
        "own": sum(trial.by == OWN for trial in trials),
        "peer": sum(trial.by == PEER for trial in trials),
        "missed": ", ".join(trial.fault.name for trial in trials if not trial.caught),
    }
