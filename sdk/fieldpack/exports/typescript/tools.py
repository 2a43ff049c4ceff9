"""Where ``make web`` puts what comes from npm: LiteRT.js, the library of H3 cells, the compiler."""

from __future__ import annotations

import os
from pathlib import Path

INSTALL = "make web (with Node and npm)"


def node_modules() -> Path:
    """The folder of packages in the user's cache; it may be missing."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fieldpack" / "web" / "node_modules"
