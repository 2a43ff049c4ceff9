"""Writes a Play AI pack: folders by group of devices, the targeting, and what an app's Gradle files need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.exports.ai_pack import facts
from fieldpack.exports.ai_pack.groups import Group, targeting_xml
from fieldpack.exports.app_files import app_files
from fieldpack.exports.choice import chosen_flavour
from fieldpack.exports.literals import word_of
from fieldpack.exports.marks import identity_marks
from fieldpack.exports.written import Exported, write_export
from fieldpack.templates import filled, template_texts

TARGETING = "device_targeting_config.xml"


@dataclass(frozen=True)
class Pack:
    """What was asked for: name (None: the bundle's), delivery, groups in order, flavours for all others."""

    name: str | None
    delivery: str
    groups: tuple[Group, ...]
    flavours: tuple[str, ...]


def write(bundle: Bundle, out: Path, pack: Pack) -> Exported:
    """Write the pack's module and the targeting beside it.

    Every group has a folder ``NAME#group_GROUP``; the folder ``NAME`` without a group is there always, for
    the devices that no group takes.

    Raises
    ------
    InputError, UnsupportedError, BundleError, StorageError
        A name or flavour is none, one does not fit LiteRT, a folder is larger than Play takes, a file is
        altered, or the folder cannot be written; nothing is left.
    """
    manifest = bundle.manifest
    name = pack.name or word_of(manifest.name)
    _check_names(name, pack.groups)
    fallback = chosen_flavour(manifest, FlavourKind.TFLITE, pack.flavours, "ai-pack")
    assets = f"{name}/src/main/assets/{word_of(manifest.name)}"
    made = _folder(bundle, fallback, assets)
    taken = {fallback.name: fallback}
    for group in pack.groups:
        flavour = chosen_flavour(manifest, FlavourKind.TFLITE, (group.flavour,), "ai-pack")
        made |= _folder(bundle, flavour, f"{assets}#group_{group.name}")
        taken[flavour.name] = flavour
    if pack.groups:
        made[TARGETING] = targeting_xml(pack.groups)
    made |= _texts(bundle, name, pack, fallback)
    return write_export("ai-pack", made, out, manifest, list(taken.values()))


def _check_names(name: str, groups: tuple[Group, ...]) -> None:
    if not re.fullmatch(facts.PACK_NAME, name):
        raise InputError(
            "--pack-name is no name of a pack", came=repr(name), allowed="letters, digits, underscores"
        )
    names = [group.name for group in groups]
    double = sorted({item for item in names if names.count(item) > 1})
    if double:
        raise InputError("two groups of devices have one name", came=", ".join(double))


def _folder(bundle: Bundle, flavour: FlavourEntry, folder: str) -> dict[str, bytes]:
    if flavour.download_bytes > facts.LARGEST_PACK_BYTES:
        raise UnsupportedError(
            f"{flavour.name} is larger than Play takes in one pack",
            came=f"{flavour.download_bytes} bytes",
            allowed=f"{facts.LARGEST_PACK_BYTES} bytes after compression",
        )
    return {f"{folder}/{path}": data for path, data in app_files(bundle, flavour).files.items()}


def _texts(bundle: Bundle, name: str, pack: Pack, fallback: FlavourEntry) -> dict[str, bytes]:
    manifest = bundle.manifest
    rows = [f"| `{group.name}` | `{group.flavour}` |" for group in pack.groups]
    values = {
        "PACK": name,
        "DELIVERY": pack.delivery,
        "FOLDER": word_of(manifest.name),
        **identity_marks(bundle, fallback),
        "GROUPS": "\n".join([*rows, f"| all others | `{fallback.name}` |"]),
        "LIBRARY": facts.DELIVERY_LIBRARY,
        "PACK_PLUGIN": facts.PACK_PLUGIN,
        "TARGETING_PLUGIN": facts.TARGETING_PLUGIN,
        "BUNDLETOOL": facts.BUNDLETOOL,
        "TARGETING": TARGETING,
    }
    root = files("fieldpack.exports.ai_pack").joinpath("templates")
    made = {path: filled(text, values).encode() for path, text in template_texts(root)}
    made[f"{name}/build.gradle.kts"] = made.pop("pack.gradle.kts")
    return made
