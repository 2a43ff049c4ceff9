"""Push: what the repository lacks of a bundle, then the manifest that makes it one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.finding import refuse
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import InputError
from fieldpack.registry.artefact import artefact_bytes, contract_digest
from fieldpack.registry.beside import Beside, read_beside, titles
from fieldpack.registry.client import RegistryClient
from fieldpack.registry.reference import Reference

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was sent.

    Attributes
    ----------
    reference, name, version : str
        Where, and what by its own words.
    digest, contract : str
        Of the bundle and of its contract, 64 hexadecimal digits.
    pinned : str
        ``HOST/NAME@sha256:DIGEST`` of the artefact, which finds it whatever becomes of the tag.
    parts_sent, parts_there : int
        Different parts that went, and that the repository had; a signature beside the bundle is one, and
        so is its bill of materials.
    bytes_sent, bytes_there : int
        Their sizes; the artefact's own bytes count as sent.
    """

    reference: str
    name: str
    version: str
    digest: str
    contract: str
    pinned: str
    parts_sent: int
    parts_there: int
    bytes_sent: int
    bytes_there: int

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)


def push(
    path: Path,
    reference: Reference,
    *,
    plain_http: bool = False,
    progress: Progress = lambda stage, fraction: None,
) -> Pushed:
    """Put a bundle under a tag.

    The tag changes only when everything else is there, so that a push that is cut off changes nothing; the
    next one sends what is still missing.

    Parameters
    ----------
    path : Path
        Bundle, folder or ``.fieldpack`` file; it is checked first.
    reference : Reference
        With a tag.
    plain_http : bool
        Speak HTTP without TLS; on loopback that is so always.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    BundleError
        It is no good bundle.
    InputError
        The reference has no tag.
    TrustError
        The signature beside the bundle is of other files.
    RegistryError
        The registry cannot be reached or refuses.
    """
    if reference.tag is None:
        raise InputError("a bundle is pushed under a tag", came=reference, allowed="HOST/NAME:TAG")
    refuse(path, check_structure(path))
    with open_bundle(path) as bundle:
        beside = read_beside(bundle)
        names = titles(bundle.manifest, beside)
        artefact = artefact_bytes(
            bundle.manifest,
            bundle.manifest_data,
            [(names[kind], kind, held) for kind, held in beside.items()],
        )
        client = RegistryClient(reference, plain_http=plain_http)
        sent: dict[str, int] = {}
        there: dict[str, int] = {}
        for stage, fraction, data in _parts(bundle, beside):
            progress(stage, fraction)
            digest = sha256_bytes(data)
            (there if _offer(client, digest, data) else sent)[digest] = len(data)
        client.put_manifest(artefact)
        manifest = bundle.manifest
        return Pushed(
            reference=str(reference),
            name=manifest.name,
            version=manifest.version,
            digest=bundle.digest,
            contract=contract_digest(manifest),
            pinned=str(reference.pinned(sha256_bytes(artefact))),
            parts_sent=len(sent),
            parts_there=len(there),
            bytes_sent=sum(sent.values()) + len(artefact),
            bytes_there=sum(there.values()),
        )


def _parts(bundle: Bundle, beside: Beside) -> Iterator[tuple[str, float, bytes]]:
    """Name, position and bytes of every different part."""
    names = {entry.sha256: name for name, entry in bundle.manifest.files.items()}
    for number, name in enumerate(names.values()):
        yield name, number / len(names), bundle.read(name)
    for data in (*beside.values(), bundle.manifest_data):
        yield "manifest", 1.0, data


def _offer(client: RegistryClient, digest: str, data: bytes) -> bool:
    """Whether the part is there already; it is sent where not."""
    if client.has_blob(digest):
        return True
    client.put_blob(digest, data)
    return False
