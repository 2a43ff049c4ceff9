"""``fieldpack rebuild --check``: does the same spec still give the same bytes?"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.bundle.manifest import Manifest, Predecessor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml")
    parser.add_argument("--check", type=Path, required=True, metavar="BUNDLE", help="bundle to compare with")
    parser.add_argument(
        "--baseline", type=Path, metavar="BUNDLE", help="the bundle that its version was counted from"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build into a temporary folder and compare; 0 identical, 1 different."""
    from fieldpack.bundle.read import open_bundle

    with open_bundle(options.check) as bundle:
        digest, files, version = bundle.digest, bundle.manifest.files, bundle.manifest.version
        names = name_files(bundle.manifest)
        tools = bundle.manifest.lineage.tools
        before = json.loads(bundle.read(bundle.manifest.evidence))
        _check_baseline(bundle.manifest.lineage.baseline, options.baseline)
    with tempfile.TemporaryDirectory(prefix="fieldpack-rebuild-") as folder:
        path = _built(options.spec, Path(folder) / "bundle", before, options.baseline, terminal)
        with open_bundle(path) as rebuilt:
            again, digest_now = rebuilt.manifest.files, rebuilt.digest
            version_now = rebuilt.manifest.version
            tools_now = rebuilt.manifest.lineage.tools
    different = sorted(name for name in files.keys() | again.keys() if files.get(name) != again.get(name))
    changed_tools = sorted(
        name for name in tools.keys() | tools_now.keys() if tools.get(name) != tools_now.get(name)
    )
    identical = digest_now == digest
    only_names = bool(different) and set(different) <= names
    document = {
        "identical": identical,
        "digest": digest,
        "rebuilt": digest_now,
        "different_files": different,
        "only_names": only_names,
        "versions": [version, version_now],
        "changed_tools": changed_tools,
    }
    lines = [f"given    sha256:{digest}", f"rebuilt  sha256:{digest_now}"]
    lines += [f"differs  {name}" for name in different or ([] if identical else ["manifest.json"])]
    lines += [f"tool     {name}: {tools.get(name)} then, {tools_now.get(name)} now" for name in changed_tools]
    if version != version_now:
        lines.append(f"version  {version} given, {version_now} in the spec")
    if only_names:
        lines.append("models, golden vectors and evidence are the same bytes: names alone differ, as by")
        lines.append("         fieldpack taxonomy release; state the new taxonomy and version in the spec")
    lines.append("rebuild: " + ("IDENTICAL" if identical else "DIFFERENT"))
    terminal.result(document, "\n".join(lines))
    return 0 if identical else 1


def name_files(manifest: Manifest) -> set[str]:
    """Files of labels, taxonomies and thresholds, which a release with another taxonomy writes anew."""
    outputs = manifest.contract.outputs
    found = {path for item in outputs for path in (item.labels, item.taxonomy, item.thresholds)}
    found |= {path for flavour in manifest.flavours for path in flavour.thresholds.values()}
    return {path for path in found if path is not None}


def _check_baseline(counted_from: Predecessor | None, baseline: Path | None) -> None:
    """A version that was counted from another bundle can only be counted again with that one."""
    from fieldpack.bundle.whole import open_whole
    from fieldpack.errors import InputError

    if counted_from is None:
        return
    words = f"{counted_from.name} {counted_from.version}, sha256:{counted_from.digest}"
    if baseline is None:
        raise InputError(
            "the version was counted from another bundle", allowed=words, hint="--baseline BUNDLE"
        )
    with open_whole(baseline, "a version counted from it") as given:
        if given.digest != counted_from.digest:
            came = f"{given.manifest.name} {given.manifest.version}, sha256:{given.digest}"
            raise InputError("the version was counted from another bundle", came=came, allowed=words)


def _built(
    spec: Path, target: Path, before: dict[str, Any], baseline: Path | None, terminal: Terminal
) -> Path:
    """Build as the bundle was built: the spec, or what a search over it chose."""
    from fieldpack.build.pipeline import build
    from fieldpack.errors import BundleError
    from fieldpack.search.winner import build_winner
    from fieldpack.spec import load_spec

    record = before.get("search")
    if record is None:
        return build(spec, target, terminal.progress, before=before, baseline=baseline).path
    if not isinstance(record, dict) or "choice" not in record:
        raise BundleError(
            "the bundle does not say what its search chose", hint="search again, and build anew"
        )
    winner = build_winner(load_spec(spec), spec, target, record, terminal.progress, before=before)
    if winner.built is None:
        raise BundleError("built again, the winner of the search fails on the examples of [data.confirm]")
    return winner.built.path
