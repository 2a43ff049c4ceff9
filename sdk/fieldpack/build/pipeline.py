"""The road from ``pack.toml`` to a bundle on disk.

Spec -> prepared data -> source model and flavours (workers) -> outputs of both -> parity ->
verdicts -> front-ends of sound models -> bundle. Nothing appears at the target before the last step.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fieldpack.build.assembly import Assembly
from fieldpack.build.background import NAME as BACKGROUND
from fieldpack.build.background import add_background, firing_outputs
from fieldpack.build.borders import check_labels
from fieldpack.build.compression import compress
from fieldpack.build.conversion import Conversion, Made, source_words
from fieldpack.build.encoders import make_encoders
from fieldpack.build.estimates import add_estimates, check_truth
from fieldpack.build.examples import Examples, load_outputs, save_examples, save_source_tensors
from fieldpack.build.front_ends import make_front_ends
from fieldpack.build.fused_front_end import add_fused_front_ends
from fieldpack.build.kept import Kept
from fieldpack.build.label_order import label_order_finding
from fieldpack.build.labels import read_labels
from fieldpack.build.measurement import measure
from fieldpack.build.references import add_references
from fieldpack.build.self_description import describe_flavours
from fieldpack.build.source_metadata import source_doubts
from fieldpack.build.thresholds import make_thresholds, stated_thresholds
from fieldpack.build.version import CountedVersion, open_baseline
from fieldpack.bundle.write import BundleWriter
from fieldpack.data import prepare_data
from fieldpack.data.separation import check_apart, range_warnings
from fieldpack.errors import ContractError, FieldpackError, SpecError, StorageError
from fieldpack.passes import Refit
from fieldpack.preprocess.sound_warnings import sound_warnings
from fieldpack.search.settings import placed_teacher
from fieldpack.shipped import check_shipped
from fieldpack.spec import CoremlFlavour, DataSource, Precision, SourceKind, Spec, load_spec
from fieldpack.verdict import Outcome, Verdict
from fieldpack.workspace import work_folder

Progress = Callable[[str, str, float], None]
"""Called with (road, stage, fraction 0..1)."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build gave.

    Attributes
    ----------
    path : Path
        Where the bundle is.
    digest : str
        Its identity.
    verdicts : tuple of Verdict
        The spec's budget, held.
    outcome : Outcome
        The worst of them.
    warnings : tuple of str
        What makes the data or the contract doubtful.
    version : CountedVersion
        And how it came about.
    """

    path: Path
    digest: str
    verdicts: tuple[Verdict, ...]
    outcome: Outcome
    warnings: tuple[str, ...]
    version: CountedVersion


def build(
    spec_path: Path,
    target: Path,
    progress: Progress = lambda road, stage, fraction: None,
    *,
    before: Mapping[str, Any] | None = None,
    baseline: Path | None = None,
) -> BuildResult:
    """Build a bundle.

    Parameters
    ----------
    spec_path : Path
        A ``pack.toml``.
    target : Path
        Folder, or a file that ends in ``.fieldpack``. An existing bundle is replaced in one step.
    progress : callable
        Called with (road, stage, fraction).
    before : mapping, optional
        Evidence of the bundle that is built again. What running costs is taken from it, since no second
        measurement gives the same numbers; everything else is done again.
    baseline : Path, optional
        The bundle that this one follows. The version is counted from it, or held against it if the spec
        states one.

    Raises
    ------
    FieldpackError
        Anything that is wrong; then the target is as it was before.
    """
    return build_spec(load_spec(spec_path), spec_path, target, progress, before=before, baseline=baseline)


def build_spec(
    spec: Spec,
    spec_path: Path,
    target: Path,
    progress: Progress = lambda road, stage, fraction: None,
    judge: Callable[[Assembly, Path], None] | None = None,
    kept: Kept | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    baseline: Path | None = None,
) -> BuildResult:
    """``build`` of a spec that is read already.

    Parameters
    ----------
    spec : Spec
        What is built.
    spec_path : Path
        The file that it came from; its digest stands in the bundle.
    target, progress
        As for ``build``.
    judge : callable, optional
        Called with all that was measured and the work folder before anything is written; it may add to the
        evidence, and what it raises ends the build.
    kept : Kept, optional
        As for ``measured``.
    before : mapping, optional
        As for ``build``.
    baseline : Path, optional
        As for ``build``.
    """
    labels = read_labels(spec.contract)
    with ExitStack() as stack:
        shipped = None if baseline is None else stack.enter_context(open_baseline(baseline, spec))
        writer = stack.enter_context(BundleWriter(target))
        folder = stack.enter_context(work_folder("build"))
        try:
            assembly = measured(spec, spec_path, labels, folder, progress, kept, before=before)
            if judge is not None:
                judge(assembly, folder)
            front_ends = make_front_ends(spec, assembly.measured.evidence, folder, progress, before)
            encoders = make_encoders(spec, assembly.measured.evidence, folder, progress)
            assembly = replace(assembly, front_ends=front_ends, encoders=encoders)
            progress("bundle", "write", 0.0)
            written = assembly.write(writer, shipped)
        except OSError as error:
            if isinstance(error, FieldpackError):
                raise
            raise StorageError(
                "the build could not read or write a file",
                came=f"{error.filename2 or error.filename or folder}: {error.strerror}",
                hint="free some space where that file lies; TMPDIR says where the build works",
            ) from error
    warnings = tuple(assembly.measured.evidence.get("warnings", ()))
    return BuildResult(target, written.digest, assembly.verdicts, assembly.outcome, warnings, written.version)


def measured(
    spec: Spec,
    spec_path: Path,
    labels: dict[str, tuple[str, ...]],
    folder: Path,
    progress: Progress = lambda road, stage, fraction: None,
    kept: Kept | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    judge: Callable[[Sequence[Made]], None] = lambda made: None,
) -> Assembly:
    """Everything of a bundle but the bundle: data prepared, flavours made, run and compared.

    Parameters
    ----------
    labels : dict
        From ``read_labels``.
    folder : Path
        Work folder of the caller; the flavours lie in it.
    kept : Kept, optional
        Where results of long steps are looked for first, and kept.
    before : mapping, optional
        As for ``build``.
    judge : callable
        Called with the flavours before any is measured; what it raises ends all.
    """
    stated_thresholds(spec, labels)
    check_shipped(spec.budget, labels, {item.name: item.kind for item in spec.flavours})
    evaluation = prepare_examples(spec, spec.data.evaluation, labels, folder / "evaluation", progress)
    calibration = training = compressed = background = None
    background_folder = folder / BACKGROUND
    if spec.data.background is not None:
        firing_outputs(spec)
        background = prepare_examples(spec, spec.data.background, {}, background_folder, progress)
        check_apart(evaluation.prepared, background.prepared, BACKGROUND)
    if spec.data.calibration is not None:
        refitted = any(output.refit is not None for output in spec.contract.outputs)
        known = labels if refitted or any(isinstance(step, Refit) for step in spec.recipe) else {}
        calibration = prepare_examples(spec, spec.data.calibration, known, folder / "calibration", progress)
        check_apart(evaluation.prepared, calibration.prepared, "calibration")
    check_truth(spec, calibration)
    if spec.recipe:
        if spec.data.training is not None:
            training = prepare_examples(spec, spec.data.training, labels, folder / "training", progress)
            check_apart(evaluation.prepared, training.prepared, "training")
        compressed = compress(
            spec,
            source_words(spec),
            training,
            calibration,
            labels,
            folder,
            lambda stage, done: progress("recipe", stage, done),
            kept,
        )
    tensors = save_source_tensors(spec.contract, evaluation, folder / "tensors")
    conversion = Conversion(spec, folder, evaluation, calibration, tensors, progress, compressed, kept)
    facts, made = conversion.run()
    names = [output.name for output in spec.contract.outputs]
    if len(names) != len(facts.output_shapes):
        raise ContractError(
            "the contract and the source model differ in the number of outputs",
            came=f"the model has {len(facts.output_shapes)}",
            allowed=f"the contract's {len(names)}",
        )
    check_labels(spec.contract, labels, dict(zip(names, facts.output_shapes, strict=True)))
    exchanged = _exchanged_labels(spec, labels, dict(zip(names, facts.outputs, strict=True)), evaluation)
    ordered = [made[flavour.name] for flavour in spec.flavours]
    judge(ordered)
    thresholds = make_thresholds(spec, labels, calibration, ordered, folder / "thresholds", progress)
    describe_flavours(spec, labels, ordered, thresholds)
    results = measure(spec.contract, facts, ordered, evaluation, folder, progress, thresholds)
    add_references(spec, labels, ordered, results, evaluation, folder, progress, before)
    if background is not None:
        add_background(spec, background, ordered, results.evidence, background_folder, progress)
    if spec.contract.quantities:
        add_estimates(spec, ordered, results, evaluation, calibration, folder, progress)
    doubts = [] if calibration is None else range_warnings(evaluation.prepared, calibration.prepared)
    doubts += sound_warnings(spec.contract, _half_precision(spec))
    doubts += add_fused_front_ends(spec.contract, ordered, results.evidence)
    doubts += exchanged
    if spec.source.kind is SourceKind.TFLITE:
        doubts += source_doubts(Path(spec.source.path), spec.contract, labels)
    if doubts or calibration is not None:
        results.evidence["warnings"] = doubts
    if compressed is not None:
        base = spec_path.resolve().parent
        results.evidence["recipe"] = [_portable(step, base) for step in compressed.steps]
    return Assembly(
        spec,
        spec_path,
        labels,
        evaluation,
        calibration,
        facts,
        ordered,
        results,
        training,
        background=background,
        thresholds=thresholds,
    )


def _exchanged_labels(
    spec: Spec, labels: dict[str, tuple[str, ...]], files: dict[str, str], evaluation: Examples
) -> list[str]:
    """What the names of the examples say of the order of the labels; examples name one output's alone."""
    truth = evaluation.prepared.labels
    named = [item.name for item in spec.contract.outputs if item.name in labels]
    if truth is None or len(named) != 1:
        return []
    scores = load_outputs({named[0]: files[named[0]]})[named[0]]
    if scores.shape != (len(truth), len(labels[named[0]])):
        return []  # a map has a label for each of its cells
    found = label_order_finding(named[0], labels[named[0]], scores, truth)
    return [] if found is None else [found]


