"""The recipe of a spec, run on the source model before flavours are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack import worker
from fieldpack.build.examples import Examples, save_source_tensors
from fieldpack.build.kept import Kept, Stored, once
from fieldpack.build.origins import (
    source_origin,
    taxonomy_digest,
    teacher_digests,
    tool_versions,
    without_places,
)
from fieldpack.passes import trains
from fieldpack.spec import Spec
from fieldpack.taxonomy import parse_taxonomy
from fieldpack.verdict import stored_number

QAT = "quantisation_aware"
APPLY = "fieldpack_converters.passes.runner:apply"


@dataclass(frozen=True, slots=True)
class Compressed:
    """What a recipe left.

    Attributes
    ----------
    source : dict
        Words of the compressed model, as worker targets take them.
    steps : list of dict
        By pass: method, settings, matched layers, parameters before and after, facts.
    ranges : list of dict
        ``ends`` and ``fingerprint`` by activation of the last ``quantisation_aware``.
    """

    source: dict[str, Any]
    steps: list[dict[str, Any]]
    ranges: list[dict[str, list[float]]]

    def note_ranges(self, flavour: str, tensors: int) -> None:
        """Tell in the record how many tensors of a flavour took a range of the training."""
        step = next(step for step in reversed(self.steps) if step["method"] == QAT)
        step["facts"].setdefault("tensors_with_trained_ranges", {})[flavour] = tensors


def compress(
    spec: Spec,
    source: dict[str, Any],
    training: Examples | None,
    calibration: Examples | None,
    labels: dict[str, tuple[str, ...]],
    folder: Path,
    progress: Callable[[str, float], None],
    kept: Kept | None = None,
) -> Compressed:
    """Run the recipe in a worker.

    Parameters
    ----------
    source : dict
        The source model's words.
    labels : dict
        Output name -> labels.
    folder : Path
        Work folder; the compressed model is written into it.
    kept : Kept, optional
        Where what a recipe that trains left is looked for first, and kept.

    Raises
    ------
    FieldpackError
        A pass does not fit the model, or broke what it must keep.
    """
    place = kept if any(trains(step) for step in spec.recipe) else None
    decides = {} if place is None else _decides(spec, source, training, calibration)

    def run() -> Stored:
        answer = worker.run(
            APPLY,
            {
                "source": source,
                "recipe": [step.model_dump(mode="json") for step in spec.recipe],
                "folder": str(folder / "compressed"),
                "activation": spec.contract.outputs[0].activation.value,
                "seed": spec.pack.seed,
                "training": _words(spec, training, folder / "training-tensors"),
                "calibration": _words(spec, calibration, folder / "calibration-tensors"),
                "inputs": [item.model_dump(mode="json") for item in spec.contract.inputs],
                "taxonomy": _nearness(spec, labels, folder),
            },
            progress=progress,
        )
        words = {
            "source": without_places(answer["source"]),
            "steps": _stored(answer["steps"]),
            "ranges": _trained(answer["steps"]),
        }
        path = Path(answer["source"]["path"])
        return Stored(words, {f"model{path.suffix}": path})

    stored = once(place, decides, run)
    (path,) = stored.files.values()
    words = stored.words
    return Compressed(
        {**source, **words["source"], "path": str(path)}, words["steps"], words.get("ranges", [])
    )


def _decides(
    spec: Spec, source: dict[str, Any], training: Examples | None, calibration: Examples | None
) -> dict[str, Any]:
    """All that the compressed model hangs on."""
    data = {"training": training, "calibration": calibration}
    return {
        "step": APPLY,
        "source": source_origin(source),
        "recipe": [step.model_dump(mode="json") for step in spec.recipe],
        "teachers": teacher_digests(spec.recipe),
        "inputs": [item.model_dump(mode="json") for item in spec.contract.inputs],
        "activation": spec.contract.outputs[0].activation.value,
        "taxonomy": taxonomy_digest(spec),
        "seed": spec.pack.seed,
        "data": {name: None if part is None else part.prepared.digest() for name, part in data.items()},
        "tools": tool_versions(),
    }


def _trained(steps: list[dict[str, Any]]) -> list[dict[str, list[float]]]:
    """Ranges with their fingerprints, exact; the record's are rounded."""
    facts: dict[str, Any] = next((step["facts"] for step in reversed(steps) if step["method"] == QAT), {})
    ranges, prints = facts.get("activation_ranges", {}), facts.get("fingerprints", {})
    return [{"ends": ranges[name], "fingerprint": prints[name]} for name in ranges if name in prints]


def _stored(value: Any) -> Any:
    """Numbers as manifests keep them, so that the last bits of two machines do not change a file."""
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stored(item) for item in value]
    return stored_number(value) if isinstance(value, float) else value


def _words(spec: Spec, examples: Examples | None, folder: Path) -> dict[str, Any] | None:
    if examples is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    paths = save_source_tensors(spec.contract, examples, folder)
    inputs = {str(place): paths[item.name] for place, item in enumerate(spec.contract.inputs)}
    if examples.prepared.labels is None:
        return {"inputs": inputs, "labels": None}
    np.save(folder / "labels.npy", examples.prepared.labels)
    return {"inputs": inputs, "labels": str(folder / "labels.npy")}


def _nearness(spec: Spec, labels: dict[str, tuple[str, ...]], folder: Path) -> str | None:
    output = spec.contract.outputs[0]
    if output.taxonomy is None:
        return None
    taxonomy = parse_taxonomy(Path(output.taxonomy).read_bytes(), output.taxonomy)
    np.save(folder / "nearness.npy", taxonomy.nearness(labels[output.name]))
    return str(folder / "nearness.npy")
