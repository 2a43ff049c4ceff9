"""The written list of methods is the folder, and importing them stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fieldpack.parity
import fieldpack.statistics

FRAMEWORKS = ("scipy", "tensorflow", "torch", "coremltools", "pydantic", "PIL")


@pytest.mark.parametrize("package", [fieldpack.statistics, fieldpack.parity], ids=lambda p: p.__name__)
def test_docstring_lists_every_module(package: Any) -> None:
    folder = Path(str(package.__file__)).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.endswith("_test")} - {"__init__"}
    listed = {line.split("``")[1] for line in str(package.__doc__).splitlines() if line.startswith("``")}
    assert listed == modules


def test_imports_are_numpy_only() -> None:
    modules = "fieldpack.parity.classification, fieldpack.parity.judgement, fieldpack.parity.regression"
    code = f"import sys, {modules}; print([name for name in {FRAMEWORKS} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
