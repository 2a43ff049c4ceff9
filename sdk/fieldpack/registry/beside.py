"""What lies beside a bundle and travels with it: its signature, and the bill of materials that was signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fieldpack.bundle.content import FolderContent
from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import Bundle
from fieldpack.errors import BundleError, StorageError, TrustError
from fieldpack.placement import place_file
from fieldpack.registry.artefact import BILL_TYPE, SIGNATURE_TYPE, Artefact
from fieldpack.trust.checks import Demand, judge
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.signature import LARGEST_SIGNATURE_BYTES, parse_signature
from fieldpack.trust.statement import parse_statement, resources_of
from fieldpack.workspace import work_folder

PLACES: dict[str, Callable[[Path], Path]] = {
    SIGNATURE_TYPE: signature_path,
    BILL_TYPE: lambda bundle: bill_path(signature_path(bundle)),
}
"""Media type of the layer -> where the file lies."""
Beside = Mapping[str, bytes]
"""Media type -> the file's bytes."""


def read_beside(bundle: Bundle) -> Beside:
    """The files that lie beside a bundle here; none where it is not signed.

    Raises
    ------
    TrustError
        They are of another bundle, such as an older version.
    StorageError
        They cannot be read.
    """
    found: dict[str, bytes] = {}
    for media_type, place in PLACES.items():
        path = place(bundle.location)
        try:
            if path.is_file():
                found[media_type] = path.read_bytes()
        except OSError as error:
            raise StorageError("a signature cannot be read", came=f"{path}: {error.strerror}") from error
    if SIGNATURE_TYPE not in found:
        return {}
    claims, resources = parse_statement(parse_signature(found[SIGNATURE_TYPE]).payload)
    bill = found.get(BILL_TYPE)
    if resources != resources_of(bundle.manifest_data) or (
        bill is not None and sha256_bytes(bill) != claims.bill_of_materials
    ):
        raise TrustError(
            "the signature beside the bundle is of other files",
            came=signature_path(bundle.location),
            hint="sign the bundle again with `fieldpack sign`, or move the signature away",
        )
    return found


def sizes_beside(artefact: Artefact, where: str) -> dict[str, tuple[str, int]]:
    """Media type -> digest and size of what travels beside the bundle.

    Raises
    ------
    BundleError
        It is there twice, or too large.
    """
    found: dict[str, tuple[str, int]] = {}
    for layer in artefact.layers:
        if layer.media_type in PLACES:
            if layer.media_type in found or layer.size > LARGEST_SIGNATURE_BYTES:
                raise BundleError(
                    f"{where} has two signatures or a very large one",
                    allowed=f"one of at most {LARGEST_SIGNATURE_BYTES} bytes",
                )
            found[layer.media_type] = layer.sha256, layer.size
    return found


def titles(manifest: Manifest, beside: Beside) -> dict[str, str]:
    """Media type -> the name under which other tools see the file."""
    return {media_type: PLACES[media_type](Path(manifest.name)).name for media_type in beside}


def judge_beside(target: Path, manifest: Manifest, data: bytes, beside: Beside, demand: Demand) -> None:
    """Hold a bundle of which only the manifest is here against what a reader demands.

    Raises
    ------
    TrustError
        It is not signed, not by the key, or not to be taken.
    """
    with work_folder("pull") as folder:
        bundle = Bundle(folder / target.name, manifest, data, FolderContent(folder))
        for media_type, content in beside.items():
            PLACES[media_type](bundle.location).write_bytes(content)
        findings = judge(bundle, demand).findings
    if findings:
        raise TrustError(
            f"the bundle that shall come to {target} is not to be taken",
            came="; ".join(str(finding) for finding in findings),
            allowed=f"a bundle signed by sha256:{demand.key.fingerprint}, no older than what it replaces",
        )


def place_beside(target: Path, beside: Beside, *, replaced: bool) -> None:
    """Write them beside a bundle, each in one step; where it was `replaced`, those of the older one go.

    Raises
    ------
    StorageError
        One cannot be written, or not be taken away.
    """
    for media_type, place in PLACES.items():
        path = place(target)
        if media_type in beside:
            place_file(path, beside[media_type], "the signature beside the bundle")
        elif replaced:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(
                    "the signature of the replaced bundle is still there", came=f"{path}: {error.strerror}"
                ) from error
