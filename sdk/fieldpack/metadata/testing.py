"""The files of a small bundle, described as a build describes them, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import open_bundle
from fieldpack.exports.testing import kind_bundle
from fieldpack.metadata.about import About
from fieldpack.metadata.in_tflite import describe_tflite
from fieldpack.metadata.inputs import input_facts
from fieldpack.metadata.outputs import output_facts
from fieldpack.metadata.tensor_facts import TensorFacts
from fieldpack.tflite.file import open_model
from fieldpack.tflite.metadata.reading import standard_metadata


def described(
    folder: Path, kind: str, *, with_labels: bool = True, **changes: Any
) -> tuple[Path, About, TensorFacts]:
    """The TFLite file of a bundle with one input of that kind, what it is about, and the facts of the input.

    `changes` go to the input.
    """
    path = folder / f"{kind}.tflite"
    with open_bundle(kind_bundle(folder / kind, kind, **changes)) as bundle:
        manifest, flavour = bundle.manifest, bundle.manifest.flavours[0]
        path.write_bytes(bundle.path(flavour.path).read_bytes())
        labels = bundle.labels("scores")
    stated = (manifest.name, manifest.version, manifest.description, manifest.license, manifest.author)
    about = About(*stated, manifest.contract)
    facts = input_facts(manifest.contract.inputs[0], flavour.inputs[0], FlavourKind.TFLITE)
    scores = output_facts(manifest.contract.outputs[0], flavour.outputs[0], labels)
    describe_tflite(path, about, [facts], [scores], with_labels=with_labels)
    return path, about, facts


def stated_tensor(path: Path, side: str = "input") -> dict[str, Any]:
    """What a file says of its first input or output."""
    (graph,) = (standard_metadata(open_model(path)) or {})["subgraph_metadata"]
    tensor: dict[str, Any] = graph[f"{side}_tensor_metadata"][0]
    return tensor
