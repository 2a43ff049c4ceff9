"""``fieldpack study``: measured comparisons that other packages register under ``fieldpack.studies``.

A study is a function ``study(quick, progress) -> Study``; it is found through Python entry
points, so that the sdk does not import the package that holds it.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import entry_points
from pathlib import Path

from fieldpack.cli.terminal import Terminal
from fieldpack.errors import MissingDependencyError, SpecError, StorageError

GROUP = "fieldpack.studies"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", nargs="?", help="name of the study; without it, the list")
    parser.add_argument("--quick", action="store_true", help="seeded sample, under 5 minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows and bars as JSON")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run the study; 1 when a bar does not hold."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if options.name is None:
        terminal.result({"studies": sorted(found)}, "\n".join(sorted(found)) or "no studies are installed")
        return 0
    if not found:
        raise MissingDependencyError("no studies are installed", hint="pip install -e . in a clone")
    if options.name not in found:
        raise SpecError("there is no study of this name", came=options.name, allowed=", ".join(sorted(found)))
    study = found[options.name].load()(
        quick=options.quick, progress=lambda stage, done: terminal.progress("study", stage, done)
    )
    document = study.as_dict()
    if options.json is not None:
        try:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(document, indent=1) + "\n")
        except OSError as error:
            raise StorageError(
                "the study's file cannot be written", came=f"{options.json}: {error}"
            ) from error
    terminal.result(document, study.as_text())
    return 0 if study.holds else 1
