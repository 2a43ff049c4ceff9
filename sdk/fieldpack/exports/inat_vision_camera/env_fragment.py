"""The names that an app is given: a ``.env`` fragment (iNaturalist) or ``config.js`` (Seek).

The link script of iNaturalist's iOS project reads ``.env`` with a shell's ``source``, its Android and
JavaScript sides with a parser of their own; so a line must mean the same to both: ``NAME=value``, no
blanks, no quotes, no carriage return.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fieldpack.exports.inat_vision_camera.facts import ENV_KEYS, VERSION_KEY

KEYS = (*ENV_KEYS, VERSION_KEY)
PLAIN = re.compile(r"([A-Z_][A-Z0-9_]*)=([A-Za-z0-9._/+-]*)$")
LOOSE = re.compile(r"^\s*(?:export\s+)?[\"']?([A-Z_]+)[\"']?\s*[=:]\s*[\"']?([^\"',\r\n]*?)[\"']?\s*,?\s*$")
LARGEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class EnvFragment:
    """The names in one file.

    Attributes
    ----------
    path : Path
        The file.
    values : dict of str to str
        The keys of ``KEYS`` that it has, the last one where there are several.
    lines : dict of str to int
        The line of each, from 1.
    crooked : dict of str to int
        Keys whose line a shell and a parser may read differently; never of a ``config.js``.
    """

    path: Path
    values: dict[str, str]
    lines: dict[str, int]
    crooked: dict[str, int]

    @property
    def is_config(self) -> bool:
        """Whether it is Seek's ``config.js``, which names no model version."""
        return self.path.suffix == ".js"


def looks_like(path: Path) -> bool:
    """Whether the file's name is one of an env fragment or a ``config.js``."""
    name = path.name.lower()
    dotted = name == "env" or name.startswith((".env", "env.")) or name.endswith(".env")
    return dotted or (name.startswith("config.") and name.endswith(".js"))


def read_env(path: Path) -> EnvFragment | None:
    """The fragment, or None where the file names no model file."""
    if path.stat().st_size > LARGEST_BYTES:
        return None
    text = path.read_bytes().decode("utf-8", "replace")
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    crooked: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        found = LOOSE.match(line)
        if found is None or found[1] not in KEYS:
            continue
        values[found[1]], lines[found[1]] = found[2], number
        if path.suffix != ".js" and PLAIN.fullmatch(line) is None:
            crooked[found[1]] = number
    return EnvFragment(path, values, lines, crooked) if set(values) & set(ENV_KEYS) else None
