"""What an export wrote, and the last step of writing it: every file beside the target, then one rename."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.manifest import FlavourEntry, Manifest
from fieldpack.exports.choice import failed_limits
from fieldpack.exports.consumers import Table
from fieldpack.templates import check_new, place_files

CHECKSUMS = "CHECKSUMS"


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    consumer : str
        Name of the consumer.
    folder : Path
        Where it lies.
    files : dict of str to int
        Size in bytes of each file, by its path inside.
    flavours : tuple of str
        Flavours that were taken.
    notes : tuple of str
        What people should know of it.
    """

    consumer: str
    folder: Path
    files: Mapping[str, int]
    flavours: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "consumer": self.consumer,
            "folder": str(self.folder),
            "flavours": list(self.flavours),
            "files": dict(self.files),
            "notes": list(self.notes),
        }

    def told(self) -> Sequence[Table | str]:
        """The notes, and where it lies."""
        return (*self.notes, f"{self.consumer}: {', '.join(self.flavours)} in {self.folder}")


def checksums(files: Mapping[str, bytes]) -> bytes:
    """Lines of ``sha256sum``, by path."""
    lines = [f"{sha256_bytes(content)}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode("ascii")


def write_export(
    consumer: str,
    files: Mapping[str, bytes],
    out: Path,
    manifest: Manifest,
    flavours: Sequence[FlavourEntry],
    notes: Sequence[str] = (),
) -> Exported:
    """Place the files of an export with their check sums.

    Raises
    ------
    InputError
        Something lies at `out`.
    StorageError
        It cannot be written; nothing is left.
    """
    check_new(out)
    made = {**files, CHECKSUMS: checksums(files)}
    place_files(made, out)
    failed = [
        f"warning: {item.name} failed the limit {name}"
        for item in flavours
        for name in failed_limits(manifest, item.name)
    ]
    sizes = {name: len(made[name]) for name in sorted(made)}
    return Exported(consumer, out, sizes, tuple(item.name for item in flavours), (*failed, *notes))
