"""What a budget's relative limits are held against, measured while everything is at hand.

The size of the source model, the sizes of the shipped bundle, and how often its answers differ from those of
the flavours that follow it, on the same examples; then what running costs, in turn with what a limit is a
share of. Only what some limit asks for is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack import worker
from fieldpack.budget import OF_SHIPPED, Budget
from fieldpack.build.conversion import EVALUATE, Made
from fieldpack.build.costs import add_costs, kept_costs
from fieldpack.build.examples import Examples, load_outputs, save_examples
from fieldpack.build.measurement import Measured, Outputs, compare_output, pooling_of
from fieldpack.build.sizes import sizes_of
from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.cost.host import Candidate
from fieldpack.data import prepare_data
from fieldpack.errors import SpecError
from fieldpack.parity.record import Parity
from fieldpack.relative import REFERENCES
from fieldpack.runtime.flavour import EVIDENCE, PRECISIONS
from fieldpack.share import SHIPPED, SOURCE, Share
from fieldpack.shipped import followed, needing, open_shipped, shipped_record
from fieldpack.spec import Spec
from fieldpack.verdict import Evidence, Figure

Progress = Callable[[str, str, float], None]


def add_references(
    spec: Spec,
    labels: Mapping[str, tuple[str, ...]],
    made: Sequence[Made],
    measured: Measured,
    evaluation: Examples,
    folder: Path,
    progress: Progress,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Measure what the limits of the spec need beyond parity, and add it to the evidence.

    Parameters
    ----------
    spec : Spec
        Its budget says what is needed.
    labels : mapping
        Output -> labels.
    made : sequence of Made
        The flavours.
    measured : Measured
        Their outputs; its evidence is added to.
    evaluation : Examples
        What they ran on.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    before : mapping, optional
        Evidence of the bundle that this build repeats; its costs are taken over.

    Raises
    ------
    SpecError
        The shipped bundle is missing, altered, or does not compare.
    """
    evidence = measured.evidence
    if _of_source(spec.budget, [item.name for item in made]):
        evidence[REFERENCES] = {SOURCE: sizes_of(Path(spec.source.path))}
    needs = needing(spec.budget, {item.name: item.kind.value for item in made})
    with ExitStack() as stack:
        comparison = None
        if spec.budget.shipped is not None and needs:
            bundle = stack.enter_context(open_shipped(spec.budget.shipped, labels))
            record = shipped_record(spec.budget.shipped, bundle, needs)
            evidence[REFERENCES] = {**evidence.get(REFERENCES, {}), SHIPPED: record}
            comparison = _Comparison(spec, bundle, measured, evaluation, folder / SHIPPED, progress)
            comparison.add(made)
        if before is not None and kept_costs(evidence, before):
            return

        def shipped_file(name: str) -> Candidate:
            if comparison is None:
                raise ValueError("a share of the shipped bundle needs one")
            return comparison.candidate(name, FlavourKind.TFLITE)

        add_costs(spec.budget, made, evaluation.files, evidence, shipped_file, progress)


def _of_source(budget: Budget, names: Sequence[str]) -> bool:
    return any(
        isinstance(limit, Share) and limit.of == SOURCE
        for name in names
        for limit in budget.limits_of(name).values()
    )


