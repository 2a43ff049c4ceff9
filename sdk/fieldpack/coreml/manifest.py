"""``Manifest.json`` of an ``.mlpackage``: which files belong to the package, and which is the model.

A manifest is input from outside: every path is resolved and must stay below ``Data``, links are
refused, a named file must exist, and a file that no entry names is refused too, since it would
travel in a bundle without anybody having declared it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fieldpack.errors import ModelFileError, StorageError

MANIFEST_NAME = "Manifest.json"
DATA_FOLDER = "Data"
FORMAT_VERSION = "1.0.0"
#: Manifests are a few hundred bytes; anything larger is not one.
MAX_MANIFEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """One entry: its identifier, and its path below ``Data`` with ``/`` as separator."""

    identifier: str
    path: str
    author: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of the package at ``root``; ``model`` is the entry of the model file."""

    root: Path
    items: tuple[ManifestItem, ...]
    model: ManifestItem

    @property
    def model_path(self) -> Path:
        """The ``.mlmodel`` file."""
        return self.file(self.model)

    def file(self, item: ManifestItem) -> Path:
        """Where an item lies on disk."""
        return self.root / DATA_FOLDER / item.path


def read_manifest(root: Path) -> Manifest:
    """Read and check the manifest of the package directory ``root``.

    Raises
    ------
    StorageError
        The directory or the manifest cannot be read.
    ModelFileError
        The manifest is no JSON of the known form, a path leaves the package or does not exist, or
        the package holds a file that the manifest does not name.
    """
    root = Path(root)
    if not root.is_dir():
        raise ModelFileError(
            f"{root} is not a Core ML package",
            came="a file" if root.exists() else "nothing at this path",
            allowed="a directory that ends in .mlpackage",
        )
    entries = _load(root / MANIFEST_NAME)
    items = tuple(_item(root, key, value) for key, value in sorted(_entries(entries).items()))
    wanted = entries.get("rootModelIdentifier")
    model = next((item for item in items if item.identifier == wanted), None)
    if model is None:
        raise _malformed("names no root model", wanted, "the identifier of one of its items")
    manifest = Manifest(root, items, model)
    if not manifest.model_path.is_file():
        raise _malformed("names a root model that is not a file", model.path, "a .mlmodel file")
    _refuse_strangers(manifest)
    return manifest


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.is_symlink():
        raise ModelFileError(
            "The package has no manifest", came=path, allowed=f"a file {MANIFEST_NAME} in the package"
        )
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise _malformed("is too large", f"{path.stat().st_size} bytes", f"{MAX_MANIFEST_BYTES} bytes")
        entries = json.loads(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path} cannot be read", came=error) from error
    except (ValueError, RecursionError) as error:
        raise _malformed("is not JSON", error, "a JSON object") from error
    if not isinstance(entries, dict):
        raise _malformed("is not a JSON object", type(entries).__name__, "a JSON object")
    if entries.get("fileFormatVersion") != FORMAT_VERSION:
        raise _malformed("is of an unknown version", entries.get("fileFormatVersion"), FORMAT_VERSION)
    return entries


def _entries(entries: dict[str, Any]) -> dict[str, Any]:
    items = entries.get("itemInfoEntries")
    if not isinstance(items, dict) or not all(isinstance(value, dict) for value in items.values()):
        raise _malformed("has no item list", type(items).__name__, "itemInfoEntries: an object of objects")
    return items


def _item(root: Path, identifier: str, value: dict[str, Any]) -> ManifestItem:
    path = value.get("path")
    if not isinstance(path, str) or not path:
        raise _malformed("has an item without a path", identifier, "a path below Data")
    texts = [str(value.get(key, "")) for key in ("author", "name", "description")]
    _check_path(root, path)
    return ManifestItem(identifier, path, *texts)


def _check_path(root: Path, path: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or "\\" in path or "\0" in path or any(part in ("..", ".") for part in pure.parts):
        raise _malformed("names a path that leaves the package", path, "a relative path below Data")
    data = (root / DATA_FOLDER).resolve()
    target = root / DATA_FOLDER / path
    try:
        exists, inside = target.exists(), target.resolve().is_relative_to(data)
    except (OSError, RuntimeError) as error:  # longer than the system takes, or links in a ring
        raise _malformed(
            "names a path that no file can have", path[:100], "files inside the package"
        ) from error
    if not exists:
        raise _malformed("names a file that is missing", path, "files inside the package")
    if not inside:
        raise _malformed("names a link that leaves the package", path, "files inside the package")


def _refuse_strangers(manifest: Manifest) -> None:
    """Refuse links and every file that no item covers."""
    covered = [PurePosixPath(DATA_FOLDER) / item.path for item in manifest.items]
    for path in sorted(manifest.root.rglob("*")):
        relative = PurePosixPath(path.relative_to(manifest.root).as_posix())
        if path.is_symlink():
            raise ModelFileError("The package holds a link", came=relative, allowed="plain files")
        if path.is_dir() or relative == PurePosixPath(MANIFEST_NAME):
            continue
        if not any(relative == item or item in relative.parents for item in covered):
            raise ModelFileError(
                "The package holds a file that its manifest does not name",
                came=relative,
                allowed="files named in Manifest.json",
                hint="delete the file, or convert the model again",
            )


def _malformed(what: str, came: object, allowed: str) -> ModelFileError:
    return ModelFileError(
        f"{MANIFEST_NAME} {what}", came=came, allowed=allowed, hint="convert or download the package again"
    )
