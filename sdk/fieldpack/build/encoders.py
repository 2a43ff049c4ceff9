"""The graphs that make a range model's vector from a place, beside its flavours: made, judged, kept.

The vector of a place is made in float32 always, whatever a flavour's arithmetic is: an 8-bit input is off by
half a degree. A phone runs the encoder once a place, or computes the same from the contract's formula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack import worker
from fieldpack.build.conversion import EVALUATE
from fieldpack.build.requirements import requirements_of
from fieldpack.build.self_description import describe_encoder
from fieldpack.build.sizes import sizes_of
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.manifest import Border, EncoderEntry, FlavourKind
from fieldpack.contract import LocationInput
from fieldpack.coreml.canonical import canonicalise
from fieldpack.errors import MissingDependencyError
from fieldpack.parity.places import MAX_ABS, largest_gap, tried_places
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.spec import CoremlFlavour, Spec, TfliteFlavour

EXPORT = "fieldpack_converters.front_end.place_export:export_place"
PLACE = "degrees_and_metres"
"""Name of the encoder's input, as the converters write it."""

Progress = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True)
class MadeEncoder:
    """One file, and what the manifest says of it."""

    path: Path
    entry: EncoderEntry


def make_encoders(
    spec: Spec, evidence: dict[str, Any], folder: Path, progress: Progress
) -> tuple[MadeEncoder, ...]:
    """The encoder of every location input, one for each kind of flavour.

    Parameters
    ----------
    spec : Spec
        Its contract and its flavours' kinds.
    evidence : dict
        Gets a warning for each file that is missing.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    """
    made: list[MadeEncoder] = []
    for item in spec.contract.inputs:
        if not isinstance(item, LocationInput):
            continue
        progress("encoder", item.name, 0.0)
        try:
            files = _written(spec, item, folder / f"encoder-{item.name}")
        except MissingDependencyError as error:
            _warn(evidence, f"input {item.name} has no encoder: {error.what}; {error.hint}")
            continue
        for kind, path in files.items():
            found = _judged(item, kind, path)
            if found.entry.max_abs <= MAX_ABS:
                made.append(found)
            else:
                gap = f"{found.entry.max_abs:.3g} from the formula; {MAX_ABS:g} is allowed"
                _warn(evidence, f"input {item.name} has no {kind.value} encoder: it is {gap}")
    return tuple(made)


def _warn(evidence: dict[str, Any], text: str) -> None:
    evidence["warnings"] = [*evidence.get("warnings", ()), text]


def _written(spec: Spec, item: LocationInput, folder: Path) -> dict[FlavourKind, Path]:
    folder.mkdir(parents=True)
    packages = [flavour for flavour in spec.flavours if isinstance(flavour, CoremlFlavour)]
    files: dict[FlavourKind, Path] = {}
    if any(isinstance(flavour, TfliteFlavour) for flavour in spec.flavours):
        files[FlavourKind.TFLITE] = folder / "model.tflite"
    if packages:
        files[FlavourKind.COREML] = folder / "model.mlpackage"
    words = {kind.value: str(files[kind]) if kind in files else None for kind in FlavourKind}
    oldest = min((flavour.minimum_ios for flavour in packages), key=int, default="15")
    worker.run(EXPORT, {"contract": item.model_dump(mode="json"), **words, "minimum_ios": oldest})
    if packages:
        canonicalise(files[FlavourKind.COREML])
    for kind, path in files.items():
        describe_encoder(spec, item, kind, path, *_borders(item, kind, path))
    return files


def _judged(item: LocationInput, kind: FlavourKind, path: Path) -> MadeEncoder:
    """The file with its largest gap on random and awkward places."""
    fields = tried_places(item)
    given = path.parent / f"places-{kind.value}.npy"
    np.save(given, fields)
    taken, made = _borders(item, kind, path)
    answer = worker.run(
        EVALUATE,
        {
            "kind": kind.value,
            "path": str(path),
            "inputs": [taken.model_dump(mode="json")],
            "outputs": [made.model_dump(mode="json")],
            "prepared": {PLACE: str(given)},
            "folder": str(path.parent / f"run-{kind.value}"),
            "precision": PRECISIONS[kind][0],
        },
    )
    got = np.load(answer["outputs"][item.name], allow_pickle=False)
    ending = "tflite" if kind is FlavourKind.TFLITE else "mlpackage"
    entry = EncoderEntry(
        input=item.name,
        kind=kind,
        path=f"encoders/{item.name}/model.{ending}",
        digest=content_digest(path),
        installed_bytes=sizes_of(path)["installed_bytes"],
        fields=item.fields,
        inputs=(taken,),
        outputs=(made,),
        requires=requirements_of(kind, path),
        max_abs=float(f"{largest_gap(fields, got, item):.3g}"),
        places=len(fields),
    )
    return MadeEncoder(path, entry)


def _borders(item: LocationInput, kind: FlavourKind, path: Path) -> tuple[Border, Border]:
    tensors = (PLACE, item.name)
    if kind is FlavourKind.TFLITE:
        from fieldpack.tflite.file import open_model

        model = open_model(path)
        tensors = (model.input_names[0], model.output_names[0])
    shapes = ((1, len(item.fields)), (1, *item.shape))
    names = zip((PLACE, item.name), tensors, shapes, strict=True)
    taken, made = (Border(name=n, tensor=tensor, shape=shape, dtype="float32") for n, tensor, shape in names)
    return taken, made
