"""``fieldpack build``: from pack.toml to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal
from fieldpack.cli.verdicts import verdict_text

if TYPE_CHECKING:
    from fieldpack.build.version import CountedVersion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="bundle folder, or FILE.fieldpack"
    )
    parser.add_argument(
        "--baseline",
        type=Path,
        metavar="BUNDLE",
        help="bundle that this one follows: the version is counted from it, and a lower one refused",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build and print the verdicts.

    A budget that does not hold does not undo the build: the bundle is there to be looked
    at, and ``fieldpack gate`` is what fails.
    """
    from fieldpack.build.pipeline import build

    result = build(options.spec, options.out, terminal.progress, baseline=options.baseline)
    for warning in result.warnings:
        terminal.note(f"warning: {warning}")
    document = {
        "warnings": list(result.warnings),
        "bundle": str(result.path),
        "digest": result.digest,
        "version": result.version.as_dict(),
        "outcome": result.outcome.value,
        "verdicts": [verdict.as_dict() for verdict in result.verdicts],
    }
    text = f"{verdict_text(result.verdicts)}\n\nbundle  {result.path}\ndigest  sha256:{result.digest}"
    terminal.result(document, f"{text}\nversion {version_text(result.version)}")
    return 0


def version_text(counted: CountedVersion) -> str:
    """A version with the step from the bundle before, and the first change that asked for it."""
    if counted.baseline is None or counted.step is None:
        return counted.version
    asked = [f"{item.rule} {item.where}" for item in counted.reasons[:1]]
    more = [f"{len(counted.reasons) - 1} more"] if len(counted.reasons) > 1 else []
    reasons = f": {', '.join(asked + more)}" if asked else ""
    return f"{counted.version} after {counted.baseline}, {counted.step.value}{reasons}"
