"""``fieldpack gate``: hold a bundle against its own budget, or against another."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fieldpack.cli.terminal import Terminal
from fieldpack.cli.verdicts import verdict_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument("--budget", type=Path, metavar="FILE", help="budget file; default: the bundle's own")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the verdicts; 0 pass, 1 fail, 3 inconclusive, 4 not measured."""
    from fieldpack import gate
    from fieldpack.budget import load_budget
    from fieldpack.bundle.read import open_bundle
    from fieldpack.bundle.verify import check_structure
    from fieldpack.shipped import beside_shipped
    from fieldpack.verdict import exit_code

    findings = check_structure(options.bundle)
    if findings:
        listed = [{"code": str(item.code), "path": item.path, "message": item.message} for item in findings]
        lines = [f"{item['code']}  {item['path']}  {item['message']}" for item in listed]
        document = {"bundle": str(options.bundle), "outcome": "fail", "findings": listed}
        terminal.result(document, "\n".join([*lines, "", "verdict: FAIL - the bundle was altered"]))
        return 1
    with open_bundle(options.bundle) as bundle:
        manifest = bundle.manifest
        budget = load_budget(options.budget) if options.budget else manifest.budget
        evidence = json.loads(bundle.read(manifest.evidence))
        if options.budget:
            evidence = beside_shipped(budget, bundle, evidence)
        verdicts = gate.hold(budget, manifest.flavours, evidence)
        outcome = gate.outcome_of(verdicts)
        document = {
            "bundle": manifest.name,
            "version": manifest.version,
            "digest": bundle.digest,
            "outcome": outcome.value,
            "verdicts": [verdict.as_dict() for verdict in verdicts],
        }
    terminal.result(document, f"{manifest.name} {manifest.version}\n\n{verdict_text(verdicts)}")
    return exit_code(outcome)
