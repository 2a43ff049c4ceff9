"""``write_project``: a bundle in, a project out that runs it on a phone; or an error and nothing.

The sources come from ``templates/`` as they are; the few marks in them are filled with versions, with names
of bundle and flavours, which are plain words by the manifest's own rule, and with nothing else of the bundle.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import BundleError, InputError, StorageError, UnsupportedError
from fieldpack.phone_projects import facts
from fieldpack.phone_projects.index import INDEX_NAME, contents_of
from fieldpack.records.validity import FULL

MARK = re.compile(r"@([A-Z][A-Z0-9_]*)@")
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}")


class PhoneKind(StrEnum):
    """Systems that a project can be written for."""

    ANDROID = "android"
    IOS = "ios"


FLAVOURS = {PhoneKind.ANDROID: FlavourKind.TFLITE, PhoneKind.IOS: FlavourKind.COREML}
TYPES = {PhoneKind.ANDROID: facts.ANDROID_TYPES, PhoneKind.IOS: facts.IOS_TYPES}
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
    if out.exists():
        raise InputError("there is something at the target already", came=out, hint="name a new folder")
    flavours = _flavours(bundle, kind)
    values = _values(bundle, kind, flavours)
    contents = contents_of(bundle, flavours)
    made = {name: filled(text, values).encode() for name, text in _templates(kind)}
    made[f"{ASSETS[kind]}/{INDEX_NAME}"] = contents.index_bytes
    made |= {f"{ASSETS[kind]}/{name}": content for name, content in contents.files.items()}
    _place(made, out)
    return out


def filled(text: str, values: Mapping[str, str]) -> str:
    """A template with every ``@MARK@`` filled; a mark without a value is a ``KeyError``."""
    return MARK.sub(lambda found: values[found[1]], text)


def _flavours(bundle: Bundle, kind: PhoneKind) -> list[FlavourEntry]:
    found = [item for item in bundle.manifest.flavours if item.kind is FLAVOURS[kind]]
    if not found:
        there = ", ".join(f"{item.name} ({item.kind.value})" for item in bundle.manifest.flavours)
        raise InputError(
            f"the bundle has no flavour for {kind.value}", came=there, allowed=FLAVOURS[kind].value
        )
    for flavour in found:
        _check_types(flavour, kind)
        if kind is PhoneKind.ANDROID:
            _check_runtime(flavour)
    return found


def _check_types(flavour: FlavourEntry, kind: PhoneKind) -> None:
    for border in (*flavour.inputs, *flavour.outputs):
        if border.dtype not in TYPES[kind] or (kind is PhoneKind.IOS and border.quantization is not None):
            raise UnsupportedError(
                f"the test for {kind.value} does not feed such a tensor",
                came=f"{flavour.name}: {border.tensor} of {border.dtype}",
                allowed=", ".join(TYPES[kind]),
            )


def _check_runtime(flavour: FlavourEntry) -> None:
    unknown, needed = flavour.requires.unknown_operators, flavour.requires.tflite_runtime
    if unknown or (needed and _version(needed, flavour) > _version(facts.LITERT_RUNS, flavour)):
        raise UnsupportedError(
            f"{flavour.name} needs a newer runtime than LiteRT {facts.LITERT}",
            came=", ".join(unknown) or f"TFLite {needed}",
            allowed=f"TFLite {facts.LITERT_RUNS} or older",
        )


def _version(text: str, flavour: FlavourEntry) -> tuple[int, ...]:
    if _VERSION.fullmatch(text) is None:
        raise BundleError(f"{flavour.name} needs something that is no version", came=repr(text))
    return tuple(int(part) for part in text.split("."))


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
        oldest = _oldest_ios(flavours)
        dotted = ".".join(str(part) for part in (*oldest, 0)[: max(2, len(oldest))])
        values |= {"IOS": dotted, "MACOS": f"{_macos(oldest[0])}.0"}
    return values


def _oldest_ios(flavours: Sequence[FlavourEntry]) -> tuple[int, ...]:
    needed = [_version(facts.OLDEST_IOS, flavours[0])]
    for flavour in flavours:
        if flavour.requires.ios is not None:
            needed.append(_version(flavour.requires.ios, flavour))
        if any(border.dtype == "float16" for border in (*flavour.inputs, *flavour.outputs)):
            needed.append(_version(facts.FLOAT16_IOS, flavour))
    return max(needed)


def _macos(ios: int) -> int:
    return ios if ios >= facts.SAME_COUNT else ios - facts.MACOS_BEHIND


def _templates(kind: PhoneKind) -> Iterator[tuple[str, str]]:
    root = files("fieldpack.phone_projects").joinpath("templates", kind.value)
    yield from _texts(root, "")


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _texts(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def _place(made: Mapping[str, bytes], out: Path) -> None:
    """Write everything beside the target, and move it there in one rename."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fieldpack-project-", dir=out.parent) as folder:
            staging = Path(folder) / "made"
            for name, content in made.items():
                path = staging / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(0o755 if name.endswith(".sh") else 0o644)
            staging.rename(out)
    except OSError as error:
        raise StorageError("the project cannot be written", came=f"{out}: {error}") from error
