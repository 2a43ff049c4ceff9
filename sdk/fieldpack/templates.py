"""Projects from templates: marks are filled, and a tree of files is placed in one step or not at all.

Templates are texts with ``@MARK@`` in them. What fills a mark comes ready for the place where it stands;
:mod:`fieldpack.exports.literals` writes strings and names of the languages.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from fieldpack.errors import InputError, StorageError

MARK = re.compile(r"@([A-Z][A-Z0-9_]*)@")


def filled(text: str, values: Mapping[str, str]) -> str:
    """A template with every ``@MARK@`` filled; a mark without a value is a ``KeyError``."""
    return MARK.sub(lambda found: values[found[1]], text)


def template_texts(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Relative path and text of every file below a folder, in order of the names."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from template_texts(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def check_new(out: Path) -> None:
    """Refuse a target at which something lies.

    Raises
    ------
    InputError
        There is something.
    """
    if out.exists() or out.is_symlink():
        raise InputError("there is something at the target already", came=out, hint="name a new folder")


def place_files(made: Mapping[str, bytes], out: Path) -> None:
    """Write files beside the target, and move the folder there in one rename; ``.sh`` can be executed.

    Raises
    ------
    StorageError
        They cannot be written; nothing is left.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fieldpack-project-", dir=out.parent) as folder:
            staging = Path(folder) / "made"
            for name, content in made.items():
                path = staging / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(0o755 if name.endswith(".sh") else 0o644)
            staging.rename(out)
    except OSError as error:
        raise StorageError("the project cannot be written", came=f"{out}: {error}") from error
