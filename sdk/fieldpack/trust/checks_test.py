"""A signed bundle is trusted in both forms; anything else is found, and by the right code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fieldpack.bundle.document import canonical_json
from fieldpack.bundle.finding import FindingCode
from fieldpack.bundle.testdata.edits import apply
from fieldpack.bundle.write import copy_bundle
from fieldpack.errors import BundleError, TrustError
from fieldpack.testing import tiny_bundle
from fieldpack.trust.checks import Demand, check_signed
from fieldpack.trust.conftest import NOON, Signer
from fieldpack.trust.keys import PrivateKey, read_public_key
from fieldpack.trust.keys_test import FIRST, LAST, certificate
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.rollback import Shipped
from fieldpack.trust.signature import parse_signature, signature_bytes
from fieldpack.trust.signature import signed as sign
from fieldpack.trust.signing import sign_bundle


def codes(bundle: Path, demand: Demand) -> list[FindingCode]:
    return [finding.code for finding in check_signed(bundle, demand)]


def test_a_signed_bundle_is_trusted_in_both_forms(signed: Path, signer: Signer) -> None:
    assert check_signed(signed, signer.demand()) == []
    archive = signed.with_name("tiny.fieldpack")
    copy_bundle(signed, archive)
    assert signature_path(archive) == signature_path(signed)
    assert check_signed(archive, signer.demand(at_least="0.0.1")) == []


def test_a_signature_may_lie_elsewhere(signed: Path, signer: Signer, tmp_path: Path) -> None:
    place = signature_path(signed).rename(tmp_path / "elsewhere.json")
    assert codes(signed, signer.demand()) == [FindingCode.SIGNATURE]
    assert codes(signed, signer.demand(signature=place)) == []
    assert bill_path(place).name == "elsewhere.cdx.json"
    assert codes(signed, signer.demand(signature=place)) == []


def test_a_bundle_that_was_sealed_anew_is_another_one(signed: Path, signer: Signer) -> None:
    """Structure alone finds nothing; the signature does, and says which files."""
    apply(signed, [{"do": "put", "key": ["description"], "value": "better"}])
    (finding,) = check_signed(signed, signer.demand())
    assert finding.code is FindingCode.CLAIMS
    assert "DIGEST, manifest.json" in finding.message


def test_the_key_of_another_is_refused(signed: Path, stranger: Signer) -> None:
    (finding,) = check_signed(signed, stranger.demand())
    assert finding.code is FindingCode.SIGNATURE
    assert "another key" in finding.message


def test_a_stranger_cannot_take_the_name_of_the_key(signed: Path, signer: Signer, stranger: Signer) -> None:
    sign_bundle(signed, stranger.key, now=NOON)
    made = parse_signature(signature_path(signed).read_bytes())
    forged = type(made)(made.payload, made.signature, signer.trusted.fingerprint)
    signature_path(signed).write_bytes(signature_bytes(forged))
    (finding,) = check_signed(signed, signer.demand())
    assert "did not sign" in finding.message


def restate(bundle: Path, key: PrivateKey, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Sign another statement with the right key."""
    statement = json.loads(parse_signature(signature_path(bundle).read_bytes()).payload)
    edit(statement)
    made = sign(canonical_json(statement), key)
    signature_path(bundle).write_bytes(signature_bytes(made))


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda said: None, None),
        (lambda said: said["predicate"]["fieldpack"].update(version="9.0.0"), FindingCode.CLAIMS),
        (lambda said: said["predicate"]["fieldpack"]["budget"].update(every=None), FindingCode.CLAIMS),
        (lambda said: said["predicate"]["fieldpack"]["data"].clear(), FindingCode.CLAIMS),
        (lambda said: said["predicate"]["fieldpack"]["recipes"].clear(), FindingCode.CLAIMS),
        (lambda said: said["predicate"]["fieldpack"].update(bill_of_materials="0" * 64), FindingCode.CLAIMS),
        (lambda said: said["predicate"]["fieldpack"].update(schema_version=9), FindingCode.SIGNATURE),
        (lambda said: said.update(predicateType="https://example.org/other"), FindingCode.SIGNATURE),
    ],
)
def test_claims_that_are_not_the_manifest_s_are_found(
    edit: Callable[[dict[str, Any]], Any], code: FindingCode | None, signed: Path, signer: Signer
) -> None:
    restate(signed, signer.key, edit)
    assert codes(signed, signer.demand()) == ([code] if code else [])


