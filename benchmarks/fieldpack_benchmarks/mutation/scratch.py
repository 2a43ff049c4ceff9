"""A copy of the sdk in a folder of its own, in which a fault can stand for a while."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fieldpack
from fieldpack.errors import MissingDependencyError
from fieldpack_benchmarks.mutation.fault import Fault

TESTS = (
    "ops/cases_test.py",
    "ops/storage_test.py",
    "interpreter_test.py",
    "plan_test.py",
    "state_test.py",
    "tensor_list_test.py",
    "weights_test.py",
)
"""Our tests of the interpreter, below ``fieldpack/coreml``; those that need coremltools are left out."""


class Scratch:
    """The copy.

    Parameters
    ----------
    folder : Path
        Where it is made.

    Raises
    ------
    MissingDependencyError
        The tests are not there: fieldpack was installed from a wheel.
    """

    def __init__(self, folder: Path) -> None:
        source = Path(fieldpack.__file__).parent
        if not (source / "coreml" / TESTS[0]).is_file():
            raise MissingDependencyError(
                "The mutation study runs fieldpack's own tests", hint="run it in a clone of the repository"
            )
        self.root = folder / "sdk"
        shutil.copytree(
            source, self.root / "fieldpack", ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
        )
        self._coreml = self.root / "fieldpack" / "coreml"

    @property
    def tests(self) -> list[str]:
        """Paths of the copied tests."""
        return [str(self._coreml / name) for name in TESTS]

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a process that imports the copy: one thread, no bytecode, which could be stale."""
        path = os.pathsep.join(filter(None, (str(self.root), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Let the fault stand in the copy for the time of the ``with`` block."""
        file = self._coreml / fault.file
        right = file.read_text(encoding="utf-8")
        file.write_text(fault.plant(right), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(right, encoding="utf-8")
