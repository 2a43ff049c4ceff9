"""What attacks are made on and with: a signed bundle in both forms, its neighbours, and keys.

All bundles are the tiny one of :mod:`fieldpack.testing`, so that ten thousand checks take a minute. The
neighbours are good bundles, signed with the right key: an older version, another model, and a second bundle
under the same version. An attacker has all of them, and every public key, but not the private half of
``release``.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.write import BundleWriter, copy_bundle
from fieldpack.testing import TINY_MODEL, tiny_content, tiny_golden
from fieldpack.trust.checks import Demand
from fieldpack.trust.keys import PrivateKey, PublicKey, read_private_key, read_public_key, write_pair
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.signing import sign_bundle
from fieldpack.verdict import AT_MOST, Evidence, Figure, Outcome, Verdict

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = 90
VERSION, OLD_VERSION = "1.1.0", "1.0.0"


@dataclass(frozen=True, slots=True)
class Pair:
    """Keys of one signer."""

    private: PrivateKey
    public: PublicKey


@dataclass(frozen=True, slots=True)
class World:
    """All that lies about.

    Attributes
    ----------
    folder, archive : Path
        The signed bundle in its two forms, one signature beside both.
    old, other, twin : Path
        Its neighbours, folders, each signed.
    release, stranger : Pair
        Who is trusted, and who is not.
    """

    folder: Path
    archive: Path
    old: Path
    other: Path
    twin: Path
    release: Pair
    stranger: Pair

    def demand(self, **changes: Any) -> Demand:
        """What the mobile team asks for."""
        return Demand(**{"key": self.release.public, "now": NOW, **changes})


@dataclass(frozen=True, slots=True)
class Victim:
    """A copy of the signed bundle that may be spoiled.

    Attributes
    ----------
    bundle, signature, bill : Path
        The copy, and what lies beside it.
    world : World
        What the attacker has.
    """

    bundle: Path
    signature: Path
    bill: Path
    world: World


def make_world(folder: Path) -> World:
    """Write bundles and keys below an empty folder."""
    release, stranger = (_pair(folder / "keys" / name) for name in ("release", "stranger"))
    made = {
        name: _bundle(folder / name / "tiny", fields, number)
        for number, (name, fields) in enumerate(
            {
                "new": {"version": VERSION},
                "old": {"version": OLD_VERSION},
                "other": {"version": VERSION, "name": "other"},
                "twin": {"version": VERSION, "description": "A second one of the same version."},
            }.items()
        )
    }
    for bundle in made.values():
        sign_bundle(bundle, release.private, days=DAYS, now=NOW - timedelta(days=1))
    archive = made["new"].with_name("tiny.fieldpack")
    copy_bundle(made["new"], archive)
    return World(made["new"], archive, made["old"], made["other"], made["twin"], release, stranger)


def victim(world: World, form: str, place: Path) -> Victim:
    """Copy the signed bundle in one of its forms, ``folder`` or ``archive``, into a new folder."""
    source = world.folder if form == "folder" else world.archive
    place.mkdir(parents=True)
    bundle = place / source.name
    shutil.copytree(source, bundle) if form == "folder" else shutil.copyfile(source, bundle)
    signature = signature_path(bundle)
    for original in (signature_path(source), bill_path(signature_path(source))):
        shutil.copyfile(original, place / original.name)
    return Victim(bundle, signature, bill_path(signature), world)


def _pair(stem: Path) -> Pair:
    private, public = write_pair(stem)
    return Pair(read_private_key(private), read_public_key(public))


def _bundle(target: Path, fields: Mapping[str, Any], number: int) -> Path:
    """A good bundle whose parts have the names and sizes of the others', and bytes of their own."""
    vectors, scores = tiny_golden()
    with BundleWriter(target) as writer:
        content = tiny_content(writer, folder_flavour=True)
        writer.add_bytes("golden/vector.npy", npy_bytes(np.roll(vectors, number, axis=0)))
        writer.add_bytes("golden/scores.npy", npy_bytes(np.roll(scores, number, axis=0)))
        writer.add_bytes("evidence/parity.json", b'{"run": %d}\n' % number)
        verdict = _verdict(writer.path(TINY_MODEL).stat().st_size)
        writer.commit({**content, **fields, "verdicts": [verdict]})
    return target


def _verdict(size: int) -> dict[str, Any]:
    figure = Figure("installed_bytes", size, "bytes", Evidence.HOST)
    return Verdict("installed_bytes", "tflite-float32", Outcome.PASS, figure, 100_000, AT_MOST).as_dict()
