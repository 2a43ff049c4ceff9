"""Verify a bundle: nothing altered, nothing missing, and every flavour still gives its golden outputs.

Structure first (:mod:`fieldpack.bundle.verify`), then the signature where one is demanded
(:mod:`fieldpack.trust`); only a bundle without findings is run. A
flavour passes when it repeats its own recorded outputs within the manifest's tolerance; how far
those are from the source model is what the gate judges. A front-end passes when it makes what the contract
says of twelve sounds, within the bars of :mod:`fieldpack.parity.front_end`; an encoder, when it makes the
vectors of hundreds of places within a millionth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.bundle.finding import Finding
from fieldpack.bundle.manifest import EncoderEntry, FlavourEntry, FrontEndEntry
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.contract import LocationInput, SpectrogramInput
from fieldpack.errors import BundleError, MissingDependencyError, ModelFileError
from fieldpack.runtime.flavour import EVIDENCE, open_flavour
from fieldpack.verdict import Evidence, Outcome, combine

if TYPE_CHECKING:
    from fieldpack.parity.front_end import Gap
    from fieldpack.trust import Demand, Judgement
    from fieldpack.trust.statement import Claims

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """One flavour on the golden vectors, or one front-end on sounds that are made anew.

    Attributes
    ----------
    flavour, output : str
        What was run.
    outcome : Outcome
        ``not_run`` when its engine is not installed.
    difference : float or None
        Largest absolute difference from the recorded output; of a front-end from the reference, in dB.
    tolerance : float
        What the manifest admits.
    count : int
        Golden vectors or sounds run.
    evidence : Evidence
        How it was run.
    reason : str
        For a reader.
    """

    flavour: str
    output: str
    outcome: Outcome
    difference: float | None
    tolerance: float
    count: int
    evidence: Evidence
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "flavour": self.flavour,
            "output": self.output,
            "outcome": self.outcome.value,
            "difference": self.difference,
            "tolerance": self.tolerance,
            "count": self.count,
            "evidence": self.evidence.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything found.

    Attributes
    ----------
    digest : str or None
        Identity of the bundle, when it could be opened.
    findings : tuple of Finding
        What is wrong with the files; empty when nothing is.
    golden : tuple of GoldenCheck
        One a flavour and output, one a front-end; empty when the structure is already wrong.
    claims : Claims or None
        What was signed, where a signature was demanded and holds.
    """

    digest: str | None
    findings: tuple[Finding, ...]
    golden: tuple[GoldenCheck, ...]
    claims: Claims | None = None

    @property
    def outcome(self) -> Outcome:
        """Fail for any finding, else the worst golden check."""
        if self.findings:
            return Outcome.FAIL
        return combine(check.outcome for check in self.golden)


def verify(
    path: Path, progress: Progress = lambda stage, fraction: None, demand: Demand | None = None
) -> Verification:
    """Verify a bundle in either form.

    Parameters
    ----------
    path : Path
        Folder or ``.fieldpack`` file.
    progress : callable
        Called with (stage, fraction).
    demand : Demand, optional
        Whose signature the bundle must carry, and which versions are taken.

    Raises
    ------
    BundleError
        There is no bundle at `path`.
    """
    progress("structure", 0.0)
    findings = tuple(check_structure(path))
    if findings:
        return Verification(None, findings, ())
    with open_bundle(path) as bundle:
        judged = _judged(bundle, demand) if demand else None
        if judged and judged.findings:
            return Verification(bundle.digest, judged.findings, ())
        checks: list[GoldenCheck] = []
        for position, flavour in enumerate(bundle.manifest.flavours):
            progress(flavour.name, (position + 0.5) / len(bundle.manifest.flavours))
            checks += _golden(bundle, flavour)
        checks += [_front_end(bundle, entry) for entry in bundle.manifest.front_ends]
        checks += [_encoder(bundle, entry) for entry in bundle.manifest.encoders]
        return Verification(bundle.digest, (), tuple(checks), judged.claims if judged else None)


def _judged(bundle: Bundle, demand: Demand) -> Judgement:
    from fieldpack.trust.checks import judge

    return judge(bundle, demand)


