"""``fieldpack schema``: the JSON Schema of pack.toml, of a budget or of the manifest."""

from __future__ import annotations

import argparse
import json

from fieldpack.cli.terminal import Terminal

DOCUMENTS = ("spec", "budget", "manifest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("document", nargs="?", choices=DOCUMENTS, default="spec", help="default: spec")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the schema."""
    from fieldpack.budget import Budget
    from fieldpack.bundle.manifest import Manifest
    from fieldpack.model import Strict
    from fieldpack.spec import Spec

    kinds: dict[str, type[Strict]] = {"spec": Spec, "budget": Budget, "manifest": Manifest}
    schema = kinds[options.document].model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    terminal.result(schema, json.dumps(schema, indent=1))
    return 0
