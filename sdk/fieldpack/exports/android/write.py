"""Writes the Android library module of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.exports.android.sources import sources
from fieldpack.exports.app_files import app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.golden_files import golden_files
from fieldpack.exports.left_to_apps import left_to_apps
from fieldpack.exports.literals import checked_package, word_of
from fieldpack.exports.marks import identity_marks
from fieldpack.exports.maths_cases import maths_cases
from fieldpack.exports.written import Exported, write_export
from fieldpack.phone_projects import facts
from fieldpack.templates import filled, template_texts

JUNIT = "4.13.2"
FACTS = (
    "LITERT", "MIN_SDK", "COMPILE_SDK", "ANDROID_PLUGIN", "GRADLE", "KOTLIN", "TEST_RUNNER", "TEST_JUNIT",
    "RUNNER",
)  # fmt: skip
"""What the module fixes, of those that projects for phones fix."""


def write(bundle: Bundle, out: Path, package: str | None, names: Sequence[str]) -> Exported:
    """Write a Gradle module for an app that uses the bundle.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    out : Path
        A folder that is not there yet.
    package : str or None
        Package of the sources; ``org.fieldpack.`` and the bundle's name when None.
    names : sequence of str
        Flavours that were asked for.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        No flavour fits, the package is none, a file is altered, or the folder cannot be written; nothing is
        left.
    """
    manifest = bundle.manifest
    name = checked_package(package or f"org.fieldpack.{word_of(manifest.name)}", "--android-package")
    flavour = chosen_flavour(manifest, FlavourKind.TFLITE, names, "android")
    app = app_files(bundle, flavour)
    marks = {"PACKAGE": name, "JUNIT": JUNIT}
    marks |= {fact: str(getattr(facts, fact)) for fact in FACTS}
    values = marks | identity_marks(bundle, flavour) | sources(bundle, flavour, app)
    root = files("fieldpack.exports.android").joinpath("templates")
    made = {path: filled(text, values).encode() for path, text in template_texts(root)}
    assets = f"src/main/assets/fieldpack/{manifest.name}"
    made |= {f"{assets}/{path}": data for path, data in app.files.items()}
    cases = maths_cases(bundle, flavour, app)
    made |= {f"src/test/resources/maths/{path}": data for path, data in cases.items()}
    golden = golden_files(bundle, flavour)
    made |= {f"src/androidTest/assets/golden/{path}": data for path, data in golden.items()}
    return write_export("android", made, out, manifest, [flavour], left_to_apps(manifest))
