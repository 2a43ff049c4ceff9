"""``fieldpack sign``: a detached signature over a bundle's bytes and claims, with its bill of materials."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from fieldpack.cli.terminal import Terminal

PASSWORD = "FIELDPACK_KEY_PASSWORD"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument(
        "--key",
        type=Path,
        required=True,
        metavar="PRIVATE",
        help=f"private key, PEM; an encrypted one is opened with the environment variable {PASSWORD}",
    )
    parser.add_argument("--days", type=int, metavar="N", help="how long it holds; default: without end")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="signature; default: NAME.sig.json beside the bundle"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Sign; 0 when it was written, 2 when bundle or key is not good."""
    from fieldpack.trust.keys import read_private_key
    from fieldpack.trust.signing import sign_bundle

    key = read_private_key(options.key, os.environ.get(PASSWORD))
    made = sign_bundle(options.bundle, key, target=options.out, days=options.days)
    claims = made.claims
    document = {
        "signature": str(made.signature),
        "bill_of_materials": str(made.bill),
        "key": f"sha256:{made.fingerprint}",
        "bundle": claims.name,
        "version": claims.version,
        "digest": claims.bundle_digest,
        "files": made.files,
        "outcome": claims.outcome.value,
        "expires": claims.expires,
    }
    lines = [
        f"signature  {made.signature}",
        f"materials  {made.bill}",
        f"over       {claims.name} {claims.version}, {made.files} files, sha256:{claims.bundle_digest}",
        f"claims     {len(claims.verdicts)} verdicts, {claims.outcome.value.upper()}",
        f"key        sha256:{made.fingerprint}",
        f"expires    {claims.expires or 'never'}",
    ]
    terminal.result(document, "\n".join(lines))
    return 0
