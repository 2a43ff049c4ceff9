"""How large a file or folder is, installed and downloaded."""

from __future__ import annotations

import zlib
from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """The file itself, or every file below a folder, sorted."""
    return [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())


def sizes_of(path: Path) -> dict[str, int]:
    """``installed_bytes``, and ``download_bytes`` after deflate level 6 of each file (an estimate)."""
    files = files_of(path)
    return {
        "installed_bytes": sum(item.stat().st_size for item in files),
        "download_bytes": sum(len(zlib.compress(item.read_bytes(), 6)) for item in files),
    }
