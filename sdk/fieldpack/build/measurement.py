"""Run every flavour on the evaluation examples and compare it with the source model.

The result is the bundle's ``evidence/parity.json``: for each flavour, each arithmetic
it was run in and each output, the figures, classes, slices and worst examples of
:mod:`fieldpack.parity`; then the error of every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldpack import worker
from fieldpack.build.conversion import EVALUATE, Made, SourceFacts
from fieldpack.build.examples import Examples, load_outputs
from fieldpack.build.labels import output_taxonomy
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import Activation, Contract, Output, Pooling, SoundInput
from fieldpack.errors import ContractError, ConversionError, SourceError
from fieldpack.estimates.fit import IntervalFit
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.ranges import Maps, range_figures, worst_ranges
from fieldpack.parity.record import Parity
from fieldpack.parity.regression import compare_values
from fieldpack.recordings.pooling import pooled
from fieldpack.recordings.scores import sensitive
from fieldpack.runtime.estimate_shape import without_channel
from fieldpack.runtime.flavour import EVIDENCE, PRECISIONS
from fieldpack.taxonomy.metrics import rank_codes
from fieldpack.verdict import Evidence

LAYERS = "fieldpack.build.layers:layer_errors"
EVIDENCE_SCHEMA = 1
PROBABILITY_SLACK = 1e-2
Outputs = dict[str, NDArray[Any]]


class ByLabel(Protocol):
    """Thresholds of labels; :class:`fieldpack.build.thresholds.Thresholds`."""

    @property
    def source(self) -> Mapping[str, NDArray[np.float32]]:
        """Output -> of the source."""

    def of(self, flavour: str, output: str) -> NDArray[np.float32] | None:
        """Those of a flavour."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured of one build.

    Attributes
    ----------
    source : dict
        Output name -> source outputs [N, ...].
    flavours : dict
        Flavour -> arithmetic -> output name -> [N, ...].
    evidence : dict
        ``evidence/parity.json``.
    fits : dict
        Flavour -> its own numbers of the contract's intervals.
    """

    source: Outputs
    flavours: dict[str, dict[str, Outputs]]
    evidence: dict[str, Any]
    fits: dict[str, tuple[IntervalFit, ...]] = field(default_factory=dict)


def measure(
    contract: Contract,
    facts: SourceFacts,
    made: Sequence[Made],
    evaluation: Examples,
    folder: Path,
    progress: Callable[[str, str, float], None],
    thresholds: ByLabel | None = None,
) -> Measured:
    """Run and compare.

    Parameters
    ----------
    contract : Contract
        What the outputs are.
    facts : SourceFacts
        The source model's outputs.
    made : sequence of Made
        Flavours, in the order of the spec.
    evaluation : Examples
        What they run on.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    thresholds : ByLabel, optional
        Thresholds of labels, of the source and of each flavour.

    Raises
    ------
    SourceError
        The source model's own outputs are not finite.
    ContractError
        The source model's outputs contradict the activation that the contract states.
    ConversionError
        A flavour's outputs have another shape than the source's.
    """
    source = source_outputs(contract, facts)
    _check_finite(source)
    for output in contract.outputs:
        check_activation(output, source[output.name])
    jobs = [(item, precision) for item in made for precision in PRECISIONS[item.kind]]
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = [
            pool.submit(run_flavour, item, precision, evaluation, folder, progress)
            for item, precision in jobs
        ]
        layers = {item.name: pool.submit(_layers, item, made, evaluation, progress) for item in made}
        results: dict[str, dict[str, Outputs]] = {item.name: {} for item in made}
        for (item, precision), run in zip(jobs, runs, strict=True):
            results[item.name][precision] = _same_shapes(item.name, source, run.result())
        layer_errors = {name: future.result() for name, future in layers.items()}
    flavours = {
        item.name: {
            "kind": item.kind.value,
            "evidence": EVIDENCE[item.kind].value,
            **_compared(contract, source, results[item.name], evaluation, item, thresholds),
            "layers": layer_errors[item.name],
        }
        for item in made
    }
    evidence = {
        "schema_version": EVIDENCE_SCHEMA,
        "examples": int(evaluation.prepared.groups.max()) + 1,
        "items": evaluation.count,
        "labelled": evaluation.prepared.labels is not None,
        "left_out": evaluation.prepared.left_out,
        "flavours": flavours,
    }
    return Measured(source, results, evidence)


def source_outputs(contract: Contract, facts: SourceFacts) -> Outputs:
    """What the source model gave, by output name; an estimate without its channel axis."""
    names = [output.name for output in contract.outputs]
    found = load_outputs(dict(zip(names, facts.outputs, strict=True)))
    for output in contract.outputs:
        if output.estimate is not None:
            found[output.name] = without_channel(output.name, found[output.name])
    return found


def _check_finite(source: Mapping[str, NDArray[Any]]) -> None:
    for name, array in source.items():
        if not np.isfinite(array).all():
            raise SourceError(
                f"the source model's own output {name} is not finite on the evaluation examples",
                came=f"{int((~np.isfinite(array)).sum())} of {array.size} numbers",
                hint="check the normalization of the contract and the model file",
            )


def check_activation(output: Output, scores: NDArray[Any]) -> None:
    """Refuse an activation that the source model's own numbers contradict."""
    rows = scores.reshape(len(scores), -1).astype(np.float64)
    inside = rows.min() >= -PROBABILITY_SLACK and rows.max() <= 1 + PROBABILITY_SLACK
    # Each rounded score of an integer model may be half a 256th off.
    slack = PROBABILITY_SLACK + rows.shape[1] / 512
    summed = rows.shape[1] > 1 and bool(np.all(np.abs(rows.sum(axis=1) - 1) <= slack))
    claim = output.activation
    lies = {
        Activation.SOFTMAX: not (inside and summed),
        Activation.SIGMOID: not inside,
        Activation.LOGITS: bool(inside and np.all(np.abs(rows.sum(axis=1) - 1) <= PROBABILITY_SLACK)),
        Activation.LINEAR: False,
    }
    if lies[claim]:
        sums = rows.sum(axis=1)
        raise ContractError(
            f"output {output.name} is said to be {claim.value}, and its numbers are not",
            came=f"values {rows.min():.4g} to {rows.max():.4g}, sums {sums.min():.4g} to {sums.max():.4g}",
            allowed="softmax: 0..1 with sum 1; sigmoid: 0..1; logits: scores before the softmax",
            hint="set activation of [[contract.outputs]] to what the source model emits",
        )


