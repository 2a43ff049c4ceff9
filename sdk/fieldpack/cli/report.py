"""``fieldpack report``: the whole story of a bundle in one HTML file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fieldpack.cli.terminal import Terminal, size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="HTML file; default: NAME-VERSION.html beside the bundle"
    )
    parser.add_argument("--budget", type=Path, metavar="FILE", help="budget file; default: the bundle's own")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the report; 0 whatever the verdicts say, since ``fieldpack gate`` is what fails."""
    from fieldpack import gate
    from fieldpack.budget import load_budget
    from fieldpack.bundle.whole import open_whole
    from fieldpack.placement import place_file
    from fieldpack.report.page import render
    from fieldpack.shipped import beside_shipped

    with open_whole(options.bundle, "a report of it") as bundle:
        manifest = bundle.manifest
        budget = load_budget(options.budget) if options.budget else manifest.budget
        evidence = json.loads(bundle.read(manifest.evidence))
        if options.budget:
            evidence = beside_shipped(budget, bundle, evidence)
        verdicts = gate.hold(budget, manifest.flavours, evidence)
        text = render(bundle, verdicts)
        beside = Path(options.bundle).absolute().parent / f"{manifest.name}-{manifest.version}.html"
    target: Path = options.out or beside
    data = text.encode("utf-8")
    place_file(target, data, "the report")
    outcome = gate.outcome_of(verdicts)
    document = {
        "report": str(target),
        "size_bytes": len(data),
        "bundle": manifest.name,
        "version": manifest.version,
        "digest": bundle.digest,
        "outcome": outcome.value,
    }
    terminal.result(document, f"report   {target} ({size_text(len(data))})\nverdict  {outcome.value.upper()}")
    return 0
