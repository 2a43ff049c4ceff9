"""Finished files of a build say what goes in and comes out, by the contract and their own borders.

Flavours are described as soon as their thresholds are known, before anything is measured: what is measured,
timed and hashed is what ships. Front-ends and encoders are described when they are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.build.packed_contract import packed_contract
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.metadata.about import About
from fieldpack.metadata.in_coreml import describe_coreml
from fieldpack.metadata.in_tflite import describe_tflite
from fieldpack.metadata.inputs import input_facts
from fieldpack.metadata.outputs import output_facts
from fieldpack.metadata.parts import encoder_facts, front_end_facts
from fieldpack.metadata.tensor_facts import TensorFacts
from fieldpack.spec import Spec

if TYPE_CHECKING:
    from fieldpack.build.conversion import Made
    from fieldpack.build.thresholds import Thresholds
    from fieldpack.contract import LocationInput, SpectrogramInput


def describe_flavours(
    spec: Spec, labels: Mapping[str, tuple[str, ...]], made: Sequence[Made], thresholds: Thresholds
) -> None:
    """Write into each flavour's file what it is and takes and gives; it computes the same afterwards.

    Parameters
    ----------
    spec : Spec
        Its contract and ``[pack]``.
    labels : mapping
        Output -> labels.
    made : sequence of Made
        The files; each is replaced.
    thresholds : Thresholds
        Those in force for each flavour.

    Raises
    ------
    ModelFileError
        A file is damaged.
    UnsupportedError
        A file cannot be given metadata.
    StorageError
        A file cannot be written.
    """
    about = about_model(spec)
    with_labels = {item.name: item.labels_in_file for item in spec.flavours}
    for item in made:
        inputs = [
            input_facts(declared, border, item.kind)
            for declared, border in zip(about.contract.inputs, item.inputs, strict=True)
        ]
        outputs = [
            output_facts(
                declared, border, labels.get(declared.name, ()), thresholds.of(item.name, declared.name)
            )
            for declared, border in zip(about.contract.outputs, item.outputs, strict=True)
        ]
        _describe(item.kind, item.path, about, inputs, outputs, with_labels=with_labels[item.name])


def describe_front_end(
    spec: Spec, item: SpectrogramInput, kind: FlavourKind, path: Path, sound: Border, patch: Border
) -> None:
    """Write into a front-end what it takes and gives; errors as of ``describe_flavours``."""
    inputs, outputs = front_end_facts(item, sound, patch)
    _describe(kind, path, about_part(spec), [inputs], [outputs], with_labels=False)


def describe_encoder(
    spec: Spec, item: LocationInput, kind: FlavourKind, path: Path, place: Border, vector: Border
) -> None:
    """Write into an encoder what it takes and gives; errors as of ``describe_flavours``."""
    inputs, outputs = encoder_facts(item, place, vector)
    _describe(kind, path, about_part(spec), [inputs], [outputs], with_labels=False)


def about_model(spec: Spec) -> About:
    """What every file of a build says of the model."""
    pack = spec.pack
    contract = packed_contract(spec.contract)
    return About(pack.name, pack.version or "", pack.description, pack.license, pack.author or "", contract)


def about_part(spec: Spec) -> About:
    """The same without the version: a front-end or an encoder stays the same file from version to version."""
    return replace(about_model(spec), version="")


def _describe(
    kind: FlavourKind,
    path: Path,
    about: About,
    inputs: Sequence[TensorFacts],
    outputs: Sequence[TensorFacts],
    *,
    with_labels: bool,
) -> None:
    describe = describe_tflite if kind is FlavourKind.TFLITE else describe_coreml
    describe(path, about, inputs, outputs, with_labels=with_labels)
