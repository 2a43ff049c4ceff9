"""``fieldpack keygen``: a pair of keys for ``fieldpack sign`` and ``fieldpack verify --key``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from fieldpack.cli.sign import PASSWORD
from fieldpack.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "name",
        type=Path,
        help=f"writes NAME.key.pem, encrypted when {PASSWORD} is set, and NAME.pub.pem",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write both files; nothing that is there is written over."""
    from fieldpack.trust.keys import read_public_key, write_pair

    password = os.environ.get(PASSWORD)
    private, public = write_pair(options.name, password)
    fingerprint = read_public_key(public).fingerprint
    document = {
        "private": str(private),
        "public": str(public),
        "key": f"sha256:{fingerprint}",
        "encrypted": bool(password),
    }
    text = (
        f"private  {private} ({'encrypted' if password else 'not encrypted'}; keep it to yourself)\n"
        f"public   {public} (hand it to whoever verifies)\n"
        f"key      sha256:{fingerprint}"
    )
    terminal.result(document, text)
    return 0
