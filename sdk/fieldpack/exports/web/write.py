"""Writes the page: static files alone, for any server, without a build step."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files as package_files
from pathlib import Path

from fieldpack.bundle.read import Bundle
from fieldpack.exports.typescript import sources
from fieldpack.exports.web.choice import web_flavour
from fieldpack.exports.web.description import Described, described
from fieldpack.exports.web.facts import IMPORTS, LITERT_VERSION
from fieldpack.exports.web.runtime import runtime_files
from fieldpack.exports.written import Exported, write_export
from fieldpack.templates import check_new, filled, template_texts

SERVE = "python -m http.server --bind 127.0.0.1 8000 --directory"


def write(bundle: Bundle, out: Path, names: Sequence[str], runtime: Path | None) -> Exported:
    """Write the folder.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    out : Path
        A folder that is not there yet.
    names : sequence of str
        Flavour that was asked for; the smallest with float inputs and outputs without.
    runtime : Path or None
        A ``node_modules`` folder with LiteRT.js.

    Raises
    ------
    InputError, UnsupportedError, BundleError, MissingDependencyError, StorageError
        The bundle does not fit, LiteRT.js is missing, or the folder cannot be written; nothing is left.
    """
    check_new(out)
    flavour = web_flavour(bundle.manifest, names)
    page = described(bundle, flavour)
    made = {
        **page_files(page),
        **page.files,
        **runtime_files(runtime, cells=_names_cells(page)),
        "model.json": (json.dumps(page.told, indent=1) + "\n").encode("ascii"),
    }
    total = sum(map(len, made.values())) / 2**20
    notes = (
        f"{total:.1f} MB; a browser loads about half, one of two forms of LiteRT.js {LITERT_VERSION}",
        f"look at it: {SERVE} {out}, then open http://127.0.0.1:8000/",
    )
    return write_export("web", made, out, bundle.manifest, [flavour], notes)


def page_files(page: Described) -> dict[str, bytes]:
    """The page itself with its modules, compiled and as TypeScript."""
    imports = json.dumps({"imports": IMPORTS}, separators=(",", ":"))
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    values = {
        "NAME": html.escape(page.told["name"]),
        "VERSION": html.escape(page.told["version"]),
        "IMPORTS": imports,
        "IMPORTS_DIGEST": f"'sha256-{digest}'",
        "CACHE": page.told["cache"],
        "LITERT_VERSION": LITERT_VERSION,
    }
    texts = template_texts(package_files("fieldpack.exports.web") / "page")
    made = {name: filled(text, values).encode("utf-8") for name, text in texts}
    for folder in (sources.ARITHMETIC, sources.PAGE):
        made |= sources.javascript(folder) | sources.typescript(folder)
    return made


def _names_cells(page: Described) -> bool:
    taken = page.told["input"]
    return bool(page.told["tables"]) or taken.get("snap_resolution") is not None
