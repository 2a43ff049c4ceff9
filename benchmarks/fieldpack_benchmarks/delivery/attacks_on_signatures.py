"""Attacks on the signature, its bill of materials, and time: old bundles, ended signatures and keys."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldpack.bundle.document import canonical_json
from fieldpack.bundle.finding import FindingCode
from fieldpack.trust.keys import PublicKey
from fieldpack.trust.placement import bill_path, signature_path
from fieldpack.trust.rollback import Shipped, shipped_bundle
from fieldpack.trust.signature import Signature, parse_signature, signature_bytes, signed
from fieldpack.trust.signing import sign_bundle
from fieldpack_benchmarks.delivery.attack import FOLDER, Attack, Changes, edit_manifest, replace_file
from fieldpack_benchmarks.delivery.victim import DAYS, NOW, VERSION, Victim

Code = FindingCode
ZERO = bytes.fromhex("3006020100020100")
"""r = s = 0 in DER, which an unchecked ECDSA takes for any message (CVE-2022-21449)."""


def signature_of(neighbour: str) -> Callable[[Victim], None]:
    """The signature of another bundle by the right key."""

    def do(at: Victim) -> None:
        replace_file(at.signature, signature_path(getattr(at.world, neighbour)))
        replace_file(at.bill, bill_path(signature_path(getattr(at.world, neighbour))))

    return do


def by_stranger(at: Victim) -> None:
    """A good signature by another key."""
    sign_bundle(at.bundle, at.world.stranger.private, now=NOW)


def by_stranger_in_disguise(at: Victim) -> None:
    """The same, naming the right key."""
    by_stranger(at)
    made = parse_signature(at.signature.read_bytes())
    _write(at, Signature(made.payload, made.signature, at.world.release.public.fingerprint))


def document(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Victim], None]:
    """The file of the signature edited."""

    def do(at: Victim) -> None:
        said = json.loads(at.signature.read_bytes())
        edit(said)
        at.signature.write_bytes(canonical_json(said))

    return do


def statement(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Victim], None]:
    """The statement edited under the signature that was there."""

    def do(at: Victim) -> None:
        made = parse_signature(at.signature.read_bytes())
        said = json.loads(made.payload)
        edit(said)
        _write(at, Signature(canonical_json(said), made.signature, made.fingerprint))

    return do


def statement_for_sealed(at: Victim) -> None:
    """Bundle sealed anew, and a statement that fits it, under the signature that was there."""
    made = parse_signature(at.signature.read_bytes())
    edit_manifest(at.bundle, lambda said: said.update(description="better"))
    sign_bundle(at.bundle, at.world.stranger.private, now=NOW)
    fitting = parse_signature(at.signature.read_bytes()).payload
    _write(at, Signature(fitting, made.signature, made.fingerprint))


def raw_signature(signature: bytes) -> Callable[[Victim], None]:
    """Other signature bytes under the right statement and key."""

    def do(at: Victim) -> None:
        made = parse_signature(at.signature.read_bytes())
        _write(at, Signature(made.payload, signature, made.fingerprint))

    return do


def other_use_of_the_key(at: Victim) -> None:
    """What the right key signed for another purpose, without the type before it."""
    made = parse_signature(at.signature.read_bytes())
    signature = at.world.release.private.sign(made.payload)
    _write(at, Signature(made.payload, signature, made.fingerprint))


def other_statement(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Victim], None]:
    """Another statement that the right key did sign."""

    def do(at: Victim) -> None:
        said = json.loads(parse_signature(at.signature.read_bytes()).payload)
        edit(said)
        _write(at, signed(canonical_json(said), at.world.release.private))

    return do


def fewer_files(said: dict[str, Any]) -> None:
    """A statement over fewer files, whole in itself."""
    said["predicate"]["resources"].pop()
    digests = (bytes.fromhex(entry["digest"]) for entry in said["predicate"]["resources"])
    said["subject"][0]["digest"]["sha256"] = hashlib.sha256(b"".join(digests)).hexdigest()


def spelled(change: Callable[[bytes], bytes]) -> Callable[[Victim], None]:
    """Bytes of the signature's file changed."""

    def do(at: Victim) -> None:
        at.signature.write_bytes(change(at.signature.read_bytes()))

    return do


def spare_bits(data: bytes) -> bytes:
    """The last unused bits of the base64 of the signature set, where it has some; else of its statement."""
    said = json.loads(data)
    for place in (said["dsseEnvelope"]["signatures"][0], said["dsseEnvelope"]):
        key = "sig" if "sig" in place else "payload"
        text = place[key]
        if text.endswith("="):
            at = len(text.rstrip("=")) - 1
            place[key] = text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :]
            return canonical_json(said)
    said["dsseEnvelope"]["payload"] += "===="
    return canonical_json(said)


def no_signature(at: Victim) -> None:
    """No signature at all."""
    at.signature.unlink()


def linked_folder(at: Victim) -> None:
    """A folder stands where the signature was."""
    at.signature.unlink()
    at.signature.mkdir()


def other_bill(at: Victim) -> None:
    """The bill of materials of another model."""
    replace_file(at.bill, bill_path(signature_path(at.world.other)))


def edited_bill(at: Victim) -> None:
    """A tool taken off the bill."""
    said = json.loads(at.bill.read_bytes())
    said["metadata"]["tools"]["components"].clear()
    at.bill.write_bytes(canonical_json(said))


