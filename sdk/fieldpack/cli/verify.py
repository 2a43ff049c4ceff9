"""``fieldpack verify``: digests, structure, a signature with ``--key``, golden vectors on every flavour."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.trust import Demand
    from fieldpack.verification import Verification


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder, .fieldpack or .tflite file")
    trust = parser.add_argument_group("who signed it")
    trust.add_argument(
        "--key",
        type=Path,
        metavar="PUBLIC",
        help="public key or certificate, PEM: the bundle must carry a signature by it",
    )
    trust.add_argument(
        "--signature", type=Path, metavar="FILE", help="default: NAME.sig.json beside the bundle"
    )
    trust.add_argument("--at-least", metavar="VERSION", help="refuse older versions")
    trust.add_argument(
        "--after", type=Path, metavar="OLD", help="the bundle that users have: refuse older ones and others"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what was found; 0 good, 1 altered, wrong or not to be trusted, 4 an engine is missing."""
    demand = _demand(options)
    if options.bundle.suffix == ".tflite":
        return _tflite(options.bundle, terminal)
    from fieldpack.verdict import exit_code
    from fieldpack.verification import verify

    found = verify(options.bundle, lambda stage, done: terminal.progress("verify", stage, done), demand)
    document: dict[str, object] = {
        "bundle": str(options.bundle),
        "digest": found.digest,
        "outcome": found.outcome.value,
        "findings": [
            {"code": str(finding.code), "path": finding.path, "message": finding.message}
            for finding in found.findings
        ],
        "golden": [check.as_dict() for check in found.golden],
    }
    if found.claims and demand:
        signed = found.claims.model_dump(mode="json", exclude={"verdicts", "budget"})
        document["signed"] = {"key": f"sha256:{demand.key.fingerprint}", **signed}
    text = _text(found) + _signed_text(found, demand)
    terminal.result(document, f"{text}\nverify: {found.outcome.value.upper()}")
    return exit_code(found.outcome)


def _demand(options: argparse.Namespace) -> Demand | None:
    """Whose signature is asked for, if any."""
    given = [name for name in ("signature", "at_least", "after") if getattr(options, name) is not None]
    if options.key is None and not given:
        return None
    from fieldpack.errors import TrustError
    from fieldpack.trust import Demand
    from fieldpack.trust.keys import read_public_key
    from fieldpack.trust.rollback import parse_version, shipped_bundle

    if options.key is None:
        flag = "--" + given[0].replace("_", "-")
        raise TrustError(f"{flag} needs --key: anyone can write a version into a bundle without signature")
    if options.bundle.suffix == ".tflite":
        raise TrustError("a model file has no signature", came=options.bundle, allowed="a bundle")
    key = read_public_key(options.key)
    if options.at_least is not None:
        parse_version(options.at_least)
    after = None if options.after is None else shipped_bundle(options.after)
    return Demand(key, options.signature, options.at_least, after)


def _text(found: Verification) -> str:
    if found.findings:
        rows = [[str(finding.code), finding.path, finding.message] for finding in found.findings]
        return table(("finding", "where", "what"), rows)
    rows = [
        [
            check.flavour,
            check.output,
            check.outcome.value.upper(),
            "-" if check.difference is None else f"{check.difference:.2g}",
            f"<= {check.tolerance:.2g}",
            str(check.count),
            check.evidence.value,
            check.reason,
        ]
        for check in found.golden
    ]
    header = ("flavour", "output", "verdict", "difference", "allowed", "vectors", "evidence", "")
    return table(header, rows, right=(3, 5)) + f"\n\ndigest  sha256:{found.digest}"


def _signed_text(found: Verification, demand: Demand | None) -> str:
    claims = found.claims
    if claims is None or demand is None:
        return ""
    until = f"until {claims.expires}" if claims.expires else "without end"
    verdicts = f"{len(claims.verdicts)} verdicts: {claims.outcome.value.upper()}"
    return (
        f"\nsigned  {claims.signed} by key sha256:{demand.key.fingerprint}, {until}"
        f"\nclaims  {claims.name} {claims.version}, {verdicts}"
    )


def _tflite(path: Path, terminal: Terminal) -> int:
    """A bare model file: it is well formed, and LiteRT loads it and runs it once on zeros."""
    from fieldpack.tflite.file import open_model
    from fieldpack.tflite.load_check import check_loads

    model = open_model(path)
    check_loads(path)
    document = {"file": path.name, "outcome": "pass", "operators": len(model.operators)}
    terminal.result(document, f"{path.name}: well formed, runs once in LiteRT\nverify: PASS")
    return 0
