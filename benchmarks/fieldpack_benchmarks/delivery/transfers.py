"""Transfers: what a new version costs on the line to a real registry, and pulls that are killed.

The registry is the one that ``FIELDPACK_REGISTRY`` names; ``python -m device_tests.registry COMMAND`` starts
Debian's. What the command says of itself is held against a relay between the two, which counts bytes and
knows nothing of Fieldpack. Evidence is ``host``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.manifest import FileEntry
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.registry import parse_reference, push
from fieldpack.registry.artefact import artefact_bytes
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.delivery.line import Line
from fieldpack_benchmarks.study import Bar, Column
from fieldpack_benchmarks.table import Cell

REGISTRY = "FIELDPACK_REGISTRY"
NOT_RUN = f"not_run: {REGISTRY}=HOST:PORT, or python -m device_tests.registry COMMAND"
KILLS, SEED = 20, 20261128
SLOW_BYTES_PER_S = 2e6
MOST_TRIES = 5
"""Runs for each kill: one that ends before its kill says anew how long a run takes."""
WEIGHTS, NOTHING = "weights alone changed", "nothing changed"
PARTS, PLACING = "killed while parts come", "killed around the placing"
COLUMNS = (
    Column("transfer", "text", "host", "what is pulled, and what befalls it"),
    Column("parts", "count", "host", "different parts that came from the registry in the last run"),
    Column("changed_bytes", "bytes", "host", "sizes of the files that are not here, and of both manifests"),
    Column("body_bytes", "bytes", "host", "what the last `fieldpack pull` says it transferred"),
    Column("line_bytes", "bytes", "host", "what the relay counted over all runs, headers included"),
    Column("kills", "count", "host", "runs that SIGKILL ended"),
    Column("placed", "count", "host", "kills after which the new bundle stood there already"),
    Column("torn", "count", "host", "kills that left neither the old bundle nor the new one, whole"),
    Column("outcome", "text", "host", "pass when the last run leaves the new bundle without findings"),
)
Progress = Callable[[str, float], None]


def transfers(bundle: Path, folder: Path, *, kills: int = KILLS, progress: Progress) -> list[dict[str, Cell]]:
    """Rows of :data:`COLUMNS`.

    Parameters
    ----------
    bundle : Path
        What is released; any good bundle.
    folder : Path
        An empty one to work in.
    kills : int
        How often each of two pulls is killed.
    progress : callable
        Called with (stage, fraction).
    """
    host = os.environ.get(REGISTRY)
    if not host:
        return [{"transfer": name, "outcome": NOT_RUN} for name in (WEIGHTS, NOTHING, PARTS, PLACING)]
    newer = changed_weights(bundle, folder / "newer")
    for tag, path in (("1", bundle), ("2", newer)):
        push(path, parse_reference(f"{host}/study/transfers:{tag}"))
    rows = []
    for number, (name, trial) in enumerate(TRIALS.items()):
        progress(name, number / len(TRIALS))
        place = folder / f"trial-{number}"
        place.mkdir()
        rows.append(trial(_Scene(name, host, place, bundle, newer), kills))
    return rows


def bars(rows: Sequence[dict[str, Cell]], *, kills: int = KILLS) -> tuple[Bar, ...]:
    """What the rows of so many kills must reach."""
    found = {row["transfer"]: row for row in rows}

    def beyond(name: str) -> float | None:
        row = found[name]
        came, changed = row.get("body_bytes"), row.get("changed_bytes")
        return None if came is None or changed is None else float(came) - float(changed)

    def value(name: str, column: str) -> float | None:
        cell = found[name].get(column)
        return None if cell is None else float(cell)

    whole = None
    if value(PARTS, "kills") is not None:
        whole = sum(found[name]["outcome"] == "pass" for name in (PARTS, PLACING))
    host = Evidence.HOST
    return (
        Bar("bytes beyond the changed parts, weights alone changed", beyond(WEIGHTS), 0, AT_MOST, host),
        Bar("bytes beyond both manifests, nothing changed", beyond(NOTHING), 0, AT_MOST, host),
        Bar("runs killed while parts come", value(PARTS, "kills"), kills, AT_LEAST, host),
        Bar("torn targets while parts come", value(PARTS, "torn"), 0, AT_MOST, host),
        Bar("torn targets around the placing", value(PLACING, "torn"), 0, AT_MOST, host),
        Bar("killed pulls that complete and verify, of 2", whole, 2, AT_LEAST, host),
    )


def changed_weights(bundle: Path, target: Path) -> Path:
    """Write a bundle that is `bundle` but for its version and one bit in the weights of each flavour.

    The largest file of a flavour holds its weights; the bit lies in the middle of it.
    """
    with open_bundle(bundle) as opened, BundleWriter(target) as writer:
        manifest = opened.manifest
        names = {_largest(flavour.path, manifest.files) for flavour in manifest.flavours}
        for name in manifest.files:
            data = bytearray(opened.read(name))
            if name in names:
                data[len(data) // 2] ^= 1
            writer.add_bytes(name, bytes(data))
        fields = manifest.model_dump(mode="json", exclude={"files", "schema_version"})
        for entry in fields["flavours"]:
            entry["digest"] = content_digest(writer.path(entry["path"]))
        writer.commit(fields | {"version": _next(manifest.version)})
    return target


def _largest(path: str, files: Mapping[str, FileEntry]) -> str:
    inside = [name for name in files if name == path or name.startswith(path + "/")]
    return max(inside, key=lambda name: files[name].size_bytes)


def _next(version: str) -> str:
    head, _, patch = version.rpartition(".")
    return f"{head}.{int(patch) + 1}"


@dataclass(slots=True)
class _Scene:
    """One row: a target, a cache, two versions, and a line to the registry."""

    name: str
    registry: str
    folder: Path
    older: Path
    newer: Path
    kills: int = 0
    placed: int = 0
    torn: int = 0
    line_bytes: int = 0
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.folder / "out"

    def start(self, host: str, tag: str) -> subprocess.Popen[bytes]:
        """Begin a pull in a process of its own."""
        line = ["pull", f"{host}/study/transfers:{tag}", "--out", str(self.target), "--json"]
        command = [sys.executable, "-m", "fieldpack.cli.main", *line, "--cache", str(self.folder / "cache")]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def finish(self, run: subprocess.Popen[bytes], wanted: Sequence[Path | None]) -> None:
        """Wait for a run, and look at what it left: one of `wanted`, where None is nothing."""
        out, _ = run.communicate()
        if run.returncode == 0:
            self.document = json.loads(out)
        if run.returncode == -signal.SIGKILL:
            self.kills += 1
            self.placed += self._is_one_of([self.newer])
        self.torn += not self._is_one_of(wanted)

    def row(self, changed: int, wanted: Path) -> dict[str, Cell]:
        """The figures, after a last run."""
        came = self.document.get("taken", {}).get("registry", {"parts": None, "bytes": None})
        good = self._is_one_of([wanted])
        return {
            "transfer": self.name,
            "parts": came["parts"],
            "changed_bytes": changed,
            "body_bytes": came["bytes"],
            "line_bytes": self.line_bytes,
            "kills": self.kills,
            "placed": self.placed,
            "torn": self.torn,
            "outcome": "pass" if good else "fail",
        }

    def _is_one_of(self, wanted: Sequence[Path | None]) -> bool:
        if not self.target.exists():
            return None in wanted
        bundles = [_digest(path) for path in wanted if path is not None]
        return not check_structure(self.target) and _digest(self.target) in bundles


def _update(scene: _Scene, installed: Path, changed: int) -> dict[str, Cell]:
    """One pull of the newer version over an installed one, with nothing in the cache."""
    shutil.copytree(installed, scene.target)
    with Line(scene.registry) as line:
        scene.finish(scene.start(line.host, "2"), [scene.newer])
        scene.line_bytes = line.came_bytes
    return scene.row(changed, scene.newer)


def _weights(scene: _Scene, kills: int) -> dict[str, Cell]:
    return _update(scene, scene.older, _changed_bytes(scene.older, scene.newer))


def _nothing(scene: _Scene, kills: int) -> dict[str, Cell]:
    return _update(scene, scene.newer, _changed_bytes(scene.newer, scene.newer))


def _killed_while_parts_come(scene: _Scene, kills: int) -> dict[str, Cell]:
    """Kill a pull to an empty place whenever the next of so many random bytes comes over a slow line."""
    size = sum((scene.older / name).stat().st_size for name in open_bundle(scene.older).manifest.files)
    moments = sorted(random.Random(SEED).sample(range(size), kills))
    with Line(scene.registry, SLOW_BYTES_PER_S) as line:
        for moment in moments:
            run = scene.start(line.host, "1")
            line.after(moment, run.kill)
            scene.finish(run, [None])
        scene.finish(scene.start(line.host, "1"), [scene.older])
        scene.line_bytes = line.came_bytes
    return scene.row(_changed_bytes(None, scene.older), scene.older)


def _killed_around_the_placing(scene: _Scene, kills: int) -> dict[str, Cell]:
    """Kill a pull over an older bundle, all parts being here, at random times of its life."""
    chance, whole_s = random.Random(SEED), float("inf")
    with Line(scene.registry) as line:
        scene.finish(scene.start(line.host, "2"), [scene.newer])
        for _ in range(MOST_TRIES * kills):
            if scene.kills >= kills:
                break
            _replace(scene.target, scene.older)
            begin = time.monotonic()
            run = scene.start(line.host, "2")
            try:
                run.wait(None if whole_s == float("inf") else chance.uniform(0.5, 1.0) * whole_s)
                whole_s = time.monotonic() - begin
            except subprocess.TimeoutExpired:
                run.kill()
            scene.finish(run, [scene.older, scene.newer])
        scene.finish(scene.start(line.host, "2"), [scene.newer])
        scene.line_bytes = line.came_bytes
    return scene.row(_changed_bytes(scene.newer, scene.newer), scene.newer)


TRIALS: dict[str, Callable[[_Scene, int], dict[str, Cell]]] = {
    WEIGHTS: _weights,
    NOTHING: _nothing,
    PARTS: _killed_while_parts_come,
    PLACING: _killed_around_the_placing,
}


def _replace(target: Path, bundle: Path) -> None:
    shutil.rmtree(target)
    shutil.copytree(bundle, target)


def _changed_bytes(older: Path | None, newer: Path) -> int:
    """Bytes of what `newer` has and `older` has not, each part once, and of the artefact."""
    here: set[str] = set()
    if older is not None:
        with open_bundle(older) as opened:
            here = {entry.sha256 for entry in opened.manifest.files.values()} | {opened.digest}
    with open_bundle(newer) as opened:
        parts = {entry.sha256: entry.size_bytes for entry in opened.manifest.files.values()}
        parts[opened.digest] = len(opened.manifest_data)
        artefact = artefact_bytes(opened.manifest, opened.manifest_data)
    return len(artefact) + sum(size for digest, size in parts.items() if digest not in here)


def _digest(bundle: Path) -> str:
    with open_bundle(bundle) as opened:
        return opened.digest
