"""A bundle written again with something changed, for tests of what a difference tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldpack.bundle.consistency import listed_bytes
from fieldpack.bundle.digest import listed_digest, sha256_bytes
from fieldpack.bundle.manifest import FileEntry, Manifest
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter

Fields = dict[str, Any]
Files = dict[str, bytes]
Edit = Callable[[Fields, Files], None]
GRAPHS = ("flavours", "front_ends", "encoders")


def varied_bundle(source: Path, target: Path, edit: Edit) -> Path:
    """Write a bundle again.

    Parameters
    ----------
    source, target : Path
        The bundle, and where the other one goes.
    edit : callable
        Changes the fields of the manifest and the files, path -> bytes, in place. Digests and sizes of model
        files follow by themselves.
    """
    with open_bundle(source) as bundle, BundleWriter(target) as writer:
        fields = bundle.manifest.model_dump(mode="json", exclude={"files", "schema_version"})
        files = {name: bundle.read(name) for name in bundle.manifest.files}
        edit(fields, files)
        for name, data in files.items():
            writer.add_bytes(name, data)
        _follow(bundle.manifest, fields, files)
        writer.commit(fields)
    return target


def _follow(manifest: Manifest, fields: Fields, files: Files) -> None:
    """State the digests and sizes that model files have now."""
    entries = {
        name: FileEntry(size_bytes=len(data), sha256=sha256_bytes(data)) for name, data in files.items()
    }
    listed = manifest.model_copy(update={"files": entries})
    for graph in (item for group in GRAPHS for item in fields[group]):
        graph["digest"] = listed_digest(graph["path"], entries)
        graph["installed_bytes"] = listed_bytes(listed, graph["path"])
