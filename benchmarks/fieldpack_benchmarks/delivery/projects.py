"""Projects: what exports generate for every kind of input, with names that try to break out of their places.

Kotlin and Swift are held against their grammars; TypeScript against its compiler, and its own test runs on
Node. Evidence is ``host``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldpack.exports.testing import INPUTS, kind_bundle
from fieldpack_benchmarks.delivery.grammar import faults_below
from fieldpack_benchmarks.delivery.typescript import compiled, node_program, ran
from fieldpack_benchmarks.processes import FIELDPACK

LEAST_SOURCES = {"android": 15, "swift": 12, "ai-pack": 1, "react-native": 10}
"""Sources that a project has at least."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Project:
    """What a consumer's projects came to, over all kinds of input.

    Attributes
    ----------
    consumer : str
        Of ``fieldpack export --for``.
    kinds, sources : int
        Projects that were generated, and the sources in them.
    faults : tuple of str
        What grammar, compiler or the project's own test says.
    """

    consumer: str
    kinds: int
    sources: int
    faults: tuple[str, ...]


def projects(folder: Path, progress: Progress) -> list[Project]:
    """Generate and check a project of every kind of input for every consumer that gets sources.

    Raises
    ------
    MissingDependencyError
        A grammar, Node or the compiler is missing.
    """
    bundles = {kind: kind_bundle(folder / f"{kind}.bundle", kind) for kind in INPUTS}
    made = []
    for number, consumer in enumerate(LEAST_SOURCES):
        progress(f"projects for {consumer}", number / len(LEAST_SOURCES))
        checks = [
            _checked(consumer, kind, bundle, folder / f"{consumer}-{kind}")
            for kind, bundle in bundles.items()
        ]
        faults = tuple(fault for _, found in checks for fault in found)
        made.append(Project(consumer, len(checks), sum(count for count, _ in checks), faults))
    return made


def _checked(consumer: str, kind: str, bundle: Path, out: Path) -> tuple[int, list[str]]:
    told = ran(*FIELDPACK, "export", str(bundle), "--for", consumer, "--out", str(out))
    if told.returncode != 0:
        return 0, [f"{kind}: export says {told.stderr.strip()}"]
    sources, faults = _typescript(out) if consumer == "react-native" else faults_below(out)
    if sources < LEAST_SOURCES[consumer]:
        faults.append(f"{sources} sources, not {LEAST_SOURCES[consumer]}")
    return sources, [f"{kind}: {fault}" for fault in faults]


def _typescript(package: Path) -> tuple[int, list[str]]:
    sources = len([path for path in package.rglob("*.ts") if "node_modules" not in path.parts])
    faults = compiled(package)
    told = ran(node_program(), str(package / "test" / "maths.mjs"))
    return sources, faults + (told.stderr.splitlines() or ["its test failed"] if told.returncode else [])
