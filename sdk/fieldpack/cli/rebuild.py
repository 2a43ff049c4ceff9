"""``fieldpack rebuild --check``: does the same spec still give the same bytes?"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from fieldpack.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml")
    parser.add_argument("--check", type=Path, required=True, metavar="BUNDLE", help="bundle to compare with")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build into a temporary folder and compare; 0 identical, 1 different."""
    from fieldpack.bundle.read import open_bundle

    with open_bundle(options.check) as bundle:
        digest, files = bundle.digest, bundle.manifest.files
        tools = bundle.manifest.lineage.tools
        before = json.loads(bundle.read(bundle.manifest.evidence))
    with tempfile.TemporaryDirectory(prefix="fieldpack-rebuild-") as folder:
        path = _built(options.spec, Path(folder) / "bundle", before, terminal)
        with open_bundle(path) as rebuilt:
            again, digest_now = rebuilt.manifest.files, rebuilt.digest
            tools_now = rebuilt.manifest.lineage.tools
    different = sorted(name for name in files.keys() | again.keys() if files.get(name) != again.get(name))
    changed_tools = sorted(
        name for name in tools.keys() | tools_now.keys() if tools.get(name) != tools_now.get(name)
    )
    identical = digest_now == digest
    document = {
        "identical": identical,
        "digest": digest,
        "rebuilt": digest_now,
        "different_files": different,
        "changed_tools": changed_tools,
    }
    lines = [f"given    sha256:{digest}", f"rebuilt  sha256:{digest_now}"]
    lines += [f"differs  {name}" for name in different or ([] if identical else ["manifest.json"])]
    lines += [f"tool     {name}: {tools.get(name)} then, {tools_now.get(name)} now" for name in changed_tools]
    lines.append("rebuild: " + ("IDENTICAL" if identical else "DIFFERENT"))
    terminal.result(document, "\n".join(lines))
    return 0 if identical else 1


def _built(spec: Path, target: Path, before: dict[str, Any], terminal: Terminal) -> Path:
    """Build as the bundle was built: the spec, or what a search over it chose."""
    from fieldpack.build.pipeline import build
    from fieldpack.errors import BundleError
    from fieldpack.search.winner import build_winner
    from fieldpack.spec import load_spec

    record = before.get("search")
    if record is None:
        return build(spec, target, terminal.progress, before=before).path
    if not isinstance(record, dict) or "choice" not in record:
        raise BundleError(
            "the bundle does not say what its search chose", hint="search again, and build anew"
        )
    winner = build_winner(load_spec(spec), spec, target, record, terminal.progress, before=before)
    if winner.built is None:
        raise BundleError("built again, the winner of the search fails on the examples of [data.confirm]")
    return winner.built.path