def run_flavour(
    item: Made,
    precision: str,
    evaluation: Examples,
    folder: Path,
    progress: Callable[[str, str, float], None],
) -> Outputs:
    """What a flavour answers on prepared examples, in a worker: output name -> [N, ...]."""
    answer = worker.run(
        EVALUATE,
        {
            "kind": item.kind.value,
            "path": str(item.path),
            "inputs": [border.model_dump(mode="json") for border in item.inputs],
            "outputs": [border.model_dump(mode="json") for border in item.outputs],
            "prepared": evaluation.files,
            "folder": str(folder / "runs" / f"{item.name}-{precision}"),
            "precision": precision,
        },
        progress=lambda stage, done: progress(item.name, f"run ({precision})", done),
    )
    return load_outputs(answer["outputs"])


def _layers(
    item: Made, made: Sequence[Made], evaluation: Examples, progress: Callable[[str, str, float], None]
) -> list[dict[str, Any]]:
    reference = _reference(item, made)
    if reference is None:
        return []
    answer = worker.run(
        LAYERS,
        {
            "kind": item.kind.value,
            "path": str(item.path),
            "inputs": [border.model_dump(mode="json") for border in item.inputs],
            "reference": str(reference.path),
            "reference_inputs": [border.model_dump(mode="json") for border in reference.inputs],
            "prepared": evaluation.files,
        },
        progress=lambda stage, done: progress(item.name, "layers", done),
    )
    layers: list[dict[str, Any]] = answer["layers"]
    return layers


def _reference(item: Made, made: Sequence[Made]) -> Made | None:
    """What a flavour's layers are compared with: the float flavour of its kind, else nothing."""
    if item.kind is FlavourKind.COREML:
        return item  # its own fp32 arithmetic against its fp16-rounded one
    candidates = [
        other
        for other in made
        if other.kind is item.kind
        and other.name != item.name
        and not other.quantises
        and other.inputs[0].scale == item.inputs[0].scale
    ]
    return candidates[0] if item.quantises and candidates else None


def _same_shapes(name: str, source: Outputs, results: Outputs) -> Outputs:
    for output, array in source.items():
        if results[output].shape != array.shape:
            raise ConversionError(
                f"flavour {name} gives output {output} another shape than the source model",
                came=list(results[output].shape),
                allowed=str(list(array.shape)),
            )
    return results


def _compared(
    contract: Contract,
    source: Outputs,
    runs: dict[str, Outputs],
    evaluation: Examples,
    item: Made,
    thresholds: ByLabel | None,
) -> dict[str, Any]:
    pooling, evidence = pooling_of(contract), EVIDENCE[item.kind]
    compared: dict[str, Any] = {"runs": {}}
    if pooling is not None:
        compared["windows"] = {}
    own = {output.name: pair_of(output, item.name, thresholds) for output in contract.outputs}
    for precision, outputs in runs.items():
        compared["runs"][precision] = {
            output.name: compare_output(
                output, source, outputs, evaluation, evidence, pooling, own[output.name]
            ).as_dict()
            for output in contract.outputs
        }
        ranges = {
            output.name: _ranges(output, source, outputs, evaluation, pooling, own[output.name])
            for output in contract.outputs
            if output.maps
        }
        if ranges:
            compared.setdefault("ranges", {})[precision] = ranges
        if pooling is not None:
            compared["windows"][precision] = {
                output.name: compare_output(output, source, outputs, evaluation, evidence, None).as_dict()
                for output in contract.outputs
            }
    return compared


def pooling_of(contract: Contract) -> Pooling | None:
    """How windows of one recording become one answer, or None where an example is one item."""
    for item in contract.inputs:
        if isinstance(item, SoundInput):
            return item.front_end.windows.pooling
    return None


