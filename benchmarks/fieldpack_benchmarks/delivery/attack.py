"""One attack, how it ended, and the tools of an attacker who knows the formats.

Nothing here writes with Fieldpack's own writer: manifests are sealed and archives written by other means,
so that an attacker is not kept from what the writer would refuse.
"""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.finding import FindingCode
from fieldpack.errors import FieldpackError
from fieldpack.trust.checks import check_signed
from fieldpack_benchmarks.delivery.victim import Victim, World, victim

FOLDER, ARCHIVE = "folder", "archive"
Changes = Mapping[str, Any] | None
"""What the reader's demand becomes: a later time, another certificate, a version that is shipped."""
Entries = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to pass something off as the signed bundle.

    Attributes
    ----------
    kind : str
        What is attacked: ``files``, ``seal``, ``archive``, ``signature`` or ``time``.
    name : str
        One line for a reader.
    form : str
        ``folder`` or ``archive``.
    code : FindingCode
        What must be found.
    do : callable
        Spoils a victim in place; may change what the reader demands.
    """

    kind: str
    name: str
    form: str
    code: FindingCode
    do: Callable[[Victim], Changes]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attack ended: the codes found, or the error; neither when it went through."""

    attack: Attack
    codes: tuple[str, ...]
    error: str = ""

    @property
    def detected(self) -> bool:
        """Whether the bundle was not taken."""
        return bool(self.codes or self.error)

    @property
    def as_told(self) -> bool:
        """Whether it was found for the reason that the attack names."""
        return self.attack.code.value in self.codes


def attempt(attack: Attack, world: World, place: Path) -> Attempt:
    """Attack a fresh copy below `place`, and check it as a mobile team does."""
    target = victim(world, attack.form, place)
    changes = attack.do(target)
    try:
        findings = check_signed(target.bundle, world.demand(**(changes or {})))
    except FieldpackError as error:
        return Attempt(attack, (), f"{type(error).__name__}: {error.what}")
    return Attempt(attack, tuple(sorted({finding.code.value for finding in findings})))


def replace_file(place: Path, source: Path) -> None:
    """Put the bytes of another file in place of one."""
    place.write_bytes(source.read_bytes())


def edit_manifest(bundle: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest of a folder, with every digest that hangs on it made right."""
    place = bundle / "manifest.json"
    said = json.loads(place.read_bytes())
    edit(said)
    for name, entry in said["files"].items():
        data = (bundle / name).read_bytes()
        entry.update(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    for flavour in said["flavours"]:
        if flavour["path"] in said["files"]:
            flavour["digest"] = said["files"][flavour["path"]]["sha256"]
    seal(bundle, (json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode())


def seal(bundle: Path, manifest: bytes) -> None:
    """Write a manifest with the ``DIGEST`` that fits it."""
    (bundle / "manifest.json").write_bytes(manifest)
    (bundle / "DIGEST").write_text(f"sha256:{hashlib.sha256(manifest).hexdigest()}\n")


def entries_of(archive: Path) -> Entries:
    """Names and bytes of an archive in its order."""
    with zipfile.ZipFile(archive) as source:
        return [(name, source.read(name)) for name in source.namelist()]


def zip_again(
    archive: Path,
    entries: Iterable[tuple[str, bytes]],
    *,
    method: int = zipfile.ZIP_STORED,
    year: int = 1980,
    extra: bytes = b"",
    comment: bytes = b"",
    mode: int = 0o100644,
) -> None:
    """Write an archive with Python's zipfile; by default as Fieldpack's writer would, to the byte."""
    with warnings.catch_warnings(), zipfile.ZipFile(archive, "w") as target:
        warnings.simplefilter("ignore", UserWarning)
        target.comment = comment
        for name, data in entries:
            facts = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            facts.external_attr, facts.extra, facts.compress_type = mode << 16, extra, method
            target.writestr(facts, data)
