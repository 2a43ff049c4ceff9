"""Pairs sign and verify on each curve; whatever is no such key says so, and what to do."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fieldpack.errors import TrustError
from fieldpack.trust.conftest import Signer
from fieldpack.trust.keys import make_pair, read_private_key, read_public_key, write_pair

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def private_pem(key: Any, form: str = "PKCS8") -> bytes:
    found: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    )
    return found


def public_pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


def certificate(key: ec.EllipticCurvePrivateKey, first: datetime, last: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "release")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, first, last).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("curve", "digest"),
    [(ec.SECP256R1, hashes.SHA256), (ec.SECP384R1, hashes.SHA384), (ec.SECP521R1, hashes.SHA512)],
)
@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_of_each_curve_signs_and_verifies(
    curve: Callable[[], ec.EllipticCurve],
    digest: Callable[[], hashes.HashAlgorithm],
    form: str,
    tmp_path: Path,
) -> None:
    """With the digest that Sigstore and model-signing take for the curve."""
    made = ec.generate_private_key(curve())
    (tmp_path / "k").write_bytes(private_pem(made, form))
    (tmp_path / "p").write_bytes(public_pem(made))
    private, public = read_private_key(tmp_path / "k"), read_public_key(tmp_path / "p")
    assert private.public.fingerprint == public.fingerprint
    found = private.sign(b"bee")
    made.public_key().verify(found, b"bee", ec.ECDSA(digest()))
    assert public.holds(found, b"bee")
    assert not public.holds(found, b"bed")
    assert not public.holds(found[:-1], b"bee")
    assert not public.holds(b"", b"bee")


def test_a_pair_is_written_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    private, public = write_pair(tmp_path / "a" / "release")
    assert (private.name, public.name) == ("release.key.pem", "release.pub.pem")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    before = private.read_bytes()
    with pytest.raises(TrustError, match="never written over"):
        write_pair(tmp_path / "a" / "release")
    private.rename(tmp_path / "elsewhere")
    with pytest.raises(TrustError, match="never written over"):
        write_pair(tmp_path / "a" / "release")
    assert not private.exists()
    assert (tmp_path / "elsewhere").read_bytes() == before


def test_an_encrypted_key_opens_with_its_password_only(tmp_path: Path) -> None:
    private, public = write_pair(tmp_path / "release", "meadow")
    assert b"ENCRYPTED" in private.read_bytes()
    assert read_private_key(private, "meadow").public.fingerprint == read_public_key(public).fingerprint
    with pytest.raises(TrustError, match="no password"):
        read_private_key(private)
    with pytest.raises(TrustError, match="password does not open"):
        read_private_key(private, "meadows")


def test_a_password_for_a_key_without_one_is_of_no_matter(signer: Signer) -> None:
    assert read_private_key(signer.private, "meadow").public.fingerprint == signer.trusted.fingerprint


def test_a_certificate_stands_for_its_key_with_its_days(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "c").write_bytes(certificate(key, FIRST, LAST))
    (tmp_path / "p").write_bytes(public_pem(key))
    found, bare = read_public_key(tmp_path / "c"), read_public_key(tmp_path / "p")
    assert (found.fingerprint, found.first, found.last) == (bare.fingerprint, FIRST, LAST)
    assert (bare.first, bare.last) == (None, None)


RSA = rsa.generate_private_key(65537, 1024)  # the size does not matter: it is refused
EDWARDS = ed25519.Ed25519PrivateKey.generate()
KOBLITZ = ec.generate_private_key(ec.SECP256K1())


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "no public key"),
        (b"\xff\xfe\x00", "no public key"),
        (make_pair()[1][:60], "no public key"),
        (make_pair()[0], "a private key"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no public key"),
        (public_pem(RSA), "another kind"),
        (public_pem(EDWARDS), "another kind"),
        (public_pem(KOBLITZ), "secp256k1"),
    ],
)
def test_what_is_no_public_key_is_refused(data: bytes, came: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(data)
    with pytest.raises(TrustError, match="cannot be used") as caught:
        read_public_key(tmp_path / "key.pem")
    assert came in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "no private key"),
        (b"\xff\xfe\x00", "no private key"),
        (make_pair()[1], "no private key"),
        (make_pair()[0][:-60], "no private key"),
        (private_pem(RSA), "another kind"),
        (private_pem(EDWARDS), "another kind"),
        (private_pem(KOBLITZ), "secp256k1"),
    ],
)
def test_what_is_no_private_key_is_refused(data: bytes, came: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(data)
    with pytest.raises(TrustError, match="cannot be used") as caught:
        read_private_key(tmp_path / "key.pem")
    assert came in str(caught.value)


@pytest.mark.parametrize("read", [read_public_key, read_private_key])
def test_a_key_that_is_not_there_is_refused(read: Callable[[Path], object], tmp_path: Path) -> None:
    for place in (tmp_path / "absent", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(TrustError, match="cannot be read"):
            read(place)
