"""Makes a freshly converted package deterministic: same model, same tools -> same bytes.

A converter writes random identifiers into the manifest, the day of conversion into the metadata,
and protobuf maps in hash order. Here the identifiers are derived from the paths, times are dropped
(versions of tools stay: they are part of the cause), maps are sorted, folders without a file are taken
out, and fields that the schema does not know are kept. Weight files are left as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from dataclasses import replace
from pathlib import Path

from fieldpack.coreml.manifest import FORMAT_VERSION, MANIFEST_NAME, Manifest, ManifestItem, read_manifest
from fieldpack.coreml.schema import parse_model
from fieldpack.errors import StorageError

#: A ``userDefined`` key with one of these words carries a time, not a version.
VOLATILE_WORDS = frozenset({"date", "time", "timestamp"})
#: ``userDefined`` keys that begin so are Fieldpack's own.
OWN_PREFIX = "fieldpack."


def canonicalise(path: Path) -> None:
    """Rewrite the package at ``path`` in place so that its bytes depend on its content alone.

    Applying it twice changes nothing.

    Raises
    ------
    ModelFileError
        The package is malformed.
    StorageError
        A file cannot be read or written.
    """
    manifest = _without_empty_folders(read_manifest(Path(path)))
    try:
        data = manifest.model_path.read_bytes()
    except OSError as error:
        raise StorageError(f"{manifest.model_path} cannot be read", came=error) from error
    replace_file(manifest.model_path, canonical_model(data))
    replace_file(manifest.root / MANIFEST_NAME, canonical_manifest(manifest))


def _without_empty_folders(manifest: Manifest) -> Manifest:
    """Take out what holds nothing: a model without large constants has a folder of weights, and no weights.

    A bundle and most archives keep files only, and the manifest would name what is missing.
    """
    empty = [item for item in manifest.items if _is_empty_folder(manifest.file(item))]
    for item in empty:
        manifest.file(item).rmdir()
    return replace(manifest, items=tuple(item for item in manifest.items if item not in empty))


def _is_empty_folder(place: Path) -> bool:
    return place.is_dir() and not any(place.iterdir())


def canonical_model(data: bytes) -> bytes:
    """The bytes of a ``.mlmodel`` file without times, maps sorted, unknown fields kept."""
    model = parse_model(data)
    metadata = model.description.metadata.userDefined
    for key in list(metadata):
        if VOLATILE_WORDS & set(re.split(r"[^a-z]+", key.lower())):
            del metadata[key]
    return bytes(model.SerializeToString(deterministic=True))


def canonical_manifest(manifest: Manifest) -> bytes:
    """The bytes of ``Manifest.json`` with identifiers derived from the paths."""
    entries = {
        identifier(item): {
            "author": item.author,
            "description": item.description,
            "name": item.name,
            "path": item.path,
        }
        for item in manifest.items
    }
    content = {
        "fileFormatVersion": FORMAT_VERSION,
        "itemInfoEntries": entries,
        "rootModelIdentifier": identifier(manifest.model),
    }
    return (json.dumps(content, indent=4, sort_keys=True) + "\n").encode()


def identifier(item: ManifestItem) -> str:
    """A UUID from the first 16 bytes of the SHA-256 of the item's path."""
    return str(uuid.UUID(bytes=hashlib.sha256(item.path.encode()).digest()[:16]))


def replace_file(path: Path, data: bytes) -> None:
    """Write beside and rename, so that an interrupted run leaves the old file."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written", came=error, hint="check space and rights") from error
