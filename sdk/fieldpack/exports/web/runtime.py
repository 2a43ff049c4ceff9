"""Takes LiteRT.js, and h3-js where it is needed, from a folder of npm packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from fieldpack.errors import MissingDependencyError
from fieldpack.exports.typescript.tools import node_modules
from fieldpack.exports.web.facts import H3, LITERT, LITERT_VERSION

INSTALL = f"npm install --ignore-scripts @litertjs/core@{LITERT_VERSION} h3-js, then --runtime node_modules"


def runtime_files(folder: Path | None, cells: bool) -> dict[str, bytes]:
    """The files of the runtime, by their place in the export.

    Parameters
    ----------
    folder : Path or None
        A ``node_modules`` folder; None takes the one that ``make web`` fills.
    cells : bool
        Whether the contract names H3 cells.

    Raises
    ------
    MissingDependencyError
        A file is missing, or LiteRT.js has another version than the one that was tried.
    """
    packages = node_modules() if folder is None else folder
    _check_version(packages)
    return _read(packages, {**LITERT, **H3} if cells else LITERT)


def _check_version(packages: Path) -> None:
    try:
        found = json.loads((packages / "@litertjs/core/package.json").read_bytes()).get("version")
    except (OSError, ValueError, AttributeError) as error:
        raise _missing(packages / "@litertjs/core") from error
    if found != LITERT_VERSION:
        raise MissingDependencyError(
            "the page was tried with another LiteRT.js", came=found, allowed=LITERT_VERSION, hint=INSTALL
        )


def _read(packages: Path, wanted: Mapping[str, str]) -> dict[str, bytes]:
    files = {}
    for source, target in wanted.items():
        try:
            files[target] = (packages / source).read_bytes()
        except OSError as error:
            raise _missing(packages / source) from error
    return files


def _missing(path: Path) -> MissingDependencyError:
    return MissingDependencyError("LiteRT.js for the page is missing", came=f"no {path}", hint=INSTALL)
