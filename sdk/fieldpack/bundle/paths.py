"""The path rule: names that mean the same file on Linux, macOS, Windows, Android and iOS.

Only lower-risk ASCII is legal, so Unicode normalisation cannot make two names one; names
that differ only in case would be one file on a phone or a Mac and are refused together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MANIFEST_NAME = "manifest.json"
DIGEST_NAME = "DIGEST"
RESERVED = (MANIFEST_NAME, DIGEST_NAME)
LONGEST_PART = 100
LONGEST_PATH = 200
MOST_FILES = 10_000
LARGEST_BUNDLE_BYTES = 2**31 - 1

_PART = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)


def path_fault(path: str) -> str | None:
    """Why a relative path may not stand in a bundle, or None when it may.

    Parameters
    ----------
    path : str
        Path with ``/`` between parts, relative to the bundle.
    """
    if not path:
        return "the name is empty"
    if len(path) > LONGEST_PATH:
        return f"the path is {len(path)} characters long; at most {LONGEST_PATH} are allowed"
    return next((fault for fault in map(_part_fault, path.split("/")) if fault), None)


def _part_fault(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"part {part!r} would leave the bundle or name nothing"
    if len(part) > LONGEST_PART:
        return f"a part is {len(part)} characters long; at most {LONGEST_PART} are allowed"
    if not _PART.fullmatch(part):
        return f"part {part!a} holds more than A-Z a-z 0-9 . _ - or starts with . or - or ends with a dot"
    if part.split(".")[0].lower() in _DEVICES:
        return f"part {part!r} is a device name on Windows"
    return None


def collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths that become one on a file system that ignores case or normalises Unicode.

    A file that is also the folder of another file counts too.
    """
    seen: dict[str, tuple[str, bool]] = {}
    found: list[tuple[str, str]] = []
    for path in sorted(set(paths)):
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            prefix, is_file = "/".join(parts[:end]), end == len(parts)
            known = seen.setdefault(_folded(prefix), (prefix, is_file))
            if known != (prefix, is_file):
                found.append((known[0], path))
                break
    return found


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