def later(**span: float) -> Callable[[Victim], Changes]:
    """The same bundle is offered again later."""
    return lambda at: {"now": NOW + timedelta(**span)}


def certified(first: datetime, last: datetime) -> Callable[[Victim], Changes]:
    """The right key, known by a certificate with these days."""

    def do(at: Victim) -> Changes:
        release = at.world.release.public
        return {"key": PublicKey(release.key, release.fingerprint, first, last)}

    return do


def rollback(neighbour: str, **demand: Any) -> Callable[[Victim], Changes]:
    """A neighbour with its own good signature, offered where the reader has the new bundle."""

    def do(at: Victim) -> Changes:
        source: Path = getattr(at.world, neighbour)
        shutil.rmtree(at.bundle)
        shutil.copytree(source, at.bundle)
        signature_of(neighbour)(at)
        after: Shipped | None = None if demand else shipped_bundle(at.world.folder)
        return demand or {"after": after}

    return do


def _write(at: Victim, signature: Signature) -> None:
    at.signature.write_bytes(signature_bytes(signature))


def _claims(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["predicate"]["fieldpack"]
    return found


def _on(name: str, do: Callable[[Victim], Changes], code: FindingCode = Code.SIGNATURE) -> Attack:
    return Attack("signature", name, FOLDER, code, do)


def _time(name: str, do: Callable[[Victim], Changes], code: FindingCode) -> Attack:
    return Attack("time", name, FOLDER, code, do)


def _envelope(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["dsseEnvelope"]
    return found


ON_SIGNATURES = (
    _on("signature removed", no_signature),
    _on("folder in place of the signature", linked_folder),
    _on("signature of another model", signature_of("other"), Code.CLAIMS),
    _on("signature of the old version", signature_of("old"), Code.CLAIMS),
    _on("signature of another bundle of the same version", signature_of("twin"), Code.CLAIMS),
    _on("signed by another key", by_stranger),
    _on("signed by another key that takes the right one's name", by_stranger_in_disguise),
    _on("verdict in the statement edited", statement(lambda said: _claims(said).update(outcome="fail"))),
    _on("version in the statement raised", statement(lambda said: _claims(said).update(version="9.9.9"))),
    _on("end of the statement moved", statement(lambda said: _claims(said).update(expires=None))),
    _on("files of the statement emptied", statement(lambda said: said["predicate"]["resources"].clear())),
    _on("bundle and statement changed together", statement_for_sealed),
    _on("signature of no bytes", raw_signature(b"")),
    _on("signature of zeros", raw_signature(ZERO)),
    _on("signature that is no DER", raw_signature(b"\x00" * 64)),
    _on("signature that the key made for another use", other_use_of_the_key),
    _on("second signature", document(lambda said: _envelope(said)["signatures"].append({"sig": ""}))),
    _on("no signatures in the envelope", document(lambda said: _envelope(said)["signatures"].clear())),
    _on(
        "type of the statement changed",
        document(lambda said: _envelope(said).update(payloadType="text/plain")),
    ),
    _on("version of the format changed", document(lambda said: said.update(mediaType="v0.1"))),
    _on(
        "certificate in place of the key",
        document(lambda said: said.update(verificationMaterial={"certificate": {"rawBytes": ""}})),
    ),
    _on("unknown field", document(lambda said: said.update(trusted=True))),
    _on("statement that is no JSON", document(lambda said: _envelope(said).update(payload=_text(b"{")))),
    _on("file of deep nests", spelled(lambda data: b"[" * 200_000)),
    _on("file spelled otherwise", spelled(lambda data: json.dumps(json.loads(data)).encode())),
    _on("file with a byte more", spelled(lambda data: data + b"\n")),
    _on("spare bits of base64", spelled(spare_bits)),
    _on(
        "statement of another kind by the right key",
        other_statement(lambda said: said.update(predicateType="https://slsa.dev/provenance/v1")),
    ),
    _on(
        "signature without claims by the right key",
        other_statement(lambda said: said["predicate"].pop("fieldpack")),
    ),
    _on(
        "signature that leaves files out by the right key",
        other_statement(lambda said: said["predicate"]["serialization"].update(ignore_paths=["labels.txt"])),
    ),
    _on("statement over fewer files by the right key", other_statement(fewer_files), Code.CLAIMS),
    _on(
        "statement with other verdicts by the right key",
        other_statement(lambda said: _claims(said)["verdicts"].clear()),
        Code.CLAIMS,
    ),
    _on("bill of materials of another model", other_bill, Code.CLAIMS),
    _on("bill of materials edited", edited_bill, Code.CLAIMS),
)
ON_TIME = (
    _time("signature that ended", later(days=DAYS), Code.EXPIRED),
    _time("certificate that ended", certified(NOW - timedelta(days=9), NOW - timedelta(1)), Code.EXPIRED),
    _time("certificate that has not begun", certified(NOW + timedelta(1), NOW + timedelta(9)), Code.EXPIRED),
    _time("rollback under the shipped bundle", rollback("old"), Code.ROLLBACK),
    _time("rollback under a least version", rollback("old", at_least=VERSION), Code.ROLLBACK),
    _time("second bundle of the same version", rollback("twin"), Code.ROLLBACK),
    _time("another model in place of the shipped one", rollback("other"), Code.ROLLBACK),
    _time(
        "the shipped version under a later least version", rollback("folder", at_least="1.1.1"), Code.ROLLBACK
    ),
)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
