"""``write_project``: a bundle in, a project out that runs it on a phone; or an error and nothing.

The sources come from ``templates/`` as they are; the few marks in them are filled with versions, with names
of bundle and flavours, which are plain words by the manifest's own rule, and with nothing else of the bundle.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.phone_projects import facts
from fieldpack.phone_projects.index import INDEX_NAME, contents_of
from fieldpack.phone_projects.runtimes import check_fits, oldest_systems
from fieldpack.records.validity import FULL
from fieldpack.templates import check_new, filled, place_files, template_texts


class PhoneKind(StrEnum):
    """Systems that a project can be written for."""

    ANDROID = "android"
    IOS = "ios"


FLAVOURS = {PhoneKind.ANDROID: FlavourKind.TFLITE, PhoneKind.IOS: FlavourKind.COREML}
ASSETS = {
    PhoneKind.ANDROID: "bench/src/androidTest/assets/fieldpack",
    PhoneKind.IOS: "Tests/FieldpackBenchTests/Resources",
}
"""Where index, models and golden vectors lie."""


def write_project(bundle: Bundle, kind: PhoneKind, out: Path) -> Path:
    """Write the project that checks and times a bundle on a phone.

    Parameters
    ----------
    bundle : Bundle
        An open bundle; every file that is taken is checked.
    kind : PhoneKind
        Android takes the TFLite flavours, iOS those for Core ML.
    out : Path
        A folder that is not there yet.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    InputError
        Something is at `out`, or no flavour is for such a phone.
    UnsupportedError
        A flavour needs a newer runtime than the project has, or a type that the test does not feed.
    BundleError
        A file of the bundle is altered, or says what cannot be.
    StorageError
        The folder cannot be written.
    """
    check_new(out)
    flavours = _flavours(bundle, kind)
    values = _values(bundle, kind, flavours)
    contents = contents_of(bundle, flavours)
    root = files("fieldpack.phone_projects").joinpath("templates", kind.value)
    made = {name: filled(text, values).encode() for name, text in template_texts(root)}
    made[f"{ASSETS[kind]}/{INDEX_NAME}"] = contents.index_bytes
    made |= {f"{ASSETS[kind]}/{name}": content for name, content in contents.files.items()}
    place_files(made, out)
    return out


def _flavours(bundle: Bundle, kind: PhoneKind) -> list[FlavourEntry]:
    found = [item for item in bundle.manifest.flavours if item.kind is FLAVOURS[kind]]
    if not found:
        there = ", ".join(f"{item.name} ({item.kind.value})" for item in bundle.manifest.flavours)
        raise InputError(
            f"the bundle has no flavour for {kind.value}", came=there, allowed=FLAVOURS[kind].value
        )
    for flavour in found:
        check_fits(flavour)
    return found


def _values(bundle: Bundle, kind: PhoneKind, flavours: Sequence[FlavourEntry]) -> dict[str, str]:
    manifest = bundle.manifest
    names = [item.name for item in flavours]
    values = {
        "NAME": manifest.name,
        "VERSION": manifest.version,
        "DIGEST": bundle.digest,
        "FLAVOURS": " ".join(shlex.quote(name) for name in names),
        "FLAVOUR_LIST": ", ".join(names),
        "ROUNDS": str(FULL.rounds),
    }
    fixed = (
        "PACKAGE", "RESULT", "LITERT", "MIN_SDK", "COMPILE_SDK", "ANDROID_PLUGIN", "GRADLE", "KOTLIN",
        "TEST_RUNNER", "TEST_JUNIT", "RUNNER",
    )  # fmt: skip
    values |= {name: str(getattr(facts, name)) for name in fixed}
    if kind is PhoneKind.IOS:
        values |= oldest_systems(flavours)
    return values
