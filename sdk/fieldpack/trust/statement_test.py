"""The statement says all files and claims of a bundle, as the model-signing project spells them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.document import canonical_json
from fieldpack.errors import TrustError
from fieldpack.trust.conftest import NOON
from fieldpack.trust.statement import claims_of, parse_statement, resources_of, statement_bytes


@pytest.fixture
def manifest(signed_once: Path) -> bytes:
    return (signed_once / "manifest.json").read_bytes()


@pytest.fixture
def statement(manifest: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(statement_bytes(manifest, NOON, NOON + timedelta(days=1), "ab" * 32))
    return found


def test_every_file_on_disk_is_listed_with_its_digest(signed_once: Path, manifest: bytes) -> None:
    on_disk = {
        path.relative_to(signed_once).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in signed_once.rglob("*")
        if path.is_file()
    }
    listed = resources_of(manifest)
    assert {entry["name"]: entry["digest"] for entry in listed} == on_disk
    assert [entry["name"] for entry in listed] == sorted(on_disk)
    assert {entry["algorithm"] for entry in listed} == {"sha256"}


def test_the_statement_is_that_of_model_signing(statement: dict[str, Any]) -> None:
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    digests = [bytes.fromhex(entry["digest"]) for entry in statement["predicate"]["resources"]]
    root = hashlib.sha256(b"".join(digests)).hexdigest()
    assert statement["subject"] == [{"name": "tiny", "digest": {"sha256": root}}]
    assert statement["predicate"]["serialization"]["method"] == "files"


def test_the_claims_are_the_manifest_s_own_words(manifest: bytes, statement: dict[str, Any]) -> None:
    said, claims = json.loads(manifest), statement["predicate"]["fieldpack"]
    assert claims["bundle_digest"] == hashlib.sha256(manifest).hexdigest()
    for name in ("name", "version", "budget", "verdicts"):
        assert claims[name] == said[name]
    lineage = said["lineage"]
    assert claims["data"] == lineage.pop("data")
    assert claims["tools"] == lineage.pop("tools")
    assert claims["source"] == lineage
    assert claims["recipes"] == {
        flavour["name"]: flavour["compression"]["recipe"] for flavour in said["flavours"]
    }
    assert (claims["signed"], claims["expires"]) == ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z")


def test_a_word_that_this_release_does_not_know_is_claimed_too(manifest: bytes) -> None:
    """Claims come from the bytes, so a release that adds a field finds old signatures good."""
    said = json.loads(manifest)
    said["budget"]["moonlight"] = 3
    assert claims_of(canonical_json(said))["budget"]["moonlight"] == 3


def test_what_is_written_is_read(manifest: bytes) -> None:
    claims, resources = parse_statement(statement_bytes(manifest, NOON, NOON + timedelta(days=1)))
    assert resources == resources_of(manifest)
    assert claims.name == "tiny"
    assert not claims.expired(NOON + timedelta(hours=23))
    assert claims.expired(NOON + timedelta(days=1))
    forever, _ = parse_statement(statement_bytes(manifest, NOON))
    assert not forever.expired(NOON + timedelta(days=9999))


def place(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["predicate"]["fieldpack"]
    return found


@pytest.mark.parametrize(
    "edit",
    [
        lambda said: said.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda said: said.update(predicateType="https://slsa.dev/provenance/v1"),
        lambda said: said.update(subject=[]),
        lambda said: said.update(subject=said["subject"] * 2),
        lambda said: said["subject"][0].update(name="other"),
        lambda said: said["subject"][0]["digest"].update(sha256="00" * 32),
        lambda said: said["predicate"]["serialization"].update(ignore_paths=["labels.txt"]),
        lambda said: said["predicate"]["serialization"].update(allow_symlinks=True),
        lambda said: said["predicate"]["resources"].pop(),
        lambda said: said["predicate"]["resources"].reverse(),
        lambda said: said["predicate"]["resources"][0].update(digest="not hexadecimal"),
        lambda said: said["predicate"].pop("fieldpack"),
        lambda said: place(said).update(schema_version=2),
        lambda said: place(said).update(expires="soon"),
        lambda said: place(said).update(signed="2026-03-01"),
        lambda said: place(said).update(outcome="splendid"),
        lambda said: place(said).update(more=1),
        lambda said: place(said).pop("verdicts"),
    ],
)
def test_another_statement_is_refused(
    edit: Callable[[dict[str, Any]], Any], statement: dict[str, Any]
) -> None:
    parse_statement(canonical_json(statement))
    edit(statement)
    with pytest.raises(TrustError, match="not one over a bundle") as caught:
        parse_statement(canonical_json(statement))
    assert caught.value.allowed
    assert caught.value.hint
