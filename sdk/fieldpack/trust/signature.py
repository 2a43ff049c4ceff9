"""The file of a signature: a DSSE envelope in a Sigstore bundle, spelled in one way only.

DSSE 1.0 signs the type of a statement with it (https://github.com/secure-systems-lab/dsse); the bundle is
Sigstore's version 0.3 with the fingerprint of a key in place of a certificate, and no log. What is read is
written again and compared, so that not one byte of the file is without meaning.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from fieldpack.bundle.document import canonical_json, parse_json
from fieldpack.errors import TrustError
from fieldpack.trust.keys import PrivateKey, PublicKey

STATEMENT_TYPE = "application/vnd.in-toto+json"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LARGEST_SIGNATURE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Signature:
    """A statement and who stands for it.

    Attributes
    ----------
    payload : bytes
        The statement, canonical JSON.
    signature : bytes
        ECDSA over the payload and its type, DER.
    fingerprint : str
        Of the public key, 64 hexadecimal digits.
    """

    payload: bytes
    signature: bytes
    fingerprint: str

    def is_by(self, key: PublicKey) -> bool:
        """Whether the holder of the key's private half signed the payload."""
        return key.holds(self.signature, pre_authentication(self.payload))


def signed(payload: bytes, key: PrivateKey) -> Signature:
    """Sign a statement."""
    return Signature(payload, key.sign(pre_authentication(payload)), key.public.fingerprint)


def pre_authentication(payload: bytes) -> bytes:
    """What is signed: type and payload with their lengths (PAE of DSSE 1.0)."""
    return b"DSSEv1 %d %s %d %s" % (len(STATEMENT_TYPE), STATEMENT_TYPE.encode(), len(payload), payload)


def signature_bytes(signature: Signature) -> bytes:
    """The file, canonical JSON."""
    return canonical_json(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": signature.fingerprint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": _text(signature.payload),
                "payloadType": STATEMENT_TYPE,
                "signatures": [{"keyid": "", "sig": _text(signature.signature)}],
            },
        }
    )


def parse_signature(data: bytes) -> Signature:
    """Read what :func:`signature_bytes` wrote, and nothing else.

    Raises
    ------
    TrustError
        The bytes are not those of such a file.
    """
    try:
        values = parse_json(data, LARGEST_SIGNATURE_BYTES)
        found = Signature(*_parts(values))
        if signature_bytes(found) == data:
            return found
        reason = "other fields or another spelling"
    except (ValueError, TypeError, LookupError, RecursionError, binascii.Error) as error:
        reason = ascii(f"{type(error).__name__}: {error}")[1:121]
    raise TrustError(
        "the file is not a signature that `fieldpack sign` wrote", came=reason, hint="fetch it again"
    )


def _parts(values: Any) -> tuple[bytes, bytes, str]:
    envelope = values["dsseEnvelope"]
    (one,) = envelope["signatures"]
    hint = str(values["verificationMaterial"]["publicKey"]["hint"])
    return _bytes(envelope["payload"]), _bytes(one["sig"]), hint


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
