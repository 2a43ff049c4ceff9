"""Writes plain folders, one a platform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.exports.app_files import app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.written import Exported, write_export

KINDS = {"android": FlavourKind.TFLITE, "ios": FlavourKind.COREML}
"""What the platforms run."""


def write(bundle: Bundle, out: Path, platforms: Sequence[str], names: Sequence[str]) -> Exported:
    """Write ``android/`` and ``ios/`` with one flavour each, and what belongs to it.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    out : Path
        A folder that is not there yet.
    platforms : sequence of str
        Empty: those that the bundle has a flavour for, of the kinds of `names` where some are named.
    names : sequence of str
        Flavours that were asked for.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        No flavour fits, a named one is for no platform that is written, a file is altered, or the folder
        cannot be written; nothing is left.
    """
    manifest, files = bundle.manifest, dict[str, bytes]()
    taken: list[FlavourEntry] = []
    platforms = platforms or _platforms(bundle, names)
    asked = _by_platform(bundle, platforms, names)
    for platform in platforms:
        flavour = chosen_flavour(manifest, KINDS[platform], asked[platform], "folder")
        taken.append(flavour)
        files |= {f"{platform}/{name}": data for name, data in app_files(bundle, flavour).files.items()}
        files |= {f"{platform}/{name}": data for name, data in _tables(bundle, flavour).items()}
    notes = ("sha256sum -c CHECKSUMS checks the files",)
    return write_export("folder", files, out, manifest, taken, notes)


def _by_platform(bundle: Bundle, platforms: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The names that each platform is to choose from; one that the bundle lacks is refused there."""
    flavours = {name: bundle.manifest.flavour(name) for name in names}
    asked = {
        platform: [name for name, item in flavours.items() if item is None or item.kind is KINDS[platform]]
        for platform in platforms
    }
    if idle := [name for name in names if not any(name in chosen for chosen in asked.values())]:
        raise InputError(
            "no platform that is to be written runs this flavour",
            came=", ".join(idle),
            allowed=", ".join(f"{platform}: {kind.value}" for platform, kind in KINDS.items()),
            hint="name its platform with --platform, too, or leave --flavour away",
        )
    return asked


def _platforms(bundle: Bundle, names: Sequence[str]) -> list[str]:
    flavours = bundle.manifest.flavours
    kinds = {item.kind for item in flavours if item.name in names} or {item.kind for item in flavours}
    return [platform for platform, kind in KINDS.items() if kind in kinds]


def _tables(bundle: Bundle, flavour: FlavourEntry) -> dict[str, bytes]:
    """Files that the contract and the bundle name: tables by cell, encoders of places, taxonomies as CSV."""
    manifest = bundle.manifest
    paths = [path for path in manifest.files if path.startswith("tables/")]
    paths += [item.taxonomy for item in manifest.contract.outputs if item.taxonomy]
    for item in manifest.encoders:
        if item.kind is flavour.kind:
            inside = [path for path in manifest.files if path.startswith(f"{item.path}/")]
            paths += inside or [item.path]
    return {path: bundle.read(path) for path in paths}
