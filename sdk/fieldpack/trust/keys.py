"""Keys of signatures: elliptic curves P-256, P-384 and P-521 in PEM files, as OpenSSL writes them.

A certificate may stand for its public key: it is pinned, no chain is followed, and it ends on its day.
The curves, and the hash of each, are those of Sigstore's and the model-signing project's key signatures.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fieldpack.errors import MissingDependencyError, TrustError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

LARGEST_KEY_BYTES = 64 * 1024
ALLOWED = "a PEM file with a key on the curve P-256, P-384 or P-521"
MAKE = "fieldpack keygen NAME makes a pair"
_BITS = {"secp256r1": 256, "secp384r1": 384, "secp521r1": 512}
"""Name of a curve -> bits of the SHA-2 that is signed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a signature is held against.

    Attributes
    ----------
    key : EllipticCurvePublicKey
        On one of the three curves.
    fingerprint : str
        SHA-256 of its PEM text, 64 hexadecimal digits; a signature names its key by it.
    first, last : datetime or None
        When the certificate that it came from begins and ends to be valid, UTC; None for a bare key.
    """

    key: ec.EllipticCurvePublicKey
    fingerprint: str
    first: datetime | None = None
    last: datetime | None = None

    def holds(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` (ECDSA, DER) is that of `data` by this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            self.key.verify(signature, data, ec.ECDSA(_hash(self.key.curve)))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What signs."""

    key: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> PublicKey:
        """Its other half."""
        return _public(self.key.public_key())

    def sign(self, data: bytes) -> bytes:
        """ECDSA signature of `data`, DER."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.key.sign(data, ec.ECDSA(_hash(self.key.curve)))


def read_public_key(path: Path) -> PublicKey:
    """A public key, or a certificate that stands for one.

    Raises
    ------
    TrustError
        The file cannot be read, or is no such key.
    MissingDependencyError
        The extra is not installed.
    """
    needed()
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _read(path)
    if b"PRIVATE KEY" in data:
        _refuse(path, "a private key", "keep it to yourself; --key takes the public half, NAME.pub.pem")
    try:
        if b"BEGIN CERTIFICATE" in data:
            return _certified(path, x509.load_pem_x509_certificate(data))
        return _public(_on_known_curve(path, load_pem_public_key(data)))
    except (ValueError, UnsupportedAlgorithm) as error:
        if isinstance(error, TrustError):
            raise
        _refuse(path, "no public key", MAKE)


def read_private_key(path: Path, password: str | None = None) -> PrivateKey:
    """A private key, encrypted or not.

    Raises
    ------
    TrustError
        The file cannot be read, is no such key, or the password is missing or wrong.
    MissingDependencyError
        The extra is not installed.
    """
    needed()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    encrypted = b"ENCRYPTED" in data
    if b"PRIVATE KEY" not in data:
        _refuse(path, "no private key", MAKE)
    if encrypted and not password:
        _refuse(path, "an encrypted key, and no password", "set FIELDPACK_KEY_PASSWORD")
    try:
        key = load_pem_private_key(data, password.encode() if encrypted and password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        wrong = "an encrypted key that the password does not open" if encrypted else "no private key"
        _refuse(path, wrong, "see FIELDPACK_KEY_PASSWORD" if encrypted else MAKE)
    _on_known_curve(path, key.public_key())
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        _refuse(path, type(key).__name__, MAKE)
    return PrivateKey(key)


def make_pair(password: str | None = None) -> tuple[bytes, bytes]:
    """A new pair on P-256 as PEM: the private key (PKCS #8, encrypted with a password), the public key."""
    needed()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    closed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        closed = serialization.BestAvailableEncryption(password.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed)
    return private, _pem(key.public_key())


def write_pair(stem: Path, password: str | None = None) -> tuple[Path, Path]:
    """Write ``STEM.key.pem``, which only its owner may read, and ``STEM.pub.pem``.

    Raises
    ------
    TrustError
        One of them is there already: a lost key cannot be made again.
    """
    paths = stem.with_name(f"{stem.name}.key.pem"), stem.with_name(f"{stem.name}.pub.pem")
    for path in paths:
        if path.exists() or path.is_symlink():
            raise TrustError("a key is never written over", came=path, hint="name another pair")
    made: list[Path] = []
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        for path, data, mode in zip(paths, make_pair(password), (0o600, 0o644), strict=True):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                made.append(path)
                file.write(data)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise TrustError("the keys cannot be written", came=f"{stem}: {error.strerror}") from error
    return paths


def needed() -> None:
    """Ask for the extra.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "signatures need cryptography", hint='pip install "fieldpack[sign]"'
        ) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_KEY_BYTES)
    except (OSError, ValueError) as error:
        raise TrustError("the key cannot be read", came=f"{path}: {error}", hint=MAKE) from error


def _certified(path: Path, certificate: Certificate) -> PublicKey:
    bare = _public(_on_known_curve(path, certificate.public_key()))
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return PublicKey(bare.key, bare.fingerprint, first, last)


def _on_known_curve(path: Path, key: object) -> ec.EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey):
        _refuse(path, f"a key of another kind ({type(key).__name__.removesuffix('PublicKey')})", MAKE)
    if key.curve.name not in _BITS:
        _refuse(path, f"a key on the curve {key.curve.name}", MAKE)
    return key


def _public(key: ec.EllipticCurvePublicKey) -> PublicKey:
    return PublicKey(key, hashlib.sha256(_pem(key)).hexdigest())


def _pem(key: ec.EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _hash(curve: ec.EllipticCurve) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    known: dict[int, HashAlgorithm] = {
        256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()
    }  # fmt: skip
    return known[_BITS[curve.name]]


def _refuse(path: Path, came: str, hint: str) -> NoReturn:
    raise TrustError("the key cannot be used", came=f"{path} holds {came}", allowed=ALLOWED, hint=hint)
