"""Results of long steps on disk, by all that decides them.

Training takes minutes, opening a framework and converting half a minute. Trials of a search that differ only
in the flavour, and the build of its winner, find what the first of them made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import sha256_file
from fieldpack.errors import StorageError

FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a step left.

    Attributes
    ----------
    words : dict
        Plain data.
    files : dict
        Name -> file.
    """

    words: dict[str, Any]
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder with one folder for each result; it may be removed at any time when no search runs.

    Attributes
    ----------
    root : Path
        Made when something is kept.
    """

    root: Path

    def load(self, decides: Mapping[str, Any]) -> Stored | None:
        """The result of a step; None where it is not there as a whole.

        Parameters
        ----------
        decides : mapping
            Everything that the result hangs on, as plain data without places.
        """
        folder = self._folder(decides)
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            files = {name: folder / name for name in facts["digests"]}
            if any(sha256_file(files[name]) != digest for name, digest in facts["digests"].items()):
                return None
            return Stored(dict(facts["words"]), files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, StorageError):
            return None

    def keep(self, decides: Mapping[str, Any], stored: Stored) -> None:
        """Copy a result, and let it appear in one step; one that is there as a whole stays.

        Raises
        ------
        StorageError
            There is no room.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(dir=self.root, prefix=".part-"))
            for name, path in stored.files.items():
                shutil.copyfile(path, part / name)
            digests = {name: sha256_file(part / name) for name in stored.files}
            facts = {"words": stored.words, "digests": digests}
            (part / FACTS).write_text(json.dumps(facts), encoding="utf-8")
            self._place(part, decides)
        except OSError as error:
            raise StorageError(
                "a result of a search cannot be kept",
                came=f"{self.root}: {error.strerror}",
                hint="free some space, or name another folder with --store",
            ) from error

    def _place(self, part: Path, decides: Mapping[str, Any]) -> None:
        """Another worker may have been faster; what it reads must not go away."""
        if self.load(decides) is None:
            folder = self._folder(decides)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                part.rename(folder)
            except OSError:
                if self.load(decides) is None:
                    raise
        shutil.rmtree(part, ignore_errors=True)

    def _folder(self, decides: Mapping[str, Any]) -> Path:
        return self.root / hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def once(kept: Kept | None, decides: Mapping[str, Any], make: Callable[[], Stored]) -> Stored:
    """The kept result of a step, or what `make` makes, which is then kept; without a folder always made.

    Raises
    ------
    StorageError
        There is no room.
    """
    found = None if kept is None else kept.load(decides)
    if found is not None:
        return found
    made = make()
    if kept is not None:
        kept.keep(decides, made)
    return made
