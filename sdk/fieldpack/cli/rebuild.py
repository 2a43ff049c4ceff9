"""``fieldpack rebuild --check``: does the same spec still give the same bytes?"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from fieldpack.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml")
    parser.add_argument("--check", type=Path, required=True, metavar="BUNDLE", help="bundle to compare with")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build into a temporary folder and compare; 0 identical, 1 different."""
    from fieldpack.build.pipeline import build
    from fieldpack.bundle.read import open_bundle

    with open_bundle(options.check) as bundle:
        digest, files = bundle.digest, bundle.manifest.files
        tools = bundle.manifest.lineage.tools
        before = json.loads(bundle.read(bundle.manifest.evidence))
    with tempfile.TemporaryDirectory(prefix="fieldpack-rebuild-") as folder:
        result = build(options.spec, Path(folder) / "bundle", terminal.progress, before=before)
        with open_bundle(result.path) as rebuilt:
            again = rebuilt.manifest.files
            tools_now = rebuilt.manifest.lineage.tools
    different = sorted(name for name in files.keys() | again.keys() if files.get(name) != again.get(name))
    changed_tools = sorted(
        name for name in tools.keys() | tools_now.keys() if tools.get(name) != tools_now.get(name)
    )
    identical = result.digest == digest
    document = {
        "identical": identical,
        "digest": digest,
        "rebuilt": result.digest,
        "different_files": different,
        "changed_tools": changed_tools,
    }
    lines = [f"given    sha256:{digest}", f"rebuilt  sha256:{result.digest}"]
    lines += [f"differs  {name}" for name in different or ([] if identical else ["manifest.json"])]
    lines += [f"tool     {name}: {tools.get(name)} then, {tools_now.get(name)} now" for name in changed_tools]
    lines.append("rebuild: " + ("IDENTICAL" if identical else "DIFFERENT"))
    terminal.result(document, "\n".join(lines))
    return 0 if identical else 1
