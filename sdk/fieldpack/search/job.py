"""What a worker does for one trial, and what the trials of a search have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fieldpack import __version__
from fieldpack.build.pipeline import measured, prepare_examples, read_labels
from fieldpack.bundle.digest import content_digest
from fieldpack.errors import FieldpackError, SourceError
from fieldpack.search.executor import failed
from fieldpack.search.trial import Result, Status
from fieldpack.shipped import check_shipped
from fieldpack.spec import Spec
from fieldpack.workspace import work_folder

TOOLS = (
    "numpy", "pillow", "tensorflow", "tf-keras", "keras", "torch", "torch-pruning", "litert-torch",
    "ai-edge-litert", "ai-edge-quantizer", "coremltools",
)  # fmt: skip


def run_trial(words: Mapping[str, Any]) -> dict[str, Any]:
    """Make and measure the one flavour of a trial's spec.

    Parameters
    ----------
    words : mapping
        ``Spec.model_dump(mode="json", by_alias=True)``; paths are absolute.

    Returns
    -------
    dict
        ``Result.as_dict()``; an error is a result.
    """
    spec = Spec.model_validate_json(json.dumps(words))
    try:
        with work_folder("trial") as folder:
            assembly = measured(spec, Path(spec.source.path), read_labels(spec.contract), folder)
            entry = assembly.flavours[0].model_dump(mode="json")
            evidence = assembly.measured.evidence
            for flavour in evidence["flavours"].values():
                flavour.pop("layers", None)
            return Result(Status.DONE, entry, evidence).as_dict()
    except (FieldpackError, MemoryError) as error:
        return failed(error).as_dict()


def context_of(spec: Spec) -> dict[str, str]:
    """Digests of source and data and versions of tools: what decides results beside the settings.

    Raises
    ------
    FieldpackError
        The source or a data set cannot be read.
    """
    source = Path(spec.source.path)
    if not source.exists():
        raise SourceError("there is no source model at this path", came=source)
    context = {"fieldpack": __version__, "source": content_digest(source)}
    labels = read_labels(spec.contract)
    shipped = check_shipped(spec.budget, labels, {item.name: item.kind for item in spec.flavours})
    if shipped is not None:
        context["shipped"] = shipped
    if spec.search is not None and (beside := spec.budget.beside_parity(spec.search.flavour)):
        context["beside parity"] = "; ".join(beside)
    with work_folder("search") as folder:
        for name in ("evaluation", "calibration", "training"):
            data = getattr(spec.data, name)
            if data is not None:
                known = {} if name == "calibration" else labels
                context[name] = prepare_examples(spec, data, known, folder / name).prepared.digest()
    return context | {name: found for name in TOOLS if (found := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
