"""Writes the React Native package of a bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.exports.app_files import CONTRACT, AppFiles, app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.golden_files import golden_files
from fieldpack.exports.left_to_apps import left_to_apps
from fieldpack.exports.marks import identity_marks
from fieldpack.exports.maths_cases import maths_cases
from fieldpack.exports.react_native import facts
from fieldpack.exports.react_native.sources import EXAMPLES, sources
from fieldpack.exports.rules import KINDS
from fieldpack.exports.typescript.sources import ARITHMETIC, typescript
from fieldpack.exports.written import Exported, write_export
from fieldpack.templates import filled, template_texts

LEFT_OUT = ("detections", "npy", "wav")
"""Modules of the arithmetic that nothing here calls."""
_NAME = re.compile(r"(@[a-z0-9-][a-z0-9._-]{0,63}/)?[a-z0-9-][a-z0-9._-]{0,127}")


def write(bundle: Bundle, out: Path, name: str | None, flavours: Sequence[str]) -> Exported:
    """Write an npm package for an app that uses the bundle.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    out : Path
        A folder that is not there yet.
    name : str or None
        Name of the package; ``fieldpack-`` and the bundle's name when None.
    flavours : sequence of str
        Flavours that were asked for.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        No flavour fits, the name is none, a file is altered, or the folder cannot be written;
        nothing is left.
    """
    manifest = bundle.manifest
    name = name or f"fieldpack-{manifest.name}"
    if not _NAME.fullmatch(name):
        raise InputError("--npm-name is no name of a package", came=repr(name), allowed="such as @org/bees")
    flavour = chosen_flavour(manifest, FlavourKind.TFLITE, flavours, "react-native", newest=facts.RUNS)
    app = app_files(bundle, flavour)
    given = [f"{item.name}: {EXAMPLES[KINDS[item.kind]]}" for item in manifest.contract.inputs]
    values = {
        "PACKAGE_TEXT": json.dumps(name),
        "PACKAGE": name,
        **identity_marks(bundle, flavour),
        "DESCRIPTION_TEXT": json.dumps(manifest.description),
        "LICENSE_TEXT": json.dumps(manifest.license),
        "EXAMPLE": ", ".join(given),
        "PLUGIN": facts.PLUGIN,
        "NITRO": facts.NITRO,
        **sources(bundle, flavour, app),
    }
    root = files("fieldpack.exports.react_native").joinpath("templates")
    made = {path: filled(text, values).encode() for path, text in template_texts(root)}
    made |= _arithmetic() | _assets(app)
    cases = maths_cases(bundle, flavour, app)
    made |= {f"test/maths/{path}": data for path, data in cases.items()}
    made |= {f"test/golden/{path}": data for path, data in golden_files(bundle, flavour).items()}
    return write_export("react-native", made, out, manifest, [flavour], left_to_apps(manifest))


def _arithmetic() -> dict[str, bytes]:
    found = typescript(ARITHMETIC)
    left_out = {f"{ARITHMETIC}/{name}.ts" for name in LEFT_OUT}
    return {f"src/{path}": data for path, data in found.items() if path not in left_out}


def _assets(app: AppFiles) -> dict[str, bytes]:
    """The model and front-ends under names that Android takes for resources, and the contract."""
    made = {"assets/model.tflite": app.files[app.model], CONTRACT: app.files[CONTRACT]}
    for number, front_end in enumerate(app.front_ends):
        if front_end is not None:
            made[f"assets/front_end_{number}.tflite"] = app.files[front_end.path]
    return made
