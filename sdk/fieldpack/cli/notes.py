"""``fieldpack notes``: the release note of a new version, for the people who use the app."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", type=Path, help="bundle folder or .fieldpack file that apps have")
    parser.add_argument("new", type=Path, help="bundle that is to follow it")
    parser.add_argument(
        "--flavour",
        action="append",
        default=[],
        metavar="NAME",
        help="flavour to tell of; default: the smallest for each system on which no limit failed",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="Markdown file, such as NOTES.md; default: print it"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Draft the note; with ``--json`` also the place of every number."""
    from fieldpack.bundle.whole import open_whole
    from fieldpack.cli.words import tell
    from fieldpack.difference import compare_bundles
    from fieldpack.words.record import read_record
    from fieldpack.words.release_note import release_note

    text = "a note with it"
    with open_whole(options.old, text) as old, open_whole(options.new, text) as new:
        found = compare_bundles(old, new, costs=False)
        note = release_note(read_record(old), read_record(new), found, options.flavour)
    tell(note, "note", options.out, terminal)
    return 0
