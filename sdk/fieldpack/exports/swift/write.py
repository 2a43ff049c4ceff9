"""Writes the Swift package of a bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.exports.app_files import app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.golden_files import golden_files
from fieldpack.exports.left_to_apps import left_to_apps
from fieldpack.exports.literals import camel
from fieldpack.exports.marks import identity_marks
from fieldpack.exports.maths_cases import maths_cases
from fieldpack.exports.swift.sources import sources
from fieldpack.exports.written import Exported, write_export
from fieldpack.phone_projects.runtimes import oldest_systems
from fieldpack.templates import filled, template_texts


def write(bundle: Bundle, out: Path, module: str | None, names: Sequence[str]) -> Exported:
    """Write a Swift package for an app that uses the bundle.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    out : Path
        A folder that is not there yet.
    module : str or None
        Name of the module; the bundle's name and ``Model`` when None.
    names : sequence of str
        Flavours that were asked for.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        No flavour fits, the name is none, a file is altered, or the folder cannot be written;
        nothing is left.
    """
    manifest = bundle.manifest
    name = _module(module or f"{camel(manifest.name)}Model")
    flavour = chosen_flavour(manifest, FlavourKind.COREML, names, "swift")
    app = app_files(bundle, flavour)
    values = {
        "MODULE": name,
        **identity_marks(bundle, flavour),
        **oldest_systems([flavour]),
        **sources(bundle, flavour, app),
    }
    root = files("fieldpack.exports.swift").joinpath("templates")
    made = {_path(path, name): filled(text, values).encode() for path, text in template_texts(root)}
    made |= {f"Sources/{name}/Resources/{path}": data for path, data in app.files.items()}
    cases = maths_cases(bundle, flavour, app)
    made |= {f"Tests/{name}Tests/maths/{path}": data for path, data in cases.items()}
    golden = golden_files(bundle, flavour)
    made |= {f"Tests/{name}Tests/golden/{path}": data for path, data in golden.items()}
    return write_export("swift", made, out, manifest, [flavour], left_to_apps(manifest))


def _path(path: str, module: str) -> str:
    return path.replace("/Module", f"/{module}", 1)


def _module(text: str) -> str:
    """A name of a module.

    Raises
    ------
    InputError
        It is none.
    """
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{1,62}", text):
        raise InputError(
            "--swift-module is no name of a module", came=repr(text), allowed="such as MeadowModel"
        )
    return text
