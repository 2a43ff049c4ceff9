"""``fieldpack lint``: will an app load this directory, on both platforms?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.exports.inat_vision_camera.lint import LintResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from fieldpack.exports.inat_vision_camera import facts

    parser.add_argument("directory", type=Path, help="directory with the files of one or both platforms")
    parser.add_argument("--for", dest="consumer", required=True, choices=[facts.TARGET], help="who loads it")
    parser.add_argument(
        "--format", choices=["table", "json", "sarif"], default="table", help="how to print; default: table"
    )
    parser.add_argument(
        "--min-plugin",
        default=facts.DEFAULT_PLUGIN,
        choices=facts.PLUGINS,
        help=f"oldest plugin release that must load it; default: {facts.DEFAULT_PLUGIN}",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=facts.AGREEMENT,
        help=f"how far both platforms' answers may lie apart, 0 to 1; default: {facts.AGREEMENT}",
    )
    parser.add_argument(
        "--no-run",
        action="store_true",
        help="read the files and leave the models' answers unknown: a good directory is inconclusive then",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the findings; 0 pass, 1 an error, 3 a model could not be run."""
    from fieldpack.exports.inat_vision_camera.lint import lint
    from fieldpack.exports.inat_vision_camera.sarif import as_sarif
    from fieldpack.verdict import exit_code

    result = lint(options.directory, options.min_plugin, options.tolerance, run=not options.no_run)
    if options.format == "sarif":
        document = as_sarif(result)
        terminal.result(document, json.dumps(document, indent=1, ensure_ascii=False))
    elif options.format == "json":
        terminal.result(result.as_dict(), json.dumps(result.as_dict(), indent=1, ensure_ascii=False))
    else:
        terminal.result(result.as_dict(), lint_text(result))
    return exit_code(result.outcome)


def lint_text(result: LintResult) -> str:
    """The findings for people: a line each, then what each broken rule means and what to do."""
    from fieldpack.exports.inat_vision_camera.rule import Severity

    lines = []
    if result.findings:
        rows = [
            [
                finding.rule.severity.value,
                finding.rule.id,
                finding.file if finding.line is None else f"{finding.file}:{finding.line}",
                finding.message,
            ]
            for finding in result.findings
        ]
        lines += [table(("", "rule", "file", "found"), rows), ""]
    for rule in dict.fromkeys(finding.rule for finding in result.findings):
        lines += [
            f"{rule.id}: {rule.looks_at}",
            f"  Android  {rule.android}",
            f"  iOS      {rule.ios}",
            f"  do       {rule.remedy}",
        ]
    lines += [f"not run  {file}: {reason}" for file, reason in result.not_run.items()]
    counts = ", ".join(f"{result.count(severity)} {severity.value}(s)" for severity in Severity)
    return "\n".join([*lines, f"{counts}; plugin {result.plugin}", f"lint: {result.outcome.value.upper()}"])
