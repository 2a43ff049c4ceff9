"""What a worker does for one trial, and what the trials of a search have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldpack.build.conversion import Made
from fieldpack.build.kept import Kept
from fieldpack.build.labels import read_labels
from fieldpack.build.origins import code_digest, taxonomy_digest, teacher_digests, tool_versions
from fieldpack.build.pipeline import measured, prepare_examples
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.data.separation import check_apart
from fieldpack.errors import FieldpackError, SourceError
from fieldpack.latency_table.operator_work import Work, work_of
from fieldpack.passes import Refit
from fieldpack.search.estimated import Estimator, estimator_of
from fieldpack.search.executor import failed
from fieldpack.search.search import passes_of
from fieldpack.search.trial import Result, Status
from fieldpack.shipped import check_shipped
from fieldpack.spec import Spec
from fieldpack.tflite.file import open_model
from fieldpack.workspace import work_folder


class _HopelessError(Exception):
    """Ends a trial before anything is measured."""


def run_trial(words: Mapping[str, Any], kept: str | None = None) -> dict[str, Any]:
    """Make and measure the one flavour of a trial's spec.

    Parameters
    ----------
    words : mapping
        ``Spec.model_dump(mode="json", by_alias=True)``; paths are absolute.
    kept : str, optional
        Folder where results of long steps are kept.

    Returns
    -------
    dict
        ``Result.as_dict()``; an error is a result.

    Raises
    ------
    InputError
        The table of ``[search.estimate]`` cannot be read here.
    """
    spec = Spec.model_validate_json(json.dumps(words))
    place = None if kept is None else Kept(Path(kept))
    counted = _Counted(estimator_of(spec))
    try:
        with work_folder("trial") as folder:
            source, labels = Path(spec.source.path), read_labels(spec.contract)
            assembly = measured(spec, source, labels, folder, kept=place, judge=counted)
            entry = assembly.flavours[0].model_dump(mode="json")
            evidence = assembly.measured.evidence
            for flavour in evidence["flavours"].values():
                flavour.pop("layers", None)
            return Result(Status.DONE, entry, evidence, works=counted.works).as_dict()
    except _HopelessError:
        return Result(Status.UNMEASURED, works=counted.works).as_dict()
    except (FieldpackError, MemoryError) as error:
        return failed(error).as_dict()


class _Counted:
    """Counts the work of the flavour as soon as it is made, and ends the trial where that is hopeless."""

    def __init__(self, estimator: Estimator | None) -> None:
        self._estimator = estimator
        self.works: tuple[Work, ...] | None = None

    def __call__(self, made: Sequence[Made]) -> None:
        if made[0].kind is not FlavourKind.TFLITE:
            return
        self.works = work_of(open_model(made[0].path))
        if self._estimator is not None and self._estimator.told(self.works).hopeless:
            raise _HopelessError


def context_of(spec: Spec) -> dict[str, str]:
    """Digests of source, data and teachers and versions of tools: what decides results beside the settings.

    Raises
    ------
    FieldpackError
        The source or a data set cannot be read.
    """
    source = Path(spec.source.path)
    if not source.exists():
        raise SourceError("there is no source model at this path", came=source)
    passes = passes_of(spec)
    code = code_digest(spec.source.model_dump(mode="json")) or ""
    context = {"source": content_digest(source), "code": code, "taxonomy": taxonomy_digest(spec) or ""}
    labels = read_labels(spec.contract)
    shipped = check_shipped(spec.budget, labels, {item.name: item.kind for item in spec.flavours})
    if shipped is not None:
        context["shipped"] = shipped
    if spec.search is not None and (beside := spec.budget.beside_parity(spec.search.flavour)):
        context["beside parity"] = "; ".join(beside)
    context |= _data_digests(spec, labels, refits=any(isinstance(step, Refit) for step in passes))
    return context | teacher_digests(passes) | tool_versions()


def _data_digests(spec: Spec, labels: dict[str, tuple[str, ...]], refits: bool) -> dict[str, str]:
    """Of every data set that a trial sees; sets that must not overlap are refused before the search."""
    prepared = {}
    with work_folder("search") as folder:
        for name in ("evaluation", "calibration", "training", "confirm", "background"):
            data = getattr(spec.data, name)
            if data is not None:
                unlabelled = name == "background" or (name == "calibration" and not refits)
                known = {} if unlabelled else labels
                prepared[name] = prepare_examples(spec, data, known, folder / name).prepared
        confirm = prepared.pop("confirm", None)
        for name, other in prepared.items():
            if name != "evaluation":
                check_apart(prepared["evaluation"], other, name)
            if confirm is not None:
                check_apart(confirm, other, name, "confirm")
        return {name: other.digest() for name, other in prepared.items()}
