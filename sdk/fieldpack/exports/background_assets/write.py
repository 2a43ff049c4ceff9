"""Writes a managed asset pack.

Source of the manifest's form: Apple Developer, "Creating managed asset packs"; read in November 2026.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.exports.app_files import app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.marks import identity_marks
from fieldpack.exports.written import Exported, write_export
from fieldpack.templates import filled, template_texts

MANIFEST = "Manifest.json"
EVENTS = ["firstInstallation", "subsequentUpdate"]
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Pack:
    """What was asked for: identifier (None: the bundle's name), policy, platforms, flavours."""

    identifier: str | None
    policy: str
    platforms: tuple[str, ...]
    flavours: tuple[str, ...]


def write(bundle: Bundle, out: Path, pack: Pack) -> Exported:
    """Write ``Manifest.json`` and a folder of the bundle's name.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        The identifier is none, no flavour fits, a file is altered, or the folder cannot be written;
        nothing is left.
    """
    manifest = bundle.manifest
    identifier = pack.identifier or manifest.name
    if not _ID.fullmatch(identifier):
        raise InputError(
            "--asset-pack-id is no identifier", came=repr(identifier), allowed="letters, digits, and . _ -"
        )
    flavour = chosen_flavour(manifest, FlavourKind.COREML, pack.flavours, "background-assets")
    app = app_files(bundle, flavour)
    made = {f"{manifest.name}/{path}": data for path, data in app.files.items()}
    told = manifest_json(identifier, pack, manifest.name)
    made[MANIFEST] = (json.dumps(told, indent=2) + "\n").encode("ascii")
    values = {
        "ID": identifier,
        **identity_marks(bundle, flavour),
        "MODEL": app.model,
    }
    root = files("fieldpack.exports.background_assets").joinpath("templates")
    made |= {path: filled(text, values).encode() for path, text in template_texts(root)}
    return write_export("background-assets", made, out, manifest, [flavour])


def manifest_json(identifier: str, pack: Pack, folder: str) -> dict[str, Any]:
    """The manifest of the asset pack, with one folder."""
    when: dict[str, Any] = {"installationEventTypes": EVENTS}
    policy = {"onDemand": {}} if pack.policy == "on-demand" else {pack.policy: when}
    return {
        "assetPackID": identifier,
        "downloadPolicy": policy,
        "fileSelectors": [{"directory": folder}],
        "platforms": list(pack.platforms),
    }
