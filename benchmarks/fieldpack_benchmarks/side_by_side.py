"""The source model, every flavour and the sibling by other hands on the same prepared examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack import worker
from fieldpack.build.borders import find_borders
from fieldpack.build.conversion import EVALUATE, RUN_SOURCE
from fieldpack.build.examples import Examples, load_outputs, save_examples, save_source_tensors
from fieldpack.build.labels import read_labels
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.contract import GridInput, Pooling, SoundInput
from fieldpack.data import open_data, prepare_data
from fieldpack.errors import BundleError
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.record import Parity
from fieldpack.recordings.pooling import pooled
from fieldpack.runtime.flavour import EVIDENCE, PRECISIONS
from fieldpack.spec import Spec, TableData
from fieldpack_benchmarks.cases import Case

Scores = NDArray[Any]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One model's evaluation set and the source model's answers.

    Attributes
    ----------
    spec : Spec
        What was built.
    examples : Examples
        The evaluation set, prepared and on disk.
    labels : ndarray or None
        Class number of every item [N], negative where there is none; None when nothing is labelled.
    source : ndarray
        The source model's scores [N, C].
    folder : Path
        Work folder.
    by_window : bool
        Whether each window of a recording counts as an example.
    """

    spec: Spec
    examples: Examples
    labels: NDArray[np.int64] | None
    source: Scores
    folder: Path
    by_window: bool = False

    def flavour(self, bundle: Bundle, name: str) -> Parity:
        """A flavour of the bundle against the source, Core ML in the half-precision arithmetic."""
        entry = next(item for item in bundle.manifest.flavours if item.name == name)
        return self.compared(self.flavour_scores(bundle, name), entry.kind)

    def flavour_scores(self, bundle: Bundle, name: str) -> Scores:
        """What a flavour of the bundle answers, float32 [N, C]."""
        entry = next(item for item in bundle.manifest.flavours if item.name == name)
        return self._scores(entry.kind, bundle.path(entry.path), entry.inputs, entry.outputs, name)

    def file(self, path: Path) -> Parity:
        """A ``.tflite`` by other hands against the source; its borders are read from the file."""
        return self.compared(self.file_scores(path, FlavourKind.TFLITE, folded=False), FlavourKind.TFLITE)

    def file_scores(self, path: Path, kind: FlavourKind, *, folded: bool) -> Scores:
        """What any file answers; `folded` says whether it takes pixels 0..255."""
        inputs, outputs = find_borders(kind, path, self.spec.contract, folded=folded)
        return self._scores(kind, path, inputs, outputs, path.stem)

    def items(self, scores: Scores) -> tuple[Scores, Scores, NDArray[np.int64] | None]:
        """Source scores, these scores [N, C] and labels of what counts as one example.

        The windows of a recording are pooled unless ``by_window``.
        """
        source, labels, groups = self.source, self.labels, self.examples.prepared.groups
        pooling = None if self.by_window else _pooling(self.spec)
        if pooling is not None:
            starts = np.searchsorted(groups, np.arange(int(groups[-1]) + 1))
            source, scores = pooled(source, groups, pooling), pooled(scores, groups, pooling)
            labels = None if labels is None else labels[starts]
        return source.reshape(len(source), -1), scores.reshape(len(scores), -1), labels

    def compared(self, scores: Scores, kind: FlavourKind) -> Parity:
        """Scores [N, C] against the source's, example by example."""
        output = self.spec.contract.outputs[0]
        source, own, labels = self.items(scores)
        return compare_scores(
            source,
            own,
            output.activation.value,
            labels,
            thresholds=output.threshold,
            evidence=EVIDENCE[kind],
        )

    def _scores(
        self,
        kind: FlavourKind,
        path: Path,
        inputs: tuple[Border, ...],
        outputs: tuple[Border, ...],
        name: str,
    ) -> Scores:
        answer = worker.run(
            EVALUATE,
            {
                "kind": kind.value,
                "path": str(path),
                "inputs": [border.model_dump(mode="json") for border in inputs],
                "outputs": [border.model_dump(mode="json") for border in outputs],
                "prepared": self.examples.files,
                "folder": str(self.folder / "runs" / name),
                "precision": PRECISIONS[kind][-1],
            },
        )
        return load_outputs(answer["outputs"])[self.spec.contract.outputs[0].name]


def open_side_by_side(case: Case, spec: Spec, bundle: Bundle, folder: Path) -> SideBySide:
    """Prepare the evaluation set of a spec and run the source model on it.

    Parameters
    ----------
    case : Case
        The model.
    spec : Spec
        What was built of it.
    bundle : Bundle
        The build's result; its evaluation set must be the same to the byte.
    folder : Path
        Work folder.

    Raises
    ------
    BundleError
        The bundle was measured on other examples.
    """
    labels = next(iter(read_labels(spec.contract).values()), None)
    prepared = prepare_data(spec.data.evaluation, spec.contract, labels, spec.pack.seed)
    if prepared.digest() != bundle.manifest.lineage.data["evaluation"].digest:
        raise BundleError(
            "the bundle was measured on other examples than these",
            came=bundle.location,
            hint="remove it from the build cache",
        )
    examples = save_examples(prepared, folder / "evaluation")
    tensors = save_source_tensors(spec.contract, examples, folder / "tensors")
    answer = worker.run(
        RUN_SOURCE,
        {
            "source": _source(spec),
            "inputs": {str(index): tensors[item.name] for index, item in enumerate(spec.contract.inputs)},
            "outputs": str(folder / "source"),
        },
    )
    known = prepared.labels
    if case.label_map is not None and labels is not None:
        known = _mapped(spec, case.specs / case.label_map, labels, prepared.ids)
    source = np.load(answer["outputs"][0], allow_pickle=False)
    return SideBySide(spec, examples, known, source, folder, case.by_window)


def _source(spec: Spec) -> dict[str, Any]:
    first = spec.contract.inputs[0]
    return {
        **spec.source.model_dump(mode="json"),
        "layout": first.layout.value if isinstance(first, GridInput) else "NHWC",
        "input_shapes": [[1, *item.shape] for item in spec.contract.inputs],
    }


def _mapped(spec: Spec, path: Path, labels: tuple[str, ...], ids: list[str]) -> NDArray[np.int64]:
    """Class numbers of those examples whose class the map knows."""
    evaluation = spec.data.evaluation
    if not isinstance(evaluation, TableData):
        return np.full(len(ids), -1, np.int64)
    table = evaluation.model_copy(update={"label_column": "class", "label_map": str(path), "limit": None})
    known: Mapping[str, int] = {
        example.id: labels.index(str(example.label)) for example in open_data(table, spec.pack.seed)
    }
    return np.array([known.get(item, -1) for item in ids], np.int64)


def _pooling(spec: Spec) -> Pooling | None:
    first = spec.contract.inputs[0]
    return first.front_end.windows.pooling if isinstance(first, SoundInput) else None
