"""``fieldpack diagnose``: why a quantised TFLite file answers worse or slower, and what to do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.diagnosis.diagnose import Diagnosis
    from fieldpack.diagnosis.finding import Finding

SHOWN = 3
"""Layers shown for each cause; --all and --json have them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("path", type=Path, help="quantised .tflite file, bundle folder or .fieldpack")
    parser.add_argument(
        "--float", type=Path, dest="floating", metavar="FILE", help="the float .tflite it was made from"
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="examples as .npy [N, ...], or .npz with one array an input"
    )
    parser.add_argument("--flavour", metavar="NAME", help="of a bundle; default: every quantised one")
    parser.add_argument("--all", action="store_true", help=f"show every layer, not the {SHOWN} worst")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print findings, fixes and what was not looked at; 0, since no limit was stated that could fail."""
    from fieldpack.diagnosis.diagnose import diagnose_bundle, diagnose_file
    from fieldpack.errors import InputError

    def progress(stage: str, done: float) -> None:
        terminal.progress("diagnose", stage, done)

    if options.path.suffix == ".tflite":
        if options.flavour is not None:
            raise InputError("--flavour is for bundles", came=options.path.name)
        found = [diagnose_file(options.path, options.floating, options.data, progress)]
    elif options.floating is not None or options.data is not None:
        raise InputError(
            "A bundle brings its own float flavour and golden vectors",
            came="--float or --data",
            allowed="neither",
        )
    else:
        found = diagnose_bundle(options.path, options.flavour, progress)
    shown = None if options.all else SHOWN
    document = {"path": str(options.path), "diagnoses": [item.as_dict() for item in found]}
    terminal.result(document, "\n\n".join(_text(item, shown) for item in found))
    return 0


def _text(found: Diagnosis, shown: int | None) -> str:
    ran = f"ran on {found.examples}" if found.examples else "did not run on examples"
    head = f"{found.name}: {found.quantised_operators} of {found.operators} operators quantised, {ran}"
    parts = [head, *(_findings(found.findings, shown) if found.findings else ["nothing found"])]
    rows = [
        [cause.name, item.standing.value, "; ".join(filter(None, (item.looked_at, _left(item.not_run))))]
        for cause, item in found.examined
    ]
    return "\n\n".join([*parts, table(("cause", "state", "looked at"), rows)])


def _left(not_run: str) -> str:
    return f"not_run: {not_run}" if not_run else ""


def _findings(findings: tuple[Finding, ...], shown: int | None) -> list[str]:
    blocks = []
    for cause in dict.fromkeys(finding.cause for finding in findings):
        own = [finding for finding in findings if finding.cause == cause]
        lines = [cause]
        lines += [f"  {item.layer}\n      {item.says}  [{item.evidence.value}]" for item in own[:shown]]
        more = len(own) - len(own[:shown])
        lines += [f"  and {more} more: --all"] if more else []
        fixes = dict.fromkeys(item.fix for item in own[:shown])
        lines += [f"  to mend: {fix}" for fix in fixes]
        blocks.append("\n".join(lines))
    return blocks
