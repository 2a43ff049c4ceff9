"""``fieldpack build``: from pack.toml to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal
from fieldpack.cli.verdicts import verdict_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="bundle folder, or FILE.fieldpack"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build and print the verdicts.

    A budget that does not hold does not undo the build: the bundle is there to be looked
    at, and ``fieldpack gate`` is what fails.
    """
    from fieldpack.build.pipeline import build

    result = build(options.spec, options.out, terminal.progress)
    for warning in result.warnings:
        terminal.note(f"warning: {warning}")
    document = {
        "warnings": list(result.warnings),
        "bundle": str(result.path),
        "digest": result.digest,
        "outcome": result.outcome.value,
        "verdicts": [verdict.as_dict() for verdict in result.verdicts],
    }
    text = f"{verdict_text(result.verdicts)}\n\nbundle  {result.path}\ndigest  sha256:{result.digest}"
    terminal.result(document, text)
    return 0
