"""What is signed: an in-toto statement over every file of a bundle, and over what the bundle claims.

The predicate is that of the model-signing project (https://model_signing/signature/v1.0): its ``resources``
list all files with their digests, ``manifest.json`` and ``DIGEST`` included, and its tool verifies the folder
form with them. That predicate leaves room for more; ``fieldpack`` in it holds the claims: version, verdicts,
budget, data, recipes and tools. The manifest says them too and must say the same, so whoever reads the
statement alone knows what was promised.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import LARGEST_MANIFEST_BYTES, canonical_json, digest_text, parse_json
from fieldpack.bundle.manifest import Sha256
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME
from fieldpack.errors import TrustError
from fieldpack.model import Strict
from fieldpack.verdict import Outcome, combine

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
CLAIMS_SCHEMA = 1
LARGEST_STATEMENT_BYTES = LARGEST_MANIFEST_BYTES
SERIALIZATION = {"method": "files", "hash_type": "sha256", "allow_symlinks": False, "ignore_paths": []}


class Claims(Strict):
    """What a signer stands for, beside the bytes."""

    schema_version: int
    name: str
    version: str
    bundle_digest: Sha256
    outcome: Outcome
    verdicts: tuple[dict[str, Any], ...]
    budget: dict[str, Any]
    data: dict[str, Any]
    source: dict[str, Any]
    recipes: dict[str, Any]
    tools: dict[str, str]
    bill_of_materials: Sha256 | None
    signed: str
    expires: str | None

    def expired(self, now: datetime) -> bool:
        """Whether the day on which the signature ends is over."""
        return self.expires is not None and now >= _moment(self.expires)


def claims_of(manifest: bytes) -> dict[str, Any]:
    """What ``manifest.json`` claims, in its own words, which no later release reads otherwise."""
    said = parse_json(manifest)
    lineage = dict(said["lineage"])
    return {
        "schema_version": CLAIMS_SCHEMA,
        "name": said["name"],
        "version": said["version"],
        "bundle_digest": sha256_bytes(manifest),
        "outcome": combine(Outcome(verdict["outcome"]) for verdict in said["verdicts"]).value,
        "verdicts": said["verdicts"],
        "budget": said["budget"],
        "data": lineage.pop("data"),
        "tools": lineage.pop("tools"),
        "source": lineage,
        "recipes": {item["name"]: item["compression"]["recipe"] for item in said["flavours"]},
    }


def resources_of(manifest: bytes) -> list[dict[str, str]]:
    """Every file of the bundle of a ``manifest.json`` with its SHA-256, in the order of the names."""
    digest = sha256_bytes(manifest)
    files = {name: entry["sha256"] for name, entry in parse_json(manifest)["files"].items()}
    files |= {MANIFEST_NAME: digest, DIGEST_NAME: sha256_bytes(digest_text(digest))}
    return [{"name": name, "algorithm": "sha256", "digest": files[name]} for name in sorted(files)]


def statement_bytes(
    manifest: bytes,
    signed: datetime,
    expires: datetime | None = None,
    bill_of_materials: str | None = None,
) -> bytes:
    """The statement over one bundle, canonical JSON.

    Parameters
    ----------
    manifest : bytes
        ``manifest.json`` of a good bundle.
    signed, expires : datetime
        When it is signed and when that ends, UTC.
    bill_of_materials : str, optional
        SHA-256 of the file that names parts and tools.
    """
    resources = resources_of(manifest)
    claims = claims_of(manifest) | {
        "signed": _text(signed),
        "expires": None if expires is None else _text(expires),
        "bill_of_materials": bill_of_materials,
    }
    return canonical_json(
        {
            "_type": STATEMENT,
            "subject": [{"name": claims["name"], "digest": {"sha256": _root(resources)}}],
            "predicateType": PREDICATE,
            "predicate": {"serialization": SERIALIZATION, "resources": resources, "fieldpack": claims},
        }
    )


def parse_statement(payload: bytes) -> tuple[Claims, list[dict[str, str]]]:
    """Claims and files of a signed statement.

    Raises
    ------
    TrustError
        It is no statement over a bundle, or of a schema that is not known.
    """
    try:
        values = parse_json(payload, LARGEST_STATEMENT_BYTES)
        predicate, (subject,) = values["predicate"], values["subject"]
        resources = predicate["resources"]
        fits = (
            values["_type"] == STATEMENT
            and values["predicateType"] == PREDICATE
            and predicate["serialization"] == SERIALIZATION
            and subject == {"name": predicate["fieldpack"]["name"], "digest": {"sha256": _root(resources)}}
        )
        schema = predicate["fieldpack"]["schema_version"]
        if fits and schema == CLAIMS_SCHEMA:
            claims = Claims.model_validate_json(canonical_json(predicate["fieldpack"]), strict=True)
            _moment(claims.signed), _moment(claims.expires or claims.signed)
            return claims, resources
        came = f"claims of schema {ascii(schema)[:40]}" if fits else "another kind of statement"
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        came = ascii(f"{type(error).__name__}: {error}")[1:121]
    raise TrustError(
        "the statement is not one over a bundle",
        came=came,
        allowed=f"{PREDICATE} with Fieldpack's claims of schema {CLAIMS_SCHEMA}",
        hint="a newer release may know it: pip install --upgrade fieldpack",
    )


def _root(resources: list[dict[str, str]]) -> str:
    """SHA-256 over the digests in their order: the subject of the predicate."""
    digests = (bytes.fromhex(entry["digest"]) for entry in resources)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
