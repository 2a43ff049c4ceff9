"""The file is what others' DSSE code accepts, and no byte of it can be changed."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from fieldpack.bundle.document import canonical_json
from fieldpack.errors import TrustError
from fieldpack.trust.conftest import Signer
from fieldpack.trust.signature import (
    MEDIA_TYPE,
    STATEMENT_TYPE,
    Signature,
    parse_signature,
    pre_authentication,
    signature_bytes,
    signed,
)

PAYLOAD = '{"bee": "Zaunkönig"}\n'.encode()


def test_the_example_of_the_specification() -> None:
    """PAE of DSSE 1.0: lengths are those of bytes, in ASCII decimal."""
    found = pre_authentication("köder".encode())
    assert found == b"DSSEv1 28 application/vnd.in-toto+json 6 k\xc3\xb6der"


def test_what_is_written_is_read(signer: Signer) -> None:
    made = signed(PAYLOAD, signer.key)
    found = parse_signature(signature_bytes(made))
    assert found == made
    assert found.is_by(signer.trusted)
    assert not Signature(PAYLOAD + b" ", found.signature, found.fingerprint).is_by(signer.trusted)


def test_the_envelope_holds_for_securesystemslib(signer: Signer, stranger: Signer) -> None:
    document = json.loads(signature_bytes(signed(PAYLOAD, signer.key)))
    assert document["mediaType"] == MEDIA_TYPE
    envelope = Envelope.from_dict(document["dsseEnvelope"])
    assert (envelope.payload, envelope.payload_type) == (PAYLOAD, STATEMENT_TYPE)

    def accepted(of: Signer, envelope: Envelope) -> bool:
        key = SSlibKey("", "ecdsa", "ecdsa-sha2-nistp256", {"public": of.public.read_text()})
        try:
            return "" in envelope.verify([key], 1)
        except VerificationError:
            return False

    assert accepted(signer, envelope)
    assert not accepted(stranger, envelope)
    envelope.payload += b" "
    assert not accepted(signer, envelope)


def test_any_byte_that_is_changed_is_noticed(signer: Signer) -> None:
    data = signature_bytes(signed(PAYLOAD, signer.key))
    source = random.Random(3)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= source.randrange(1, 256)
        try:
            found = parse_signature(bytes(changed))
        except TrustError:
            continue
        assert found.fingerprint != signer.trusted.fingerprint or not found.is_by(signer.trusted), at


def test_the_unused_bits_of_base64_count(signer: Signer) -> None:
    """``QQ==`` and ``QR==`` are the same byte to most readers."""
    made = Signature(b"A", b"A", "0" * 64)
    data = signature_bytes(made)
    assert base64.b64decode("QR==") == b"A"
    assert parse_signature(data) == made
    with pytest.raises(TrustError, match="not a signature"):
        parse_signature(data.replace(b"QQ==", b"QR==", 1))


def edited(**changes: Any) -> bytes:
    document = json.loads(signature_bytes(Signature(b"A", b"A", "0" * 64)))
    return canonical_json(document | changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a": NaN}',
        edited(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"),
        edited(more=1),
        edited(dsseEnvelope={"payload": "QQ==", "payloadType": "text/plain", "signatures": []}),
        edited(dsseEnvelope={"payload": 1, "payloadType": STATEMENT_TYPE, "signatures": [{"sig": "QQ=="}]}),
        edited(dsseEnvelope=None),
        json.dumps(json.loads(edited())).encode(),
        edited() + b"\n",
        b"\xef\xbb\xbf" + edited(),
    ],
)
def test_another_file_is_refused(data: bytes) -> None:
    parse_signature(edited())
    with pytest.raises(TrustError, match="not a signature"):
        parse_signature(data)
