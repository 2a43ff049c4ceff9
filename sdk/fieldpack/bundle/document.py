"""``manifest.json`` and ``DIGEST`` as bytes: canonical JSON out, guarded JSON in.

The digest of a bundle is the SHA-256 of ``manifest.json``, so one content must have one
spelling: sorted keys, one space of indent, UTF-8, a newline at the end.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticSerializationError

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.finding import Finding, FindingCode, one_line, refuse
from fieldpack.bundle.manifest import MANIFEST_SCHEMA, FrontEndWeights, Manifest
from fieldpack.bundle.paths import MANIFEST_NAME
from fieldpack.errors import BundleError
from fieldpack.model import validated

LARGEST_MANIFEST_BYTES = 16 * 2**20
KNOWN_SCHEMAS = (MANIFEST_SCHEMA,)
OPTIONAL = ("author", "resampling", "front_ends", "golden_sounds", "encoders")
"""Fields that are absent when empty."""


def canonical_json(value: Any) -> bytes:
    """The one spelling of a plain value.

    Raises
    ------
    ValueError
        The value holds NaN, an infinity, a lone surrogate or something JSON has no word for.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    return (text + "\n").encode("utf-8")


def parse_json(data: bytes, largest: int = LARGEST_MANIFEST_BYTES) -> Any:
    """JSON of a stranger as plain values.

    Raises
    ------
    ValueError
        It is longer than `largest` bytes, is not UTF-8 or not JSON, or names a key twice.
    RecursionError
        It is nested too deeply.
    """
    if len(data) > largest:
        raise ValueError(f"{len(data)} bytes are too many; at most {largest} are allowed")
    return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes of ``manifest.json``; limits and tables left out are absent: an older reader knows fewer.

    Raises
    ------
    BundleError
        A verdict holds what JSON cannot say, or the manifest is too large.
    """
    try:
        stated = manifest.budget.model_dump(mode="json", exclude_none=True)
        absent = {name for name in OPTIONAL if not getattr(manifest, name)}
        plain = manifest.model_dump(mode="json", exclude=absent) | {"budget": stated}
        for group in ("flavours", "front_ends", "encoders"):
            for entry in plain.get(group, ()):
                _leave_out(entry["requires"], "android", "plugins")
        _leave_out(plain["lineage"], "baseline")
        for entry in plain.get("front_ends", ()):
            if entry["weights"] == FrontEndWeights.FLOAT32:
                del entry["weights"]
        for entry in plain["flavours"]:
            if not entry["thresholds"]:
                del entry["thresholds"]
            if not entry["compression"]["without_weights"]:
                del entry["compression"]["without_weights"]
        data = canonical_json(plain)
    except (ValueError, TypeError, PydanticSerializationError) as error:
        raise BundleError(
            "the manifest cannot be written as JSON",
            came=str(error),
            allowed="finite numbers and plain values",
        ) from error
    if len(data) > LARGEST_MANIFEST_BYTES:
        raise BundleError(
            "the manifest is too large", came=f"{len(data)} bytes", allowed=f"{LARGEST_MANIFEST_BYTES} bytes"
        )
    return data


def _leave_out(table: dict[str, Any], *names: str) -> None:
    """Drop fields that say nothing, so that manifests of before keep their bytes."""
    for name in names:
        if not table[name]:
            del table[name]


def digest_text(digest: str) -> bytes:
    """The bytes of ``DIGEST``."""
    return f"sha256:{digest}\n".encode("ascii")


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Read ``manifest.json``.

    Raises
    ------
    BundleError
        It is not canonical JSON, its schema is unknown, or a field is missing, unknown or wrong.
    """
    manifest, findings = read_document(data)
    refuse(where, findings)
    if manifest is None:
        raise BundleError(f"{where} has no manifest")
    return manifest


def read_document(data: bytes) -> tuple[Manifest | None, list[Finding]]:
    """The manifest, when it can be understood, and everything wrong with its text."""
    try:
        values = parse_json(data)
        canonical = canonical_json(values) == data
    except (ValueError, RecursionError) as error:
        return None, [_finding(FindingCode.MANIFEST, _reason(error))]
    findings = [] if canonical else [_finding(FindingCode.CANONICAL, "the JSON is not in canonical form")]
    fault = _schema_fault(values)
    if fault:
        return None, [*findings, fault]
    try:
        manifest = validated(Manifest, values, MANIFEST_NAME, BundleError)
    except BundleError as error:
        return None, [*findings, _finding(FindingCode.MANIFEST, error.what)]
    except RecursionError as error:
        return None, [*findings, _finding(FindingCode.MANIFEST, _reason(error))]
    return manifest, findings


def listed_files(data: bytes) -> set[str] | None:
    """The names in `files` of a manifest of any schema, or None when it has no such table."""
    try:
        values = parse_json(data)
    except (ValueError, RecursionError):
        return None
    files = values.get("files") if isinstance(values, dict) else None
    return set(files) if isinstance(files, dict) else None


def identity_finding(manifest: bytes, digest_file: bytes) -> Finding | None:
    """What is wrong with ``DIGEST`` beside a manifest, if anything."""
    digest = sha256_bytes(manifest)
    if digest_file == digest_text(digest):
        return None
    return Finding(
        FindingCode.DIGEST, "DIGEST", f"does not say sha256:{digest}, which is what {MANIFEST_NAME} hashes to"
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _schema_fault(values: Any) -> Finding | None:
    if not isinstance(values, dict):
        return _finding(FindingCode.MANIFEST, "the JSON is not an object")
    version = values.get("schema_version")
    if isinstance(version, int) and not isinstance(version, bool) and version in KNOWN_SCHEMAS:
        return None
    known = ", ".join(map(str, KNOWN_SCHEMAS))
    came = ascii(version)[:40]
    return _finding(
        FindingCode.SCHEMA, f"schema_version {came} is unknown; this version reads schema {known}"
    )


def _finding(code: FindingCode, message: str) -> Finding:
    return Finding(code, MANIFEST_NAME, one_line(message))


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return f"not readable as JSON: {ascii(str(error))[1:-1][:300]}"
