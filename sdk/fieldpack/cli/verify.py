"""``fieldpack verify``: digests, structure, golden vectors on every flavour."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder, .fieldpack or .tflite file")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what was found; 0 good, 1 altered or wrong, 4 an engine is missing."""
    if options.bundle.suffix == ".tflite":
        return _tflite(options.bundle, terminal)
    from fieldpack.verdict import exit_code
    from fieldpack.verification import verify

    found = verify(options.bundle, lambda stage, done: terminal.progress("verify", stage, done))
    document = {
        "bundle": str(options.bundle),
        "digest": found.digest,
        "outcome": found.outcome.value,
        "findings": [
            {"code": str(finding.code), "path": finding.path, "message": finding.message}
            for finding in found.findings
        ],
        "golden": [check.as_dict() for check in found.golden],
    }
    if found.findings:
        rows = [[str(finding.code), finding.path, finding.message] for finding in found.findings]
        text = table(("finding", "where", "what"), rows)
    else:
        rows = [
            [
                check.flavour,
                check.output,
                check.outcome.value.upper(),
                "-" if check.difference is None else f"{check.difference:.2g}",
                f"<= {check.tolerance:.2g}",
                str(check.count),
                check.evidence.value,
                check.reason,
            ]
            for check in found.golden
        ]
        header = ("flavour", "output", "verdict", "difference", "allowed", "vectors", "evidence", "")
        text = table(header, rows, right=(3, 5)) + f"\n\ndigest  sha256:{found.digest}"
    terminal.result(document, f"{text}\nverify: {found.outcome.value.upper()}")
    return exit_code(found.outcome)


def _tflite(path: Path, terminal: Terminal) -> int:
    """A bare model file: it is well formed, and LiteRT loads it and runs it once on zeros."""
    from fieldpack.tflite.file import open_model
    from fieldpack.tflite.load_check import check_loads

    model = open_model(path)
    check_loads(path)
    document = {"file": path.name, "outcome": "pass", "operators": len(model.operators)}
    terminal.result(document, f"{path.name}: well formed, runs once in LiteRT\nverify: PASS")
    return 0
