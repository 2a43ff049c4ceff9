"""Signing a bundle: check it, write its bill of materials, and sign both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json
from fieldpack.bundle.finding import refuse
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import TrustError
from fieldpack.placement import place_file
from fieldpack.trust.bill_of_materials import bill_of_materials
from fieldpack.trust.keys import PrivateKey
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.signature import signature_bytes, signed
from fieldpack.trust.statement import Claims, parse_statement, statement_bytes

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Signed:
    """What was written.

    Attributes
    ----------
    signature, bill : Path
        The two files.
    fingerprint : str
        Of the key.
    claims : Claims
        What was signed beside the bytes.
    files : int
        How many files of the bundle it is over.
    """

    signature: Path
    bill: Path
    fingerprint: str
    claims: Claims
    files: int


def sign_bundle(
    path: Path,
    key: PrivateKey,
    *,
    target: Path | None = None,
    days: int | None = None,
    now: datetime | None = None,
) -> Signed:
    """Sign a bundle; an older signature at the target is replaced.

    Parameters
    ----------
    path : Path
        Folder or ``.fieldpack`` file. It is read whole, and refused unless it is a good bundle.
    key : PrivateKey
        Who signs.
    target : Path, optional
        Where the signature goes, and the bill beside it. Default: ``NAME.sig.json`` beside the bundle.
    days : int, optional
        How long it holds, 1 to 36500. Default: without end.
    now : datetime, optional
        When it is signed. Default: the clock.

    Raises
    ------
    BundleError
        The bundle is not good.
    TrustError
        A target lies inside the bundle, or `days` is out of range.
    StorageError
        The bundle cannot be read or a file cannot be written.
    """
    moment = now or datetime.now(UTC)
    expires = None if days is None else moment + _span(days)
    place = target or signature_path(path)
    bill = bill_path(place)
    if path.is_dir() and place.resolve().is_relative_to(path.resolve()):
        raise TrustError("a signature lies beside its bundle, not in it", came=place)
    if taken := [spot for spot in (place, bill) if spot.is_dir()]:
        raise TrustError("a folder is where a file of the signature goes", came=taken[0])
    refuse(path, check_structure(path))
    with open_bundle(path) as bundle:
        parts = canonical_json(bill_of_materials(bundle.manifest, bundle.digest))
        payload = statement_bytes(bundle.manifest_data, moment, expires, sha256_bytes(parts))
    claims, resources = parse_statement(payload)
    made = signature_bytes(signed(payload, key))
    place_file(bill, parts, "the bill of materials")
    place_file(place, made, "the signature")
    return Signed(place, bill, key.public.fingerprint, claims, len(resources))


def _span(days: int) -> timedelta:
    if not 1 <= days <= MOST_DAYS:
        raise TrustError("a signature cannot hold for that long", came=days, allowed=f"1 to {MOST_DAYS} days")
    return timedelta(days=days)
