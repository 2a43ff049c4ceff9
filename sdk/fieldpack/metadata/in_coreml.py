"""Facts of tensors as the description of a Core ML model, which Xcode and ``MLModelDescription`` show.

Labels are a text of the metadata, not the labels of a classifier: that would be another kind of model, with
other outputs, which apps that read the array of scores refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fieldpack.coreml.canonical import OWN_PREFIX, canonical_model, replace_file
from fieldpack.coreml.manifest import read_manifest
from fieldpack.coreml.schema import parse_model
from fieldpack.errors import StorageError
from fieldpack.metadata.about import About
from fieldpack.metadata.tensor_facts import TensorFacts

CONTRACT_KEY = f"{OWN_PREFIX}contract_sha256"
LABELS_KEY = f"{OWN_PREFIX}labels."
"""Followed by the name of the output; labels one a line."""
THRESHOLD_KEY = f"{OWN_PREFIX}threshold."


def describe_coreml(
    path: Path,
    about: About,
    inputs: Sequence[TensorFacts],
    outputs: Sequence[TensorFacts],
    *,
    with_labels: bool,
) -> None:
    """Write the description of a model into a package; what it computes stays the same.

    Parameters
    ----------
    path : Path
        The package; its model file is replaced in one step.
    about : About
        The model that it belongs to.
    inputs, outputs : sequence of TensorFacts
        Those that the file does not have are left out.
    with_labels : bool
        Write the labels as well.

    Raises
    ------
    ModelFileError
        The package is malformed.
    StorageError
        It cannot be read or written.
    """
    place = read_manifest(path).model_path
    try:
        model = parse_model(place.read_bytes())
    except OSError as error:
        raise StorageError(f"{place} cannot be read", came=error) from error
    _about(model.description.metadata, about, outputs, with_labels=with_labels)
    told = {facts.tensor: facts.description for facts in (*inputs, *outputs)}
    for feature in _features(model.description):
        feature.shortDescription = told.get(feature.name, feature.shortDescription)
    replace_file(place, canonical_model(model.SerializeToString()))


def _about(metadata: Any, about: About, outputs: Sequence[TensorFacts], *, with_labels: bool) -> None:
    metadata.shortDescription, metadata.versionString = about.description, about.version
    metadata.author, metadata.license = about.author, about.license
    stated = {
        f"{OWN_PREFIX}name": about.name,
        CONTRACT_KEY: about.contract_digest,
        **{
            THRESHOLD_KEY + item.name: f"{item.threshold:.9g}"
            for item in outputs
            if item.threshold is not None
        },
    }
    if with_labels:
        stated |= {LABELS_KEY + item.name: "\n".join(item.labels) for item in outputs if item.labels}
    for key in [key for key in metadata.userDefined if key.startswith(OWN_PREFIX)]:
        del metadata.userDefined[key]
    for key, value in stated.items():
        metadata.userDefined[key] = value


def _features(description: Any) -> Iterator[Any]:
    """Inputs and outputs of the model, or of each of its functions."""
    for part in (description, *description.functions):
        yield from part.input
        yield from part.output
