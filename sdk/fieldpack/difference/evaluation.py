"""Both bundles run on the same evaluation data: flips, and accuracy compared example by example.

The examples are prepared by each bundle's own contract, as apps would. They bear the labels of the new
bundle; an answer of the old one counts as right where its class is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack import worker
from fieldpack.build.conversion import EVALUATE
from fieldpack.build.examples import Examples, load_outputs, save_examples
from fieldpack.build.measurement import Answers, Outputs, answers_of, pooling_of
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.contract import Contract, LocationInput, Output
from fieldpack.data import prepare_data
from fieldpack.difference.answers import AnswerDifference, Pair, PairedAccuracy
from fieldpack.difference.labels import LabelDifference
from fieldpack.difference.pictures import drawn, flipped_ids, picture_input
from fieldpack.errors import SpecError
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.spec import Spec
from fieldpack.statistics.paired import paired_drop

Progress = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of running both bundles.

    Attributes
    ----------
    answers : tuple of AnswerDifference
        One an output with labels of a flavour that both have.
    pictures : dict of str to str
        Id of an example that flipped -> data address of its picture, as the new bundle sees it; none of
        bundles that take no pictures.
    """

    answers: tuple[AnswerDifference, ...]
    pictures: dict[str, str]


def measured_answers(
    old: Bundle,
    new: Bundle,
    labels: tuple[LabelDifference, ...],
    spec: Spec,
    folder: Path,
    progress: Progress = lambda road, stage, fraction: None,
) -> Measured:
    """Every labelled output of every flavour that both bundles have, on ``[data.evaluation]`` of a spec.

    Parameters
    ----------
    old, new : Bundle
        Open.
    labels : tuple of LabelDifference
        Of the difference between them.
    spec : Spec
        Names the data.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).

    Raises
    ------
    SpecError
        The contracts cut the data into other examples, or there are none.
    """
    known = new.labels(labels[0].output) if labels else None
    sides = [
        _Side(bundle, spec, known, folder / name, progress) for name, bundle in (("old", old), ("new", new))
    ]
    ids = [list(side.examples.prepared.ids) for side in sides]
    if ids[0] != ids[1] or not ids[0]:
        came = f"{len(ids[0])} and {len(ids[1])} items"
        raise SpecError("the bundles do not see the same examples in the data", came=came, hint="see [data]")
    found = []
    for entry in old.manifest.flavours:
        after = new.manifest.flavour(entry.name)
        if after is not None:
            runs = sides[0].run(entry), sides[1].run(after)
            for item in labels:
                found.append(_compared(old, new, item, entry.name, sides, runs))
    return Measured(tuple(found), sides[1].pictures(flipped_ids(found)))


class _Side:
    """One bundle with the examples as it wants them."""

    def __init__(
        self, bundle: Bundle, spec: Spec, labels: tuple[str, ...] | None, folder: Path, progress: Progress
    ) -> None:
        self.bundle, self.folder, self.progress = bundle, folder, progress
        self.contract = _placed(bundle)
        prepared = prepare_data(
            spec.data.evaluation,
            self.contract,
            labels,
            spec.pack.seed,
            progress=lambda stage, done: progress("data", f"prepare {folder.name}", done),
        )
        folder.mkdir(parents=True, exist_ok=True)
        self.examples: Examples = save_examples(prepared, folder)

    def run(self, entry: FlavourEntry) -> Outputs:
        """What a flavour answers, output name -> [N, ...]."""
        name = f"{self.folder.name} {entry.name}"
        answer = worker.run(
            EVALUATE,
            {
                "kind": entry.kind.value,
                "path": str(self.bundle.path(entry.path)),
                "inputs": [border.model_dump(mode="json") for border in entry.inputs],
                "outputs": [border.model_dump(mode="json") for border in entry.outputs],
                "prepared": self.examples.files,
                "folder": str(self.folder / entry.name),
                "precision": PRECISIONS[entry.kind][0],
            },
            progress=lambda stage, done: self.progress(name, stage, done),
        )
        return load_outputs(answer["outputs"])

    def pictures(self, shown: Sequence[str]) -> dict[str, str]:
        """Some examples, id -> data address."""
        image = picture_input(self.bundle)
        if image is None or not shown:
            return {}
        pixels = np.load(self.examples.files[image.name], mmap_mode="r", allow_pickle=False)
        return drawn(pixels, self.examples.prepared.ids, shown, image)

    def answers(self, output: Output, outputs: Outputs) -> Answers:
        """One output, windows of a recording joined."""
        return answers_of(output, outputs, self.examples, pooling_of(self.contract))


def _placed(bundle: Bundle) -> Contract:
    """The contract with tables at real paths."""
    contract = bundle.manifest.contract
    inputs = [
        item.with_tables(lambda _, file: str(bundle.path(file))) if isinstance(item, LocationInput) else item
        for item in contract.inputs
    ]
    return contract.model_copy(update={"inputs": tuple(inputs)})


def _compared(
    old: Bundle,
    new: Bundle,
    labels: LabelDifference,
    flavour: str,
    sides: list[_Side],
    runs: tuple[Outputs, Outputs],
) -> AnswerDifference:
    declared = [_output(bundle, labels.output) for bundle in (old, new)]
    first, second = (side.answers(item, run) for side, item, run in zip(sides, declared, runs, strict=True))
    prepared = sides[1].examples.prepared
    ids = tuple(prepared.ids[row] for row in second.rows)
    truth = None if prepared.labels is None else np.asarray(prepared.labels)[second.rows]
    pair = Pair(old, new, labels.output, labels)
    rows = [(row, row) for row in range(len(ids))]
    found = pair.compared(flavour, first.scores, second.scores, rows, ids, truth)
    if truth is None or not found.ranks:
        return found
    return replace(found, accuracy=_accuracy(labels, first.scores, second.scores, truth))


def _output(bundle: Bundle, name: str) -> Output:
    return next(item for item in bundle.manifest.contract.outputs if item.name == name)


def _accuracy(
    labels: LabelDifference, old: NDArray[Any], new: NDArray[Any], truth: NDArray[Any]
) -> PairedAccuracy | None:
    """Top-1 of both on the examples with a label."""
    told = truth >= 0
    if not told.any():
        return None
    after = dict(labels.pairs)
    was = np.array([after.get(int(number), -1) for number in old[told].argmax(axis=1)])
    right = [was == truth[told], new[told].argmax(axis=1) == truth[told]]
    losses, gains = int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())
    bounds = paired_drop(losses, gains, int(told.sum()))
    shares = [float(side.mean()) for side in right]
    return PairedAccuracy(int(told.sum()), shares[0], shares[1], losses, gains, -bounds.high, -bounds.low)