class _Comparison:
    """Flavours beside those of the shipped bundle."""

    def __init__(
        self,
        spec: Spec,
        bundle: Bundle,
        measured: Measured,
        evaluation: Examples,
        folder: Path,
        progress: Progress,
    ) -> None:
        self.spec, self.bundle, self.measured = spec, bundle, measured
        self.evaluation, self.folder, self.progress = evaluation, folder, progress
        self._files: dict[str, str] | None = None
        self._runs: dict[tuple[str, str], Outputs] = {}

    def add(self, made: Sequence[Made]) -> None:
        """Figures of every flavour that has a limit on them."""
        for item in made:
            if not set(OF_SHIPPED) & set(self.spec.budget.limits_of(item.name)):
                continue
            entry = self._followed(item.name, item.kind)
            self.measured.evidence["flavours"][item.name]["shipped"] = {
                precision: self._compared(item, entry, precision) for precision in PRECISIONS[item.kind]
            }

    def candidate(self, name: str, kind: FlavourKind) -> Candidate:
        """The shipped file that a flavour follows, to be timed."""
        entry = self._followed(name, kind)
        place = self.bundle.path(entry.path)
        return Candidate(f"{SHIPPED} {entry.name}", place, entry.inputs, self._prepared())

    def _followed(self, name: str, kind: FlavourKind) -> FlavourEntry:
        if self.spec.budget.shipped is None:
            raise ValueError("a budget with such limits has a shipped bundle")
        return followed(self.spec.budget.shipped, self.bundle, name, kind.value)

    def _compared(self, item: Made, entry: FlavourEntry, precision: str) -> dict[str, Any]:
        shipped = self._outputs(entry, precision)
        own = self.measured.flavours[item.name][precision]
        pooling = pooling_of(self.spec.contract)
        compared = {}
        for output in self.spec.contract.outputs:
            if output.activation.classifies:
                _check_same_shape(output.name, shipped, own)
                found = compare_output(output, shipped, own, self.evaluation, EVIDENCE[item.kind], pooling)
                compared[output.name] = _record(found)
        return compared

    def _outputs(self, entry: FlavourEntry, precision: str) -> Outputs:
        key = (entry.name, precision)
        if key not in self._runs:
            answer = worker.run(
                EVALUATE,
                {
                    "kind": entry.kind.value,
                    "path": str(self.bundle.path(entry.path)),
                    "inputs": [border.model_dump(mode="json") for border in entry.inputs],
                    "outputs": [border.model_dump(mode="json") for border in entry.outputs],
                    "prepared": self._prepared(),
                    "folder": str(self.folder / f"{entry.name}-{precision}"),
                    "precision": precision,
                },
                progress=lambda stage, done: self.progress(
                    SHIPPED, f"{stage} {entry.name} ({precision})", done
                ),
            )
            self._runs[key] = load_outputs(answer["outputs"])
        return self._runs[key]

    def _prepared(self) -> dict[str, str]:
        """The evaluation examples as the shipped contract wants them."""
        contract = self.bundle.manifest.contract
        if contract.inputs == self.spec.contract.inputs:
            return self.evaluation.files
        if self._files is None:
            own = self.evaluation.prepared
            again = prepare_data(self.spec.data.evaluation, contract, None, self.spec.pack.seed)
            if again.ids != own.ids or not np.array_equal(again.groups, own.groups):
                raise SpecError(
                    "the shipped bundle cuts the evaluation examples into other items",
                    came=f"{len(again.ids)} items there",
                    allowed=f"the {len(own.ids)} items of this spec",
                    hint="leave shipped_flips and shipped_top1_drop out",
                )
            self._files = save_examples(again, self.folder / "inputs").files
        return self._files


def _check_same_shape(output: str, shipped: Outputs, own: Outputs) -> None:
    if output not in shipped or shipped[output].shape != own[output].shape:
        there = "no such output" if output not in shipped else f"shape {list(shipped[output].shape)}"
        raise SpecError(
            f"output {output} of the shipped bundle does not compare",
            came=there,
            allowed=f"shape {list(own[output].shape)}",
        )


def _record(parity: Parity) -> dict[str, Any]:
    """The figures of a comparison with a shipped flavour, under names of their own."""
    same, drop = parity.figure("top1_agreement"), parity.figure("top1_drop")
    figures = [_flips(same), _named("shipped_top1_drop", drop)]
    return {
        "items": parity.items,
        "outputs": parity.outputs,
        "finite": parity.finite,
        "counts": dict(sorted(parity.counts.items())),
        "figures": [figure.as_dict() for figure in figures if figure.value is not None],
    }


def _flips(same: Figure) -> Figure:
    if same.value is None:
        return Figure("shipped_flips", None, same.unit, Evidence.NOT_RUN)
    low, high = (None if bound is None else 1 - bound for bound in (same.high, same.low))
    return Figure("shipped_flips", 1 - same.value, same.unit, same.evidence, same.n, low, high)


def _named(name: str, figure: Figure) -> Figure:
    return Figure(name, figure.value, figure.unit, figure.evidence, figure.n, figure.low, figure.high)
