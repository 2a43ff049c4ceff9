"""The winner of a search becomes a bundle, after it was judged once on examples that no trial saw.

The best of many trials is chosen partly by luck: its figures on the evaluation examples flatter it, the more
so the more trials there were. ``[data.confirm]`` names other examples; only the winner is held against the
budget there, once. Where it fails, no bundle is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fieldpack import gate
from fieldpack.budget import COSTS, SIZES
from fieldpack.build.assembly import Assembly
from fieldpack.build.conversion import Conversion
from fieldpack.build.examples import save_source_tensors
from fieldpack.build.kept import Kept
from fieldpack.build.measurement import measure
from fieldpack.build.pipeline import BuildResult, Progress, build_spec, prepare_examples
from fieldpack.build.references import add_references
from fieldpack.data.separation import check_apart
from fieldpack.search.trial import with_choice
from fieldpack.spec import Spec
from fieldpack.verdict import Outcome, Verdict, combine


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The winner on the examples of ``[data.confirm]``.

    Attributes
    ----------
    items : int
        Examples.
    digest : str
        Of the prepared examples.
    verdicts : tuple of Verdict
        The budget held there, without sizes and costs, which hang on no example.
    """

    items: int
    digest: str
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst verdict; pass where the budget limits nothing that examples decide."""
        return gate.outcome_of(self.verdicts) if self.verdicts else Outcome.PASS

    def as_dict(self) -> dict[str, Any]:
        """For the record of the search."""
        return {
            "items": self.items,
            "digest": self.digest,
            "outcome": self.outcome.value,
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
        }


@dataclass(frozen=True, slots=True)
class Winner:
    """What became of it.

    Attributes
    ----------
    built : BuildResult or None
        None where it failed on the examples that no trial saw.
    confirmed : Confirmed or None
        None where the spec names no such examples.
    outcome : Outcome
        The worst of both.
    """

    built: BuildResult | None
    confirmed: Confirmed | None
    outcome: Outcome


class _NotConfirmedError(Exception):
    """Ends a build before anything is written."""


def build_winner(
    spec: Spec,
    spec_path: Path,
    target: Path,
    record: Mapping[str, Any],
    progress: Progress = lambda road, stage, fraction: None,
    kept: Kept | None = None,
    *,
    before: Mapping[str, Any] | None = None,
) -> Winner:
    """Build the bundle of a search.

    Parameters
    ----------
    spec : Spec
        That of the search.
    spec_path : Path
        Its file.
    target : Path
        Of the bundle.
    record : mapping
        ``Found.as_dict()`` with ``choice``; kept in the bundle's evidence under ``search``.
    progress, kept, before
        As for ``build_spec``; `before` may be the evidence of the trial.

    Raises
    ------
    FieldpackError
        As ``build_spec``, or confirming examples that a trial saw.
    """
    chosen = with_choice(spec, record["choice"], spec_path.resolve().parent)
    plain = json.loads(json.dumps({key: value for key, value in record.items() if key != "confirmed"}))
    found: list[Confirmed] = []

    def judge(assembly: Assembly, folder: Path) -> None:
        assembly.measured.evidence["search"] = plain
        if spec.data.confirm is None:
            return
        found.append(confirm(assembly, folder / "confirm", progress))
        plain["confirmed"] = found[0].as_dict()
        if found[0].outcome is Outcome.FAIL:
            raise _NotConfirmedError

    try:
        built = build_spec(chosen, spec_path, target, progress, judge, kept, before=before)
    except _NotConfirmedError:
        return Winner(None, found[0], Outcome.FAIL)
    confirmed = found[0] if found else None
    outcomes = [built.outcome, *([] if confirmed is None else [confirmed.outcome])]
    return Winner(built, confirmed, combine(outcomes))


def confirm(assembly: Assembly, folder: Path, progress: Progress) -> Confirmed:
    """Hold the budget on the examples of ``[data.confirm]``.

    Raises
    ------
    SpecError
        They have examples in common with those that the search used.
    """
    source = assembly.spec.data.confirm
    if source is None:
        raise ValueError("the spec has no [data.confirm]")
    data = assembly.spec.data.model_copy(update={"evaluation": source})
    spec = assembly.spec.model_copy(update={"data": data})
    examples = prepare_examples(spec, source, assembly.labels, folder, progress)
    used = {
        "evaluation": assembly.evaluation,
        "calibration": assembly.calibration,
        "training": assembly.training,
    }
    for name, other in used.items():
        if other is not None:
            check_apart(examples.prepared, other.prepared, name, "confirm")
    tensors = save_source_tensors(spec.contract, examples, folder / "tensors")
    facts = Conversion(spec, folder, examples, None, tensors, progress).answers_of_source()
    results = measure(spec.contract, facts, assembly.made, examples, folder, progress, assembly.thresholds)
    add_references(
        spec, assembly.labels, assembly.made, results, examples, folder, progress, assembly.measured.evidence
    )
    verdicts = gate.hold(spec.budget, assembly.flavours, results.evidence)
    return Confirmed(
        examples.count,
        examples.prepared.digest(),
        tuple(
            replace(verdict, subject=f"{verdict.subject}, confirmed")
            for verdict in verdicts
            if verdict.name.partition(".")[0] not in (*SIZES, *COSTS)
        ),
    )
