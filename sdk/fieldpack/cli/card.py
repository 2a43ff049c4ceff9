"""``fieldpack card``: the model card of a bundle, as the README of a model's repository."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="Markdown file, such as README.md; default: print it"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the card; with ``--json`` also the place of every number."""
    from fieldpack.bundle.whole import open_whole
    from fieldpack.cli.words import tell
    from fieldpack.words.card import model_card
    from fieldpack.words.record import read_record

    with open_whole(options.bundle, "a card of it") as bundle:
        card = model_card(read_record(bundle))
    tell(card, "card", options.out, terminal)
    return 0
