from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldpack.testing import tiny_bundle
from fieldpack.trust.checks import Demand
from fieldpack.trust.keys import PrivateKey, PublicKey, read_private_key, read_public_key, write_pair
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.signing import sign_bundle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """A pair of keys and where it lies."""

    private: Path
    public: Path

    @property
    def key(self) -> PrivateKey:
        return read_private_key(self.private)

    @property
    def trusted(self) -> PublicKey:
        return read_public_key(self.public)

    def demand(self, **more: object) -> Demand:
        return Demand(**{"key": self.trusted, "now": NOON, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(*write_pair(tmp_path_factory.mktemp("keys") / "release"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(*write_pair(tmp_path_factory.mktemp("keys") / "stranger"))


@pytest.fixture(scope="session")
def signed_once(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Path:
    bundle = tiny_bundle(tmp_path_factory.mktemp("signed") / "tiny", folder_flavour=True)
    sign_bundle(bundle, signer.key, days=30, now=NOON)
    return bundle


@pytest.fixture
def signed(signed_once: Path, tmp_path: Path) -> Path:
    """A signed bundle in its folder form, with signature and bill beside it, to be spoiled."""
    bundle = shutil.copytree(signed_once, tmp_path / signed_once.name)
    signature = signature_path(signed_once)
    for place in (signature, bill_path(signature)):
        shutil.copy(place, tmp_path)
    return Path(bundle)
