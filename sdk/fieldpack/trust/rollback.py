"""Rollback: an old bundle, however well signed, is not taken in place of a newer one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import TrustError
from fieldpack.spec import VERSION

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shipped:
    """The bundle that users have now."""

    name: str
    version: str
    digest: str


def parse_version(text: str) -> Version:
    """``MAJOR.MINOR.PATCH`` as three numbers.

    Raises
    ------
    TrustError
        It is something else.
    """
    if re.fullmatch(VERSION, text) is None:
        raise TrustError("no version of a bundle", came=ascii(text), allowed="MAJOR.MINOR.PATCH, e.g. 1.4.0")
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def shipped_bundle(path: Path) -> Shipped:
    """What is known of the bundle at `path`.

    Raises
    ------
    BundleError, StorageError
        It cannot be opened.
    """
    with open_bundle(path) as bundle:
        return Shipped(bundle.manifest.name, bundle.manifest.version, bundle.digest)


def rollback_findings(
    manifest: Manifest, digest: str, at_least: str | None, after: Shipped | None
) -> list[Finding]:
    """Why a bundle may not come after another.

    Parameters
    ----------
    manifest, digest
        Of the bundle that shall come.
    at_least : str, optional
        The lowest version that is taken.
    after : Shipped, optional
        What it shall replace. The same bundle again is taken; another one of the same version is not.
    """
    faults: list[str] = []
    version = parse_version(manifest.version)
    if at_least is not None and version < parse_version(at_least):
        faults.append(f"version {manifest.version} is older than {at_least}")
    if after is not None and after.digest != digest:
        faults += _succession_faults(manifest, version, after)
    return [Finding(FindingCode.ROLLBACK, ".", fault) for fault in faults]


def _succession_faults(manifest: Manifest, version: Version, after: Shipped) -> list[str]:
    if manifest.name != after.name:
        return [f"it is a version of {manifest.name}, not of {after.name}"]
    if version < parse_version(after.version):
        return [f"version {manifest.version} is older than {after.version}, which it would replace"]
    if version == parse_version(after.version):
        return [f"two different bundles say that they are version {manifest.version}"]
    return []
