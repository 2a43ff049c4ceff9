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
from fieldpack.report.conftest import evidence_of, verdicts_of, write_bundle
from fieldpack.words.record import Record, read_record

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
