"""Which file of a directory is what: by the names that an env fragment gives, else by content.

A file that cannot be read keeps its role by its name, so that the fault is told of the right file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fieldpack.errors import FieldpackError, InputError, MissingDependencyError, StorageError
from fieldpack.exports.inat_vision_camera.core_ml_facts import CoreMlFacts, read_core_ml
from fieldpack.exports.inat_vision_camera.env_fragment import EnvFragment, looks_like, read_env
from fieldpack.exports.inat_vision_camera.taxonomy_rows import TaxonomyFile, read_csv, read_json
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.file import open_model

COMPILED = ".mlmodelc"
FOLDERS = (".mlpackage", COMPILED)
LEFT_OUT = ("node_modules", "Pods", "__pycache__")
MOST_FILES = 20_000
LARGEST_TEXT_BYTES = 200_000_000
T = TypeVar("T")


class Role(StrEnum):
    """What a file is for; the value is the key of the env fragment that names it."""

    ANDROID_VISION = "ANDROID_MODEL_FILE_NAME"
    ANDROID_GEO = "ANDROID_GEOMODEL_FILE_NAME"
    ANDROID_TAXONOMY = "ANDROID_TAXONOMY_FILE_NAME"
    IOS_VISION = "IOS_MODEL_FILE_NAME"
    IOS_GEO = "IOS_GEOMODEL_FILE_NAME"
    IOS_TAXONOMY = "IOS_TAXONOMY_FILE_NAME"

    @property
    def is_android(self) -> bool:
        """Whether Android loads it."""
        return self.value.startswith("ANDROID")


@dataclass
class Contents:
    """A directory, its files by role, opened when first asked for.

    Attributes
    ----------
    folder : Path
        The directory.
    envs : list of EnvFragment
        Every fragment in it.
    candidates : dict of Role to list of Path
        Files that could have the role, one of each content; a name in a fragment decides.
    absent : dict of Role to str
        Names that a fragment gives and the directory does not have.
    errors : dict of Path to FieldpackError
        Files that could not be read.
    """

    folder: Path
    envs: list[EnvFragment]
    candidates: dict[Role, list[Path]]
    absent: dict[Role, str] = field(default_factory=dict)
    errors: dict[Path, FieldpackError] = field(default_factory=dict)

    def path(self, role: Role) -> Path | None:
        """The file with a role, the first where there are several."""
        found = self.candidates.get(role)
        return found[0] if found else None

    def shown(self, path: Path | None) -> str:
        """A path as findings show it."""
        return "." if path is None or path == self.folder else path.relative_to(self.folder).as_posix()

    @cached_property
    def tflite(self) -> dict[Role, TfliteModel]:
        """Facts of the TFLite files that could be read."""
        return self._opened((Role.ANDROID_VISION, Role.ANDROID_GEO), open_model)

    @cached_property
    def core_ml(self) -> dict[Role, CoreMlFacts]:
        """Facts of the Core ML files that could be read."""
        return self._opened((Role.IOS_VISION, Role.IOS_GEO), read_core_ml)

    @cached_property
    def taxonomies(self) -> dict[Role, TaxonomyFile]:
        """Both taxonomy files, as far as they are there."""
        csv = self._opened((Role.ANDROID_TAXONOMY,), read_csv)
        return csv | self._opened((Role.IOS_TAXONOMY,), read_json)

    def _opened(self, roles: tuple[Role, ...], read: Callable[[Path], T]) -> dict[Role, T]:
        opened: dict[Role, T] = {}
        for role in roles:
            path = self.path(role)
            if path is None:
                continue
            try:
                opened[role] = read(path)
            except MissingDependencyError:
                raise
            except FieldpackError as error:
                self.errors[path] = error
        return opened


def find_contents(folder: Path) -> Contents:
    """Look through a directory.

    Parameters
    ----------
    folder : Path
        Any directory; an exported one, an app's assets, or a mix.

    Raises
    ------
    InputError
        There is no such directory, or it holds too many files to be one of a model's.
    StorageError
        A file cannot be read.
    """
    if not folder.is_dir():
        raise InputError("There is no such directory", came=folder, allowed="a directory with model files")
    try:
        return _found(folder, list(_files(folder)))
    except OSError as error:
        raise StorageError("A file of the directory cannot be read", came=error) from error


def _found(folder: Path, paths: list[Path]) -> Contents:
    envs = [env for path in paths if looks_like(path) and (env := read_env(path)) is not None]
    contents = Contents(folder, envs, {role: [] for role in Role})
    for path in paths:
        role = _role_of(contents, path)
        if role is not None:
            contents.candidates[role].append(path)
    for role in Role:
        contents.candidates[role] = _distinct(contents.candidates[role])
        _decide(contents, role, paths)
    return contents


def _files(folder: Path) -> Iterator[Path]:
    """Files and model folders in a stable order; links are not followed."""
    count = 0
    for entry in sorted(folder.iterdir()):
        count += 1
        if count > MOST_FILES:
            raise InputError(
                f"{folder} holds more than {MOST_FILES} entries",
                hint="name the directory with the model files",
            )
        if entry.is_symlink():
            continue
        if entry.is_dir() and entry.suffix not in FOLDERS:
            if not entry.name.startswith(".") and entry.name not in LEFT_OUT:
                yield from _files(entry)
        elif entry.is_file() or entry.is_dir():
            yield entry


def _role_of(contents: Contents, path: Path) -> Role | None:
    if path.suffix in (*FOLDERS, ".mlmodel"):
        return Role.IOS_GEO if _is_geo(contents, path, _coreml_is_vision) else Role.IOS_VISION
    if path.suffix == ".tflite" or (path.is_file() and _head(path)[4:8] == b"TFL3"):
        return Role.ANDROID_GEO if _is_geo(contents, path, _tflite_is_vision) else Role.ANDROID_VISION
    if path.suffix == ".csv" and b"taxon_id" in _head(path).lower():
        return Role.ANDROID_TAXONOMY
    return Role.IOS_TAXONOMY if path.suffix == ".json" and _is_taxonomy_json(path) else None


def _is_geo(contents: Contents, path: Path, is_vision: Callable[[Path], bool]) -> bool:
    """By its input; by its name where it cannot be read."""
    try:
        return not is_vision(path)
    except MissingDependencyError:
        raise
    except FieldpackError as error:
        contents.errors[path] = error
        return "geo" in path.name.lower()


def _tflite_is_vision(path: Path) -> bool:
    inputs = open_model(path).inputs
    return bool(inputs) and len(inputs[0].shape) >= 3


def _coreml_is_vision(path: Path) -> bool:
    inputs = read_core_ml(path).inputs
    return any(item.kind == "image" or len(item.shape) >= 3 for item in inputs)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(400)


def _is_taxonomy_json(path: Path) -> bool:
    """A list of taxa; what cannot be read counts by its name."""
    named = "taxonomy" in path.name.lower()
    if path.stat().st_size > LARGEST_TEXT_BYTES:
        return named
    try:
        loaded: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return named
    if isinstance(loaded, list) and loaded and isinstance(loaded[0], dict):
        return named or "taxon_id" in loaded[0]
    return named


def _distinct(paths: list[Path]) -> list[Path]:
    """One of each content, as in debug and release assets; a compiled model only without its source."""
    seen: dict[bytes, Path] = {}
    sources = {path.with_suffix("") for path in paths if path.suffix != COMPILED}
    for path in paths:
        if path.suffix == COMPILED and path.with_suffix("") in sources:
            continue
        seen.setdefault(_digest(path), path)
    return list(seen.values())


def _digest(path: Path) -> bytes:
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(path.parent).as_posix().encode() if path.is_dir() else b"")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.digest()


def _decide(contents: Contents, role: Role, paths: list[Path]) -> None:
    """Let the name that a fragment gives choose among the files."""
    name = next((env.values[role.value] for env in contents.envs if role.value in env.values), "")
    if not name:
        return
    named = _distinct([path for path in paths if path.name == Path(name).name])
    compiled = [path for path in paths if path.name == f"{Path(name).stem}.mlmodelc"]
    if named or compiled:
        contents.candidates[role] = named or compiled
    else:
        contents.absent[role] = name
