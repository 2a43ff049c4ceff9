"""Bundles that have much to tell: measured flavours with slices and classes, verdicts of every outcome."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json, digest_text
from fieldpack.bundle.read import open_bundle
from fieldpack.difference import compare_bundles
from fieldpack.difference.testing import varied_bundle
from fieldpack.report.conftest import evidence_of, verdicts_of, write_bundle
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.words.record import Record, read_record
from fieldpack.words.release_note import release_note
from fieldpack.words.said import Said
from fieldpack.words.testing import foreign_numbers, misquoted, unsourced_digits

CLASSES = 12


def changed(bundle: Path, target: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """A copy of a bundle's folder whose manifest and evidence were changed, with a true digest."""
    shutil.copytree(bundle, target)
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    place = target / manifest["evidence"]
    evidence = json.loads(place.read_text("utf-8"))
    change(manifest, evidence)
    data = json.dumps(evidence, sort_keys=True).encode()
    place.write_bytes(data)
    manifest["files"][manifest["evidence"]] = {"size_bytes": len(data), "sha256": sha256_bytes(data)}
    text = canonical_json(manifest)
    (target / "manifest.json").write_bytes(text)
    (target / "DIGEST").write_bytes(digest_text(sha256_bytes(text)))
    return target


def record_of(folder: Path) -> Record:
    """The record of a bundle that is closed again."""
    with open_bundle(folder) as bundle:
        return read_record(bundle)


ROWS = (
    Taxon("1", None, "Insecta", 50.0, common_name="Insects"),
    Taxon("2", None, "Aves", 50.0, common_name="Birds"),
    Taxon("3", "1", "Lepidoptera", 40.0),
    Taxon("4", "1", "Hymenoptera", 40.0),
)
"""Taxa above the kinds."""
Kinds = dict[str, tuple[str, str, str | None]]
"""Id -> id of the parent, scientific name, common name; in the order of the outputs."""


def with_kinds(source: Path, target: Path, kinds: Kinds, version: str = "2.2.0") -> Path:
    """The bundle with other kinds, in a tree; the number of outputs stays."""

    def edit(fields: dict[str, Any], files: dict[str, bytes]) -> None:
        leaves = [
            Taxon(taxon, parent, name, 10.0, place, common_name=common)
            for place, (taxon, (parent, name, common)) in enumerate(kinds.items())
        ]
        files["labels.txt"] = "".join(f"{taxon}\n" for taxon in kinds).encode()
        files["labels.taxonomy.csv"] = write_taxonomy(Taxonomy((*ROWS, *leaves)), Form.PLAIN)
        fields["contract"]["outputs"][0]["taxonomy"] = "labels.taxonomy.csv"
        fields["version"] = version

    return varied_bundle(source, target, edit)


def note_of(old: Path, new: Path, *flavours: str) -> Said:
    """The note on two bundles; every number of it was looked up in their files."""
    with open_bundle(old) as first, open_bundle(new) as second:
        found = compare_bundles(first, second, costs=False)
    said = release_note(record_of(old), record_of(new), found, flavours)
    assert misquoted(said, [old, new]) == []
    assert unsourced_digits(said) == ""
    assert foreign_numbers(str(said), [old, new]) == []
    return said


@pytest.fixture(scope="session")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled bundle with four flavours, hostile labels and slices, and its verdicts."""
    folder = tmp_path_factory.mktemp("words")
    plain = write_bundle(folder / "plain", evidence_of(CLASSES), CLASSES)
    with open_bundle(plain) as bundle:
        verdicts = [item.as_dict() for item in verdicts_of(bundle)]
    missing = {"name": "latency_ms.host", "value": None, "unit": "ms", "evidence": "not_run", "n": None}
    verdicts.append(
        verdicts[0]
        | {"name": "latency_ms.host", "outcome": "not_run", "limit": 5.0, "reason": "was not measured"}
        | {"figure": missing | {"low": None, "high": None}}
    )

    def judge(manifest: dict[str, Any], evidence: dict[str, Any]) -> None:
        manifest["verdicts"] = verdicts
        evidence["warnings"] = ["2 pictures were <b>small</b> | # x"]

    return changed(plain, folder / "meadow", judge)
