"""``fieldpack export``: bundles as the directory that an app loads today, unmodified."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, size_text, table

if TYPE_CHECKING:
    from fieldpack.exports.inat_vision_camera.export import Exported


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from fieldpack.exports.inat_vision_camera import facts

    versions = [version for version in facts.MODEL_VERSIONS if version != facts.SCALED_MODEL_VERSION]
    parser.add_argument(
        "bundles", type=Path, nargs="+", metavar="BUNDLE", help="one of pictures, one of places"
    )
    parser.add_argument("--for", dest="consumer", required=True, choices=[facts.TARGET], help="who loads it")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="directory to write; must be new"
    )
    parser.add_argument(
        "--plugin-version",
        default=facts.DEFAULT_MODEL_VERSION,
        choices=versions,
        help=f"model version that the plugin admits; default: {facts.DEFAULT_MODEL_VERSION}",
    )
    parser.add_argument(
        "--min-plugin",
        default=facts.DEFAULT_PLUGIN,
        choices=facts.PLUGINS,
        help=f"oldest plugin release that must load it; default: {facts.DEFAULT_PLUGIN}",
    )
    parser.add_argument(
        "--coreml",
        default="neuralnetwork",
        choices=["neuralnetwork", "mlprogram"],
        help="one .mlmodel file (default), or the flavour's own program in an .mlpackage, which apps must be "
        "edited for",
    )
    parser.add_argument(
        "--flavour",
        action="append",
        default=[],
        metavar="NAME",
        help="flavour to take; default: the smallest",
    )
    parser.add_argument(
        "--taxonomy", type=Path, metavar="FILE", help="taxonomy; default: the picture bundle's"
    )
    parser.add_argument("--thresholds", type=Path, metavar="FILE", help="thresholds by taxon id")
    parser.add_argument(
        "--geo-floor", type=float, default=0.0, help="smallest geo score, put into the graph; default: none"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=facts.AGREEMENT,
        help=f"how far both platforms' answers may lie apart, 0 to 1; default: {facts.AGREEMENT}",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the directory and print what is in it; 0, or an error and nothing written."""
    from fieldpack.exports.inat_vision_camera.export import Choices, export

    choices = Choices(
        version=options.plugin_version,
        plugin=options.min_plugin,
        core_ml=options.coreml,
        flavours=tuple(options.flavour),
        taxonomy=options.taxonomy,
        thresholds=options.thresholds,
        geo_floor=options.geo_floor,
        tolerance=options.tolerance,
    )
    made = export(
        options.bundles, options.out, choices, lambda stage, done: terminal.progress("export", stage, done)
    )
    terminal.result(made.as_dict(), export_text(made))
    return 0


def export_text(made: Exported) -> str:
    """Files, figures and what to know, for people."""
    rows = [[name, size_text(size)] for name, size in made.files.items()]
    golden = [
        [
            figure.file,
            figure.flavour,
            f"{figure.difference:.2g}",
            f"<= {figure.tolerance:.2g}",
            str(figure.count),
            figure.evidence,
        ]
        for figure in made.golden
    ]
    header = ("file", "made of", "difference", "allowed", "vectors", "evidence")
    lines = [table(("file", "size"), rows, right=(1,)), "", table(header, golden, right=(2, 4)), ""]
    lines += [f"note  {note}" for note in made.notes]
    lines += [
        f"{finding.rule.severity.value}  {finding.rule.id}: {finding.message}"
        for finding in made.lint.findings
    ]
    return "\n".join([*lines, f"written to {made.folder}; see APP_EDITS.md there", "lint: PASS"])
