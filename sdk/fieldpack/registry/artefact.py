"""The manifest that a registry keeps of a bundle: an OCI image manifest whose layers are the bundle's files.

Its config is ``manifest.json``, so the digest of the config is the digest of the bundle; ``DIGEST`` need not
travel. The bytes are decided by the bundle: pushed twice, it is the same artefact. Format: OCI Image
Specification 1.1, "Image Manifest" and "Guidelines for Artifact Usage".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json
from fieldpack.bundle.finding import one_line
from fieldpack.bundle.manifest import Manifest
from fieldpack.errors import BundleError
from fieldpack.model import validated
from fieldpack.trust.signature import MEDIA_TYPE

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ARTEFACT_TYPE = "application/vnd.fieldpack.bundle.v1"
CONFIG_TYPE = "application/vnd.fieldpack.bundle.manifest.v1+json"
SIGNATURE_TYPE = MEDIA_TYPE
BILL_TYPE = "application/vnd.cyclonedx+json"
"""Of what lies beside a bundle and travels with it."""
OTHER_TYPE = "application/octet-stream"
PART_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".png": "image/png",
    ".txt": "text/plain",
    ".wav": "audio/wav",
}
LARGEST_BYTES = 4 * 2**20
"""What a registry must take at least, and no more is read."""
OCI, OWN = "org.opencontainers.image.", "fieldpack.bundle."
TITLE = f"{OCI}title"


class _Read(BaseModel):
    """What others may add is not ours to refuse."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Descriptor(_Read):
    """One part of an artefact."""

    media_type: str = Field(alias="mediaType")
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    size: int = Field(ge=0)
    annotations: dict[str, str] = Field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits."""
        return self.digest.removeprefix("sha256:")


class Artefact(_Read):
    """An OCI image manifest, as far as Fieldpack reads it."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] = Field(default_factory=dict)


def contract_digest(manifest: Manifest) -> str:
    """SHA-256 of the contract in canonical JSON: bundles that share it are drop-in replacements."""
    return sha256_bytes(canonical_json(manifest.contract.model_dump(mode="json")))


def artefact_bytes(
    manifest: Manifest, manifest_data: bytes, beside: Iterable[tuple[str, str, bytes]] = ()
) -> bytes:
    """The artefact of a bundle.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle.
    manifest_data : bytes
        Its bytes, ``manifest.json``.
    beside : iterable of tuple
        Name, media type and bytes of the files that travel with it.

    Raises
    ------
    BundleError
        The bundle has too many files for one manifest.
    """
    digest = sha256_bytes(manifest_data)
    parts = [
        (name, _type_of(name), entry.sha256, entry.size_bytes)
        for name, entry in sorted(manifest.files.items())
    ]
    parts += [(name, media_type, sha256_bytes(held), len(held)) for name, media_type, held in beside]
    data = canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTEFACT_TYPE,
            "config": _descriptor(CONFIG_TYPE, digest, len(manifest_data)),
            "layers": [
                _descriptor(media_type, part, size) | {"annotations": {TITLE: name}}
                for name, media_type, part, size in parts
            ],
            "annotations": {
                TITLE: manifest.name,
                f"{OCI}version": manifest.version,
                f"{OCI}description": one_line(manifest.description),
                f"{OCI}licenses": manifest.license,
                f"{OWN}digest": f"sha256:{digest}",
                f"{OWN}contract": f"sha256:{contract_digest(manifest)}",
            },
        }
    )
    if len(data) > LARGEST_BYTES:
        raise BundleError(
            "the bundle has too many files for a registry",
            came=f"{len(manifest.files)} files, listed in {len(data)} bytes",
            allowed=f"{LARGEST_BYTES} bytes",
        )
    return data


def read_artefact(data: bytes, where: str) -> Artefact:
    """Read what a registry keeps under a tag.

    Raises
    ------
    BundleError
        It is no OCI manifest, or not of a bundle.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where} is no artefact: its manifest is not JSON") from error
    kind = values.get("config", {}).get("mediaType") if _has_config(values) else None
    if kind != CONFIG_TYPE:
        raise BundleError(
            f"{where} is something else than a bundle",
            came=one_line(str(kind or _kind_of(values)))[:200],
            allowed=CONFIG_TYPE,
            hint="fieldpack push puts a bundle there",
        )
    return validated(Artefact, values, f"the artefact {where}", BundleError)


def check_parts(artefact: Artefact, manifest: Manifest, where: str) -> None:
    """Refuse an artefact whose layers are not the files that its bundle lists.

    Raises
    ------
    BundleError
        A file is missing, another one is there, or one has another digest or size.
    """
    listed = {name: (entry.sha256, entry.size_bytes) for name, entry in manifest.files.items()}
    found = [
        (part.annotations.get(TITLE, ""), (part.sha256, part.size))
        for part in artefact.layers
        if part.media_type not in (SIGNATURE_TYPE, BILL_TYPE)
    ]
    if len(found) == len(listed) and dict(found) == listed:
        return
    wrong = sorted(name for name, _ in set(listed.items()) ^ set(found)) or ["a file twice"]
    raise BundleError(
        f"{where} is not whole: its layers are not the files of its bundle",
        came=", ".join(ascii(name)[1:-1] for name in wrong[:3]),
        hint="push the bundle again",
    )


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _type_of(name: str) -> str:
    return PART_TYPES.get(PurePosixPath(name).suffix, OTHER_TYPE)


def _has_config(values: Any) -> bool:
    return isinstance(values, dict) and isinstance(values.get("config"), dict)


def _kind_of(values: Any) -> object:
    return values.get("mediaType") if isinstance(values, dict) else type(values).__name__