def compare_output(
    output: Output,
    source: Outputs,
    outputs: Outputs,
    evaluation: Examples,
    evidence: Evidence,
    pooling: Pooling | None,
    thresholds: tuple[Any, Any] | None = None,
) -> Parity:
    """Compare one output of a flavour with that of the source, or of whatever stands in its place.

    Parameters
    ----------
    output : Output
        Of the contract.
    source, outputs : dict
        Output name -> [N, ...].
    evaluation : Examples
        What both ran on: labels, slices, groups.
    evidence : Evidence
        Of the figures.
    pooling : Pooling or None
        Of the contract: windows of one example are joined first.
    thresholds : tuple, optional
        Of the source and of the other, [C] or a number each; the contract's one number where None. Maps are
        drawn with each one's own, everything else is held against the source's.
    """
    first, second = (answers_of(output, each, evaluation, pooling) for each in (source, outputs))
    if not output.activation.classifies:
        values = [answers.scores for answers in (first, second)]
        if output.estimate is not None:  # rows and columns are no outputs
            values = [array.reshape(len(array), -1, 1) for array in values]
        return compare_values(*values, blocks=first.blocks, evidence=evidence)
    labels = _truth(evaluation, first)
    source_limits, _ = thresholds or (output.threshold, output.threshold)
    parity = compare_scores(
        first.scores.reshape(len(first.scores), -1),
        second.scores.reshape(len(second.scores), -1),
        first.activation.value,
        labels,
        thresholds=source_limits if first.activation is Activation.SIGMOID else None,
        slices={name: values[first.rows] for name, values in evaluation.prepared.slices.items()},
        blocks=first.blocks,
        evidence=evidence,
        ranks=_ranks(output),
    )
    if not output.maps or thresholds is None:
        return parity
    maps = _maps(first, second, thresholds, labels)
    return replace(parity, figures=(*parity.figures, *range_figures(maps, first.blocks, evidence)))


def pair_of(output: Output, flavour: str, thresholds: ByLabel | None) -> tuple[Any, Any]:
    """Thresholds in force of the source and of a flavour, [C] or a number each."""
    if thresholds is None:
        return output.threshold, output.threshold
    first, second = thresholds.source.get(output.name), thresholds.of(flavour, output.name)
    return in_force(output, first), in_force(output, second)


def _truth(evaluation: Examples, answers: Answers) -> NDArray[Any] | None:
    """Which labels are present [N, C] where that is known, else the one label of each item [N]."""
    prepared = evaluation.prepared
    known = prepared.labels if prepared.presence is None else prepared.presence
    return None if known is None else known[answers.rows]


def _maps(first: Answers, second: Answers, thresholds: tuple[Any, Any], truth: NDArray[Any] | None) -> Maps:
    presence = None if truth is None or truth.ndim == 1 else truth
    one, other = (each.scores.reshape(len(each.scores), -1) for each in (first, second))
    return Maps.of(one, other, thresholds, presence)


def _ranges(
    output: Output,
    source: Outputs,
    outputs: Outputs,
    evaluation: Examples,
    pooling: Pooling | None,
    thresholds: tuple[Any, Any],
) -> list[dict[str, object]]:
    """The labels whose maps changed most."""
    first, second = (answers_of(output, each, evaluation, pooling) for each in (source, outputs))
    maps = _maps(first, second, thresholds, _truth(evaluation, first))
    return [change.as_dict() for change in worst_ranges(maps)]


def _ranks(output: Output) -> dict[str, NDArray[np.int64]]:
    """Ancestors of the labels by rank, where the contract has a taxonomy with ranks."""
    taxonomy = output_taxonomy(output)
    return {} if taxonomy is None else rank_codes(taxonomy)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model answered in one output, as it is compared.

    Attributes
    ----------
    scores : ndarray
        [N, ...], one row an answer: a recording's windows are joined.
    activation : Activation
        What the scores are; logits with a sensitivity are scores of a sigmoid.
    rows : ndarray
        The first prepared item of each answer.
    blocks : ndarray or None
        Group of each answer that is not independent of others.
    """

    scores: NDArray[Any]
    activation: Activation
    rows: NDArray[np.int64]
    blocks: NDArray[Any] | None


def answers_of(output: Output, outputs: Outputs, examples: Examples, pooling: Pooling | None) -> Answers:
    """One output of one model, with the contract's sensitivity and pooling applied."""
    groups, blocks = examples.prepared.groups, examples.prepared.blocks
    scores, activation = outputs[output.name], output.activation
    if output.sensitivity is not None:
        scores, activation = sensitive(scores, output.sensitivity).astype(np.float32), Activation.SIGMOID
    if pooling is None:
        alone = blocks is not None or len(np.unique(groups)) == len(groups)
        return Answers(scores, activation, np.arange(len(scores)), blocks if alone else groups)
    joined = pooled(scores, groups, pooling)
    rows = np.searchsorted(groups, np.arange(len(joined)))
    return Answers(joined, activation, rows, None if blocks is None else blocks[rows])
