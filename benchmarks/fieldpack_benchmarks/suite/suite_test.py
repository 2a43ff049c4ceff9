"""The suite of ``make bench``: plain pytest leaves it alone, and each of its cases runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
PATTERN = "python_files=*_benchmark.py"


def pytest_of(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(FOLDER)]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)


def test_the_makefile_names_what_this_test_runs() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\nbench:")[1].split("\n\n")[0]
    assert FOLDER.relative_to(ROOT).as_posix() in recipe
    assert PATTERN in recipe


@pytest.mark.full
def test_every_case_of_the_suite_runs_a_round() -> None:
    done = pytest_of("-o", PATTERN, "--benchmark-disable")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^12 passed", done.stdout.splitlines()[-1]), done.stdout


def test_plain_pytest_leaves_the_suite_alone() -> None:
    done = pytest_of("--collect-only")
    assert "suite_test.py" in done.stdout, done.stderr
    assert "_benchmark.py" not in done.stdout