def _golden(bundle: Bundle, flavour: FlavourEntry) -> list[GoldenCheck]:
    import numpy as np

    expected = bundle.flavour_golden(flavour.name)
    inputs = bundle.golden_inputs()
    evidence = EVIDENCE[flavour.kind]
    count = len(bundle.manifest.golden.ids)
    try:
        runner = open_flavour(
            flavour.kind,
            bundle.path(flavour.path),
            flavour.inputs,
            flavour.outputs,
            engine="auto",
        )
        results = runner.run(inputs)
    except MissingDependencyError as error:
        return [
            GoldenCheck(
                flavour.name,
                name,
                Outcome.NOT_RUN,
                None,
                flavour.golden.tolerance[name],
                0,
                Evidence.NOT_RUN,
                str(error),
            )
            for name in expected
        ]
    except (ModelFileError, BundleError) as error:
        return [
            GoldenCheck(
                flavour.name,
                name,
                Outcome.FAIL,
                None,
                flavour.golden.tolerance[name],
                0,
                evidence,
                str(error),
            )
            for name in expected
        ]
    checks = []
    for name, wanted in expected.items():
        tolerance = flavour.golden.tolerance[name]
        finite = bool(np.isfinite(results[name]).all())
        difference = float(np.abs(results[name] - wanted).max(initial=0.0)) if finite else float("inf")
        outcome = Outcome.PASS if difference <= tolerance else Outcome.FAIL
        reason = "" if outcome is Outcome.PASS else "differs from the recorded output"
        checks.append(
            GoldenCheck(flavour.name, name, outcome, difference, tolerance, count, evidence, reason)
        )
    return checks


def _front_end(bundle: Bundle, entry: FrontEndEntry) -> GoldenCheck:
    from fieldpack.parity.front_end import MAX_DB

    name, evidence = f"front-end {entry.kind.value} (dB)", EVIDENCE[entry.kind]
    found = next(item for item in bundle.manifest.contract.inputs if item.name == entry.input)
    if not isinstance(found, SpectrogramInput):
        raise BundleError("a front-end makes something else than a spectrogram", came=entry.input)
    try:
        gap, count = _front_end_gap(bundle, entry, found)
    except MissingDependencyError as error:
        return GoldenCheck(name, entry.input, Outcome.NOT_RUN, None, MAX_DB, 0, Evidence.NOT_RUN, str(error))
    except ModelFileError as error:
        return GoldenCheck(name, entry.input, Outcome.FAIL, None, MAX_DB, 0, evidence, str(error))
    outcome = Outcome.PASS if gap.holds else Outcome.FAIL
    reason = "" if gap.holds else f"differs from the reference; {gap.rms_db:.2g} dB in the mean square"
    return GoldenCheck(name, entry.input, outcome, gap.max_db, MAX_DB, count, evidence, reason)


def _encoder(bundle: Bundle, entry: EncoderEntry) -> GoldenCheck:
    from fieldpack.parity.places import MAX_ABS, largest_gap, tried_places

    name, evidence = f"encoder {entry.kind.value}", EVIDENCE[entry.kind]
    found = next(item for item in bundle.manifest.contract.inputs if item.name == entry.input)
    if not isinstance(found, LocationInput):
        raise BundleError("an encoder makes something else than the vector of a place", came=entry.input)
    fields = tried_places(found)
    try:
        runner = open_flavour(entry.kind, bundle.path(entry.path), entry.inputs, entry.outputs, engine="auto")
        gap = largest_gap(fields, runner.run({entry.inputs[0].name: fields})[entry.input], found)
    except MissingDependencyError as error:
        return GoldenCheck(name, entry.input, Outcome.NOT_RUN, None, MAX_ABS, 0, Evidence.NOT_RUN, str(error))
    except ModelFileError as error:
        return GoldenCheck(name, entry.input, Outcome.FAIL, None, MAX_ABS, 0, evidence, str(error))
    outcome = Outcome.PASS if gap <= MAX_ABS else Outcome.FAIL
    reason = "" if outcome is Outcome.PASS else "differs from the formula of the contract"
    return GoldenCheck(name, entry.input, outcome, gap, MAX_ABS, len(fields), evidence, reason)


def _front_end_gap(bundle: Bundle, entry: FrontEndEntry, contract: SpectrogramInput) -> tuple[Gap, int]:
    import numpy as np

    from fieldpack.parity.front_end import gap_of, reference_of, sounds_at_levels, worst

    runner = open_flavour(entry.kind, bundle.path(entry.path), entry.inputs, entry.outputs, engine="auto")
    sound = entry.inputs[0]
    sounds = list(sounds_at_levels(sound.shape[1], contract.front_end.sample_rate_hz).values())
    patches = runner.run({sound.name: np.stack(sounds)})[entry.input]
    pairs = zip(sounds, patches, strict=True)
    return worst(gap_of(reference_of(one, contract), patch, contract) for one, patch in pairs), len(sounds)
