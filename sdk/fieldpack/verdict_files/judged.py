"""What the files of a gate are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldpack.records.baseline import Baseline
from fieldpack.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A bundle and its verdicts.

    Attributes
    ----------
    name, version, digest : str
        Of the bundle.
    place : Path
        The file that a reader is shown: the budget, or the bundle that holds it.
    outcome : Outcome
        Of the whole.
    verdicts : sequence of Verdict
        One a limit and flavour.
    now, baseline : Baseline or None
        Sizes, layers and counts now and then; None where no baseline was given.
    history : mapping
        Flavour -> figure name -> values over the records, oldest first.
    budget : str
        Text of the budget file; empty where the bundle's own was held.
    """

    name: str
    version: str
    digest: str
    place: Path
    outcome: Outcome
    verdicts: Sequence[Verdict]
    now: Baseline | None = None
    baseline: Baseline | None = None
    history: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    budget: str = ""
