"""What of a map is done already: a journal beside the unfinished file, for runs that were cut off.

The first line says whose work it is; each further line is written after the lines of the map that it
speaks of are on disk. A line that was cut off itself does not count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.errors import InputError, StorageError
from fieldpack.scenes.seams import Seam

JOURNAL_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run was cut off.

    Attributes
    ----------
    lines : int
        Lines of the map that are on disk.
    seams : dict
        Row of tiles -> its seams, as far as they are known.
    """

    lines: int
    seams: dict[int, Seam]


class Journal:
    """The journal of one map.

    Parameters
    ----------
    path : Path
        The file.
    identity : mapping
        What decides the map: bundle, flavour, scene, size; plain data.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._head = {"schema": JOURNAL_SCHEMA, **json.loads(json.dumps(identity))}

    def begin(self) -> None:
        """Write the first line; whatever was there is gone."""
        self._write("w", self._head)

    def note(self, row: int, lines: int, seam: Seam) -> None:
        """A row of tiles is done, and the first `lines` lines of the map are on disk."""
        self._write("a", {"row": row, "lines": lines, "seam": [seam.largest, seam.total, seam.count]})

    def has_only_begun(self) -> bool:
        """Whether no row is done."""
        try:
            return self.path.read_bytes().count(b"\n") <= 1
        except OSError as error:
            raise self._unreadable(error) from error

    def read(self) -> Progress:
        """What is done.

        Raises
        ------
        InputError
            The journal belongs to other work, or is none.
        """
        try:
            content = self.path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:  # the last line was cut off; the next one must not follow it
                os.truncate(self.path, len(whole))
            head, *entries = [json.loads(row) for row in whole.splitlines()]
            if head != self._head:
                raise self._foreign(head)
            seams = {int(entry["row"]): Seam(*entry["seam"]) for entry in entries}
            return Progress(max((int(entry["lines"]) for entry in entries), default=0), seams)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{self.path} is no journal of an unfinished map", hint="delete it and start without --resume"
            ) from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> StorageError:
        return StorageError("a journal cannot be read", came=f"{self.path}: {error.strerror}")

    def _foreign(self, head: Any) -> InputError:
        known = head if isinstance(head, dict) else {}
        other = sorted(key for key in self._head if known.get(key) != self._head[key])
        return InputError(
            f"{self.path} belongs to other work: {', '.join(other) or 'its words'} differ",
            came=json.dumps({key: known.get(key) for key in other}),
            allowed=json.dumps({key: self._head[key] for key in other}),
            hint="delete it and its .part file, and start without --resume",
        )

    def _write(self, mode: str, line: Mapping[str, Any]) -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                "a journal cannot be written", came=f"{self.path}: {error.strerror}"
            ) from error
