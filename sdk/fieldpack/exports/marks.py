"""Marks that templates of every consumer have: which bundle and flavour it is, in words."""

from __future__ import annotations

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.exports.literals import markdown_text


def identity_marks(bundle: Bundle, flavour: FlavourEntry) -> dict[str, str]:
    """Name, version, digest and flavour, which are plain words; description and licence for Markdown."""
    manifest = bundle.manifest
    return {
        "NAME": manifest.name,
        "VERSION": manifest.version,
        "DIGEST": bundle.digest,
        "FLAVOUR": flavour.name,
        "DESCRIPTION": markdown_text(manifest.description),
        "LICENSE": markdown_text(manifest.license),
    }