def test_a_signature_ends_on_its_day(signed: Path, signer: Signer) -> None:
    just = signer.demand(now=NOON + timedelta(days=30, seconds=-1))
    assert codes(signed, just) == []
    assert codes(signed, signer.demand(now=NOON + timedelta(days=30))) == [FindingCode.EXPIRED]


def test_a_certificate_ends_on_its_day(signed: Path, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    sign_bundle(signed, PrivateKey(key), now=FIRST)
    (tmp_path / "c.pem").write_bytes(certificate(key, FIRST, LAST))
    trusted = read_public_key(tmp_path / "c.pem")
    assert codes(signed, Demand(trusted, now=FIRST)) == []
    assert codes(signed, Demand(trusted, now=LAST)) == []
    for wrong in (FIRST - timedelta(seconds=1), LAST + timedelta(seconds=1)):
        assert codes(signed, Demand(trusted, now=wrong)) == [FindingCode.EXPIRED]


def test_the_clock_is_asked_when_no_time_is_given(signed: Path, signer: Signer) -> None:
    sign_bundle(signed, signer.key, days=1, now=NOON)
    assert codes(signed, Demand(signer.trusted)) == [FindingCode.EXPIRED]
    sign_bundle(signed, signer.key, days=1)
    assert codes(signed, Demand(signer.trusted)) == []


def test_an_old_bundle_is_refused_however_well_signed(signed: Path, signer: Signer) -> None:
    newer = Shipped("tiny", "9.0.0", "0" * 64)
    found = codes(signed, signer.demand(at_least="9.0.0", after=newer))
    assert found == [FindingCode.ROLLBACK, FindingCode.ROLLBACK]


def test_the_bill_of_materials_is_signed_too(signed: Path, signer: Signer) -> None:
    place = bill_path(signature_path(signed))
    place.write_bytes(place.read_bytes() + b" ")
    assert codes(signed, signer.demand()) == [FindingCode.CLAIMS]
    place.unlink()
    place.mkdir()
    assert codes(signed, signer.demand()) == [FindingCode.CLAIMS]


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_a_span_out_of_range_is_refused(days: int, signed: Path, signer: Signer) -> None:
    before = signature_path(signed).read_bytes()
    with pytest.raises(TrustError, match="for that long"):
        sign_bundle(signed, signer.key, days=days)
    assert signature_path(signed).read_bytes() == before


def test_an_altered_bundle_is_not_signed_and_nothing_is_written(tmp_path: Path, signer: Signer) -> None:
    bundle = tiny_bundle(tmp_path / "b" / "tiny")
    (bundle / "labels.txt").write_bytes(b"ant\n")
    with pytest.raises(BundleError, match=r"labels\.txt"):
        sign_bundle(bundle, signer.key)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["tiny"]


def test_a_signature_inside_the_bundle_is_refused(signed: Path, signer: Signer) -> None:
    with pytest.raises(TrustError, match="beside its bundle"):
        sign_bundle(signed, signer.key, target=signed / "evidence" / "sig.json")
    assert codes(signed, signer.demand()) == []


def test_a_folder_in_the_way_leaves_nothing_written(tmp_path: Path, signer: Signer) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    (tmp_path / "there").mkdir()
    with pytest.raises(TrustError, match="folder is where"):
        sign_bundle(bundle, signer.key, target=tmp_path / "there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "tiny"]
