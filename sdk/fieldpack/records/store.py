"""Record files: ``.fieldpack/bench/<bundle>.jsonl``, and ``machines/`` beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldpack.errors import InputError, StorageError
from fieldpack.model import validated
from fieldpack.placement import place_file
from fieldpack.records.record import READABLE, Record

FOLDER = Path(".fieldpack") / "bench"
MACHINES = "machines"
SUFFIX = ".jsonl"


def append(folder: Path, record: Record) -> Path:
    """Add a line to the file of the record's bundle.

    The line goes out in one write and is on disk when this returns; a file that a killed process left
    without its last line break is refused, not continued.

    Raises
    ------
    StorageError
        The folder cannot be written.
    InputError
        The file ends in half a line.
    """
    path = folder / f"{record.bundle.name}{SUFFIX}"
    line = record.model_dump_json(by_alias=True, exclude_defaults=True, exclude_none=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_end(path)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageError("the record cannot be written", came=f"{path}: {error}") from error
    return path


def read(path: Path) -> tuple[Record, ...]:
    """Every record of a file, or of all files of a folder, oldest first.

    Raises
    ------
    InputError
        There is no such file, a line is cut off, is no JSON, has another schema or a wrong field.
    """
    if path.is_dir():
        found = [record for file in sorted(path.glob(f"*{SUFFIX}")) for record in read(file)]
        return tuple(sorted(found, key=lambda record: record.taken))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the records cannot be read", came=f"{path}: {error}", hint="fieldpack bench writes them"
        ) from error
    if text and not text.endswith("\n"):
        raise _cut_off(path)
    return tuple(_line(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line)


def remember_machine(folder: Path, facts: Mapping[str, Any]) -> str:
    """Write what is known of a machine beside the records; returns the key that records name it by.

    Raises
    ------
    StorageError
        The folder cannot be written.
    """
    text = json.dumps(dict(facts), indent=1, sort_keys=True) + "\n"
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    place_file(folder / MACHINES / f"{key}.json", text, "the machine's file")
    return key


def _line(path: Path, number: int, line: str) -> Record:
    where = f"{path.name} line {number}"
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            "a record is no JSON", came=f"{where}: {error}", allowed="a line of JSON a record",
            hint="delete that line, or take the file from version control",
        ) from error  # fmt: skip
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema not in READABLE:
        raise InputError(
            "a record has another schema", came=f"{where}: {schema}", allowed=" or ".join(READABLE),
            hint="read it with the version of fieldpack that wrote it, or a later one",
        )  # fmt: skip
    return validated(Record, values, where, InputError)


def _check_end(path: Path) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise _cut_off(path)


def _cut_off(path: Path) -> InputError:
    return InputError(
        "the last record is cut off", came=path, hint="the run that wrote it was killed; delete that line"
    )
