"""``fieldpack push``: a bundle into a registry, under a tag."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal, size_text, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument("reference", metavar="HOST/NAME:TAG", help="registry, repository and tag")
    parser.add_argument("--plain-http", action="store_true", help="no TLS; on loopback there is none anyway")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Send what the registry lacks and print what that was; 0, or an error and the tag as it was."""
    from fieldpack.registry import parse_reference, push

    made = push(
        options.bundle,
        parse_reference(options.reference),
        plain_http=options.plain_http,
        progress=lambda stage, done: terminal.progress("push", stage, done),
    )
    rows = [
        ["sent", str(made.parts_sent), size_text(made.bytes_sent)],
        ["there already", str(made.parts_there), size_text(made.bytes_there)],
    ]
    text = (
        f"{made.name} {made.version} is {made.reference}\n\n"
        f"{table(('parts', 'count', 'size'), rows, right=(1, 2))}\n\n"
        f"digest    sha256:{made.digest}\n"
        f"contract  sha256:{made.contract}\n"
        f"artefact  {made.pinned}"
    )
    terminal.result(made.as_dict(), text)
    return 0
