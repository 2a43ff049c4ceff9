"""Whether a bundle is what somebody with the key signed, and still may be used.

Whatever an attacker can bring about ends in a finding, so that all of it is listed; a key file or a version
that the caller gave wrongly ends in an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fieldpack.bundle.digest import sha256_file
from fieldpack.bundle.finding import Finding, FindingCode, one_line
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import BundleError, StorageError, TrustError
from fieldpack.trust.keys import PublicKey
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.rollback import Shipped, rollback_findings
from fieldpack.trust.signature import LARGEST_SIGNATURE_BYTES, Signature, parse_signature
from fieldpack.trust.statement import Claims, claims_of, parse_statement, resources_of

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Demand:
    """What a bundle must keep to be taken.

    Attributes
    ----------
    key : PublicKey
        Of whom is trusted.
    signature : Path or None
        The file; None for the one beside the bundle.
    at_least : str or None
        Lowest version.
    after : Shipped or None
        What it replaces.
    now : datetime or None
        When; None for the clock.
    """

    key: PublicKey
    signature: Path | None = None
    at_least: str | None = None
    after: Shipped | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Attributes
    ----------
    findings : tuple of Finding
        Why the bundle is not to be trusted; empty when it is.
    claims : Claims or None
        What was signed; None when the key did not sign a statement over bundles.
    """

    findings: tuple[Finding, ...]
    claims: Claims | None


def check_signed(path: Path, demand: Demand) -> list[Finding]:
    """Everything wrong with a bundle and its signature that can be seen without running a model.

    Parameters
    ----------
    path : Path
        Folder or ``.fieldpack`` file.
    demand : Demand
        What it must keep.

    Raises
    ------
    BundleError
        There is no bundle at `path` at all.
    StorageError
        It cannot be opened.
    """
    findings = check_structure(path)
    if findings:
        return findings
    with open_bundle(path) as bundle:
        return list(judge(bundle, demand).findings)


def judge(bundle: Bundle, demand: Demand) -> Judgement:
    """Whether an intact bundle is to be trusted.

    Parameters
    ----------
    bundle : Bundle
        One without findings of its own.
    demand : Demand
        What it must keep.
    """
    now = demand.now or datetime.now(UTC)
    place = demand.signature or signature_path(bundle.location)
    try:
        signature = _read_signature(place)
        findings = _key_findings(signature, demand.key, now, place)
        if findings:
            return Judgement(tuple(findings), None)
        claims, resources = parse_statement(signature.payload)
    except TrustError as error:
        return Judgement((_finding(FindingCode.SIGNATURE, place.name, f"{error.what}: {error.came}"),), None)
    findings = _file_findings(bundle, resources) or _claim_findings(bundle, claims)
    if claims.expired(now):
        findings.append(_finding(FindingCode.EXPIRED, place.name, f"the signature ended {claims.expires}"))
    findings += _bill_findings(bill_path(place), claims)
    findings += rollback_findings(bundle.manifest, bundle.digest, demand.at_least, demand.after)
    return Judgement(tuple(findings), claims)


def _read_signature(path: Path) -> Signature:
    try:
        if not path.is_file():
            raise TrustError("there is no signature", came="no such file")
        with path.open("rb") as file:
            return parse_signature(file.read(LARGEST_SIGNATURE_BYTES + 1))
    except OSError as error:
        raise TrustError("the signature cannot be read", came=error.strerror) from error


def _key_findings(signature: Signature, key: PublicKey, now: datetime, place: Path) -> list[Finding]:
    if signature.fingerprint != key.fingerprint:
        pair = f"{signature.fingerprint[:16]}, not {key.fingerprint[:16]}"
        return [_finding(FindingCode.SIGNATURE, place.name, f"it names another key: {pair}")]
    if not signature.is_by(key):
        return [_finding(FindingCode.SIGNATURE, place.name, "the key did not sign this statement")]
    if key.first is not None and now < key.first:
        return [_finding(FindingCode.EXPIRED, place.name, f"the certificate begins {key.first}")]
    if key.last is not None and now > key.last:
        return [_finding(FindingCode.EXPIRED, place.name, f"the certificate ended {key.last}")]
    return []


def _file_findings(bundle: Bundle, resources: list[dict[str, str]]) -> list[Finding]:
    expected = resources_of(bundle.manifest_data)
    if resources == expected:
        return []
    said = {entry["name"]: entry for entry in resources}
    there = {entry["name"]: entry for entry in expected}
    other = sorted(name for name in said | there if said.get(name) != there.get(name))
    named = ", ".join(other[:MOST_NAMED]) + (f" and {len(other) - MOST_NAMED} more" if other[3:] else "")
    return [_finding(FindingCode.CLAIMS, ".", f"the signature is not over these files: {named}")]


def _claim_findings(bundle: Bundle, claims: Claims) -> list[Finding]:
    said = claims.model_dump(mode="json")
    held = claims_of(bundle.manifest_data)
    other = sorted(key for key, value in held.items() if said[key] != value)
    message = f"the statement says other {', '.join(other)} than the manifest"
    return [_finding(FindingCode.CLAIMS, ".", message)] if other else []


def _bill_findings(place: Path, claims: Claims) -> list[Finding]:
    """What is wrong with the bill of materials, which may be absent."""
    if claims.bill_of_materials is None or not place.exists():
        return []
    try:
        same = place.is_file() and sha256_file(place) == claims.bill_of_materials
    except (BundleError, StorageError):
        same = False
    return [] if same else [_finding(FindingCode.CLAIMS, place.name, "it is not the bill that was signed")]


def _finding(code: FindingCode, path: str, message: str) -> Finding:
    return Finding(code, path, one_line(message))
