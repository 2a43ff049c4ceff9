"""Which of coremltools' tests run: suites, configurations, and the seeded stratified sample.

A function of the suite has between one and some thousand parametrisations, so a plain random
sample would be a sample of three functions. At most ``per_function`` tests of each function are
drawn, then as many as wanted. The draws are nested: raising a limit adds tests and takes none away.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fieldpack.errors import InputError, MissingDependencyError, WorkerError

PLUGIN = "fieldpack_benchmarks.conformance.plugin"
MIL = "coremltools/converters/mil"
SUITES: dict[str, tuple[str, ...]] = {
    "ops": (f"{MIL}/mil/ops/tests",),
    "elementwise": tuple(
        f"{MIL}/mil/ops/tests/iOS14/test_{name}.py"
        for name in ("elementwise_unary", "elementwise_binary", "reduction")
    ),
    "torch": (f"{MIL}/frontend/torch/test/test_torch_ops.py",),
    "stateful": (f"{MIL}/frontend/torch/test/test_torch_stateful_model.py",),
    "load": (f"{MIL}/frontend/milproto/test_load.py",),
    "mixed": (f"{MIL}/mil/ops/tests", f"{MIL}/frontend/torch/test/test_torch_ops.py"),
    "optimize": ("coremltools/test/optimize/coreml/test_passes.py",),
}
"""Name -> files or folders, from the folder that holds ``coremltools``."""
CONFIGURATIONS: dict[str, dict[str, str]] = {
    "default": {"PYMIL_TEST_TARGETS": "mlprogram"},
    "fp32": {"PYMIL_TEST_TARGETS": "mlprogram", "INCLUDE_MIL_FP32_UNIT_TESTS": "1"},
}
"""Name -> environment of the tests; ``default`` compiles to half floats, ``fp32`` adds float32."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How a sample is drawn.

    Attributes
    ----------
    suite : str
        Key of ``SUITES``.
    configuration : str
        Key of ``CONFIGURATIONS``.
    per_function : int
        At most so many tests of one function.
    count : int or None
        So many tests; None takes all that ``per_function`` leaves.
    seed : int
        Of the drawing.
    """

    suite: str
    configuration: str
    per_function: int
    count: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("suite", self.suite, SUITES),
            ("configuration", self.configuration, CONFIGURATIONS),
        ):
            if value not in known:
                raise InputError(f"there is no {name} of this name", came=value, allowed=", ".join(known))
        if self.per_function < 1 or (self.count is not None and self.count < 1):
            raise InputError(
                "a sample needs at least one test",
                came=f"{self.per_function}, {self.count}",
                allowed="1 or more",
            )

    def of(self, ids: Iterable[str]) -> list[str]:
        """The drawn ids in the order of collection.

        Raises
        ------
        InputError
            There are fewer than ``count``.
        """
        functions: dict[str, list[str]] = {}
        place = {item: number for number, item in enumerate(ids)}
        for item in place:
            functions.setdefault(function_of(item), []).append(item)
        drawn = [
            item
            for function, members in functions.items()
            for item in self._shuffled(members, function)[: self.per_function]
        ]
        if self.count is not None:
            if self.count > len(drawn):
                raise InputError("there are too few tests", came=len(drawn), allowed=f"{self.count} or more")
            drawn = self._shuffled(drawn, "")[: self.count]
        return sorted(drawn, key=place.__getitem__)

    def _shuffled(self, items: list[str], salt: str) -> list[str]:
        return random.Random(f"{self.seed}:{salt}").sample(items, len(items))


def function_of(node_id: str) -> str:
    """The id without its parameters."""
    return node_id.split("[", 1)[0]


def library_root() -> Path:
    """The folder that holds the installed ``coremltools``.

    Raises
    ------
    MissingDependencyError
        coremltools is not installed.
    """
    found = find_spec("coremltools")
    if found is None or found.origin is None:
        raise MissingDependencyError(
            "The conformance run needs coremltools", hint='pip install "fieldpack[coreml-convert]"'
        )
    return Path(found.origin).parent.parent


def pytest_command(arguments: Sequence[str]) -> list[str]:
    """pytest on the installed wheel, with our plugin and none of this repository's settings."""
    root = str(library_root())
    settings = ["-c", os.devnull, "--rootdir", root, "-p", "no:cacheprovider", "-p", "no:benchmark"]
    python = [sys.executable, "-m", "pytest", "-q", "-o", "python_files=test_*.py"]
    return [*python, *settings, "-p", PLUGIN, *arguments]


def environment(configuration: str) -> dict[str, str]:
    """Environment of a test process: one thread, no bytecode written into the wheel."""
    return {
        **os.environ,
        **CONFIGURATIONS[configuration],
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "NO_COLOR": "1",
    }


def collect(suite: str, configuration: str, cache: Path | None = None) -> list[str]:
    """Every test id of a suite in one configuration.

    Parameters
    ----------
    suite, configuration : str
        Keys of ``SUITES`` and ``CONFIGURATIONS``.
    cache : Path, optional
        Folder in which the ids are kept; it must belong to one version of coremltools.

    Raises
    ------
    WorkerError
        pytest could not collect.
    """
    kept = None if cache is None else cache / f"ids-{suite}-{configuration}.json"
    if kept is not None and kept.exists():
        found: list[str] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        listing = Path(folder) / "ids.json"
        done = subprocess.run(
            pytest_command(["--collect-only", f"--conformance-list={listing}", *SUITES[suite]]),
            cwd=library_root(),
            env={**environment(configuration), "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        ids: list[str] = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else []
    if done.returncode != 0 or not ids:
        raise WorkerError(
            f"the tests of {suite} could not be collected",
            came=f"exit code {done.returncode}",
            hint=done.stdout[-2000:],
        )
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(ids, indent=0), encoding="utf-8")
    return ids
