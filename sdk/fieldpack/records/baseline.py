"""The baseline: what a team committed as the state that later bundles are held against.

A small JSON file, made for reading as a difference in a review: sizes, stored bytes of every layer, oldest
software, and exact counts on emulated targets with all that they depend on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from fieldpack.budget import Target
from fieldpack.bundle.manifest import FlavourEntry, FlavourKind, Requires
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.errors import InputError
from fieldpack.model import Strict, validated
from fieldpack.placement import place_file
from fieldpack.records.record import BundleName, Record, Runner, RunOutcome

SCHEMA = "fieldpack-baseline/1"


class Counted(Strict):
    """Exact counts on one target, and what ran them."""

    instructions: int | None = Field(default=None, ge=1)
    outside_delegate: int | None = Field(default=None, ge=0)
    runner: Runner


class BaselineFlavour(Strict):
    """One flavour as it was."""

    kind: FlavourKind
    installed_bytes: int = Field(ge=1)
    download_bytes: int = Field(ge=1)
    requires: Requires
    layers: dict[str, int] = Field(description="layer -> stored bytes of its weights")
    counts: dict[Target, Counted] = Field(default_factory=dict)


class Baseline(Strict):
    """The whole file."""

    schema_version: Literal["fieldpack-baseline/1"] = Field(alias="schema")
    bundle: BundleName
    flavours: dict[str, BaselineFlavour]


def baseline_of(bundle: Bundle, records: Sequence[Record]) -> Baseline:
    """What a bundle and the records of its files come to."""
    manifest = bundle.manifest
    flavours = {
        item.name: BaselineFlavour(
            kind=item.kind,
            installed_bytes=item.installed_bytes,
            download_bytes=item.download_bytes,
            requires=item.requires,
            layers=layer_bytes(bundle, item),
            counts={
                target: Counted.model_validate(counts_of(found))
                for target, found in latest(records, item).items()
                if found.outcome is RunOutcome.MEASURED and found.instructions is not None
            },
        )
        for item in manifest.flavours
    }
    name = BundleName(name=manifest.name, version=manifest.version, digest=bundle.digest)
    return Baseline(schema_version=SCHEMA, bundle=name, flavours=flavours)


def read_baseline(path: Path, records: Sequence[Record] = ()) -> Baseline:
    """Read a baseline file, or make one of a bundle and the records of its files.

    Raises
    ------
    InputError
        The file is missing, no JSON, of another schema, or a field is wrong.
    BundleError
        It is a bundle, and malformed.
    """
    if path.is_dir() or path.suffix == ".fieldpack":
        with open_bundle(path) as bundle:
            return baseline_of(bundle, records)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "the baseline cannot be read",
            came=f"{path}: {error}",
            allowed="a bundle, or a file of fieldpack gate --write-baseline",
            hint="fieldpack gate BUNDLE --write-baseline FILE",
        ) from error
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        raise InputError(
            "the baseline has another schema", came=f"{path}: {schema}", allowed=SCHEMA,
            hint="write it anew from the bundle that it is of: fieldpack gate BUNDLE --write-baseline FILE",
        )  # fmt: skip
    return validated(Baseline, values, path.name, InputError)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write it, for a commit.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    values = baseline.model_dump(mode="json", by_alias=True, exclude_none=True)
    place_file(path, json.dumps(values, indent=1) + "\n", "the baseline")


def check_same_model(baseline: Baseline, name: str) -> None:
    """Refuse the baseline of another model.

    Raises
    ------
    InputError
        It has another name.
    """
    if baseline.bundle.name != name:
        raise InputError(
            "the baseline is of another model",
            came=f"{baseline.bundle.name} {baseline.bundle.version}",
            allowed=name,
            hint="give an older version of this bundle, or what --write-baseline made of one",
        )


def latest(records: Sequence[Record], flavour: FlavourEntry) -> dict[str, Record]:
    """Target -> the last record of exactly this file there."""
    own = [item for item in records if item.flavour.digest == flavour.digest]
    return {item.target: item for item in sorted(own, key=lambda item: item.taken)}


def layer_bytes(bundle: Bundle, flavour: FlavourEntry) -> dict[str, int]:
    """Stored bytes of every layer that stores some, by the name of what it writes."""
    path = bundle.path(flavour.path)
    if flavour.kind is FlavourKind.TFLITE:
        from fieldpack.modelfile.tflite_explanation import layers_of
        from fieldpack.tflite.file import open_model

        rows: Sequence[tuple[str, str, int]] = layers_of(open_model(path))
    else:
        from fieldpack.coreml.package import open_package

        rows = list(open_package(path).operations())
    found: dict[str, int] = {}
    for _, name, size in rows:
        if size:
            found[name] = found.get(name, 0) + size
    return found


def counts_of(record: Record) -> Mapping[str, Any]:
    """The exact counts of a record, with what ran them."""
    outside = None if record.delegation is None else record.delegation.outside
    return {"instructions": record.instructions, "outside_delegate": outside, "runner": record.runner}
