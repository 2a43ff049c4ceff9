"""What a phone, or a registry, downloads to get from the old bundle to the new one.

Three ways: everything again, only the files that are not there yet, or a patch of each of those against the
file of the old bundle at the same place. Whole files are counted after deflate level 6, as stores and servers
send them; patches are Zstandard frames (RFC 8878) with the old file as prefix, what ``zstd --patch-from``
writes.
"""

from __future__ import annotations

import importlib.util
import zlib
from dataclasses import dataclass

from fieldpack.bundle.manifest import FlavourEntry, Manifest
from fieldpack.bundle.paths import MANIFEST_NAME
from fieldpack.bundle.read import Bundle

ZSTANDARD = "zstandard"
INSTALL = "pip install 'fieldpack[patch]'"
LEVEL = 19
"""Patches are made once and sent often."""
WINDOW_MARGIN = 1 << 10


@dataclass(frozen=True, slots=True)
class UpdateCost:
    """Bytes that an update transfers.

    Attributes
    ----------
    subject : str
        ``bundle`` for every file, or a flavour: what a phone that runs it takes.
    whole_bytes : int
        Every file of the new bundle.
    changed_bytes : int
        Files whose bytes the old bundle does not have.
    patch_bytes : int or None
        The same files as patches where that is less; None where Zstandard is not installed.
    changed_files : int
        How many files those are.
    """

    subject: str
    whole_bytes: int
    changed_bytes: int
    patch_bytes: int | None
    changed_files: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def update_costs(old: Bundle, new: Bundle) -> tuple[UpdateCost, ...]:
    """The whole bundle first, then each flavour of the new one with what a phone needs beside it."""
    files = _Files(old, new)
    subjects = [("bundle", list(new.manifest.files))]
    subjects += [(item.name, phone_files(new.manifest, item)) for item in new.manifest.flavours]
    return tuple(files.cost(subject, names) for subject, names in subjects)


def phone_files(manifest: Manifest, flavour: FlavourEntry) -> list[str]:
    """What an app takes with a flavour: its file, labels, trees, thresholds, tables, front-ends and
    encoders.
    """
    places = [flavour.path]
    places += [item.path for item in manifest.front_ends if item.kind is flavour.kind]
    places += [item.path for item in manifest.encoders if item.kind is flavour.kind]
    for output in manifest.contract.outputs:
        thresholds = flavour.thresholds.get(output.name) or output.thresholds
        places += [path for path in (output.labels, output.taxonomy, thresholds) if path]
    places += [item.path for item in manifest.resampling]
    tables = (getattr(item, "tables", None) or {} for item in manifest.contract.inputs)
    places += [table.file for found in tables for table in found.values()]
    return [
        name
        for name in manifest.files
        if any(name == place or name.startswith(f"{place}/") for place in places)
    ]


class _Files:
    """The files of two bundles; each is compressed once."""

    def __init__(self, old: Bundle, new: Bundle) -> None:
        self.old, self.new = old, new
        self._there = {entry.sha256 for entry in old.manifest.files.values()}
        self._whole: dict[str, int] = {}
        self._patch: dict[str, int] = {}
        self._patches = importlib.util.find_spec(ZSTANDARD) is not None

    def cost(self, subject: str, names: list[str]) -> UpdateCost:
        """Of some files and the manifest, which always changes with the version."""
        entries = self.new.manifest.files
        changed = [name for name in names if entries[name].sha256 not in self._there]
        if self.old.digest != self.new.digest:
            changed.append(MANIFEST_NAME)
        return UpdateCost(
            subject=subject,
            whole_bytes=sum(self._size(name) for name in [*names, MANIFEST_NAME]),
            changed_bytes=sum(self._size(name) for name in changed),
            patch_bytes=sum(self._patch_size(name) for name in changed) if self._patches else None,
            changed_files=len(changed),
        )

    def _size(self, name: str) -> int:
        if name not in self._whole:
            self._whole[name] = len(zlib.compress(_read(self.new, name), 6))
        return self._whole[name]

    def _patch_size(self, name: str) -> int:
        if name not in self._patch:
            there = name == MANIFEST_NAME or name in self.old.manifest.files
            before = _read(self.old, name) if there else b""
            self._patch[name] = min(self._size(name), len(patch(before, _read(self.new, name))))
        return self._patch[name]


def _read(bundle: Bundle, name: str) -> bytes:
    return bundle.manifest_data if name == MANIFEST_NAME else bundle.read(name)


def patch(old: bytes, new: bytes) -> bytes:
    """A Zstandard frame that gives `new` to whoever has `old` as prefix.

    Raises
    ------
    ImportError
        Zstandard is not installed.
    """
    import zstandard

    reach = max(len(old) + len(new) + WINDOW_MARGIN, 1 << 10)
    window = min(max(reach.bit_length(), zstandard.WINDOWLOG_MIN), zstandard.WINDOWLOG_MAX)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=window, enable_ldm=True, source_size=len(new), dict_size=len(old)
    )
    prefix = zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if old else None
    return bytes(zstandard.ZstdCompressor(dict_data=prefix, compression_params=parameters).compress(new))
