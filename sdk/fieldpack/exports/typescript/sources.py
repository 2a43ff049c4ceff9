"""The TypeScript files and what ``tsc`` made of them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
COMPILED = FOLDER / "compiled"
ARITHMETIC = "fieldpack"
"""Folder of the pure functions."""
PAGE = "page"
"""Folder of the page of ``--for web``."""


def typescript(folder: str) -> dict[str, bytes]:
    """The sources of a folder, by ``FOLDER/NAME.ts``."""
    return _files(FOLDER, folder, "*.ts")


def javascript(folder: str) -> dict[str, bytes]:
    """The compiled modules of a folder, by ``FOLDER/NAME.js``."""
    return _files(COMPILED, folder, "*.js")


def _files(root: Path, folder: str, pattern: str) -> dict[str, bytes]:
    return {f"{folder}/{path.name}": path.read_bytes() for path in sorted((root / folder).glob(pattern))}