def _half_precision(spec: Spec) -> list[str]:
    """Flavours that compute in float16."""
    packages = [item for item in spec.flavours if isinstance(item, CoremlFlavour)]
    return [item.name for item in packages if item.precision is Precision.FLOAT16]


def _portable(step: dict[str, Any], base: Path) -> dict[str, Any]:
    """A step of the recipe with its teacher's path relative to the spec."""

    def relative(path: str) -> str:
        return os.path.relpath(path, base)

    settings, facts = (placed_teacher(step[part], relative) for part in ("settings", "facts"))
    return {**step, "settings": settings, "facts": facts}


def prepare_examples(
    spec: Spec,
    source: DataSource,
    labels: dict[str, tuple[str, ...]],
    folder: Path,
    progress: Progress = lambda road, stage, fraction: None,
) -> Examples:
    """Prepare one data set of a spec and lay it on disk.

    Parameters
    ----------
    labels : dict
        Output name -> labels; empty where labels do not matter.
    folder : Path
        Where the arrays are written; its name is the table's.

    Raises
    ------
    SpecError
        There are no examples.
    """
    known = next(iter(labels.values()), None)
    prepared = prepare_data(
        source,
        spec.contract,
        known,
        spec.pack.seed,
        progress=lambda stage, done: progress("data", f"prepare {folder.name}", done),
    )
    if len(prepared) == 0:
        raise SpecError(
            f"[data.{folder.name}] has no examples", hint="check its folder, pattern, where and label_map"
        )
    return save_examples(prepared, folder)
