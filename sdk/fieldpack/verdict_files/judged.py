"""What the files of a gate are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fieldpack.records.baseline import Baseline
from fieldpack.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A bundle and its verdicts.

    Attributes
    ----------
    name, version, digest : str
        Of the bundle.
    place : str
        Where it lies, as it was given.
    outcome : Outcome
        Of the whole.
    verdicts : sequence of Verdict
        One a limit and flavour.
    now, baseline : Baseline or None
        Sizes, layers and counts now and then; None where no baseline was given.
    history : mapping
        Flavour -> figure name -> values over the records, oldest first.
    """

    name: str
    version: str
    digest: str
    place: str
    outcome: Outcome
    verdicts: Sequence[Verdict]
    now: Baseline | None = None
    baseline: Baseline | None = None
    history: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
