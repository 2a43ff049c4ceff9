"""Finished trials on disk, by content: a killed search goes on, a repeated one costs nothing."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from fieldpack.errors import StorageError
from fieldpack.search.trial import Result


class TrialStore:
    """A folder with one JSON file a trial, named by its key.

    Parameters
    ----------
    folder : Path
        Made where it is absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                "the store of trials cannot be made", came=f"{folder}: {error.strerror}"
            ) from error

    def load(self, key: str) -> Result | None:
        """A stored result; None where there is none. A damaged one is named in ``damaged`` and run again."""
        path = self.folder / f"{key}.json"
        try:
            return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            self.damaged.append(path.name)
            return None

    def save(self, key: str, result: Result) -> None:
        """Write a result in one step, so that a kill leaves the whole file or none."""
        try:
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".trial-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(result.as_dict(), file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.folder / f"{key}.json")
        except OSError as error:
            raise StorageError(
                "a trial cannot be stored", came=f"{self.folder}: {error.strerror}", hint="free some space"
            ) from error


def default_store() -> Path:
    """``$XDG_CACHE_HOME/fieldpack/trials``, or the same under ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fieldpack" / "trials"
