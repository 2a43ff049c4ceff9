"""Several workers of one run: what takes longest runs first, and each computes on one thread."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHOWS_THREADS = """
import os
def test_threads():
    assert os.environ.get("OMP_NUM_THREADS") == {!r}
"""
HALF_HEAVY = """
import pytest
def test_light(): pass
@pytest.mark.full
def test_heavy(): pass
"""


def _pytest(folder: Path, *flags: str, **variables: str) -> str:
    """What pytest prints for a folder that has our conftest."""
    (folder / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    (folder / "pytest.ini").write_text("[pytest]\npython_files = *_test.py\nmarkers = full\n")
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment = {name: value for name, value in kept.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        *flags,
    ]
    done = subprocess.run(
        command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_files_with_a_heavy_test_come_first_and_stay_whole(tmp_path: Path) -> None:
    for name, text in (("a", "def test_a(): pass\n"), ("b", HALF_HEAVY), ("c", "def test_c(): pass\n")):
        (tmp_path / f"{name}_test.py").write_text(text)
    shown = _pytest(tmp_path, "--collect-only")
    names = [line.rpartition("::")[2] for line in shown.splitlines() if "::" in line]
    assert names == ["test_light", "test_heavy", "test_a", "test_c"], shown


@pytest.mark.parametrize(
    ("flags", "variables", "threads"),
    [
        (("-n", "1"), {}, "1"),
        ((), {"PYTEST_XDIST_WORKER": "gw0", "OMP_NUM_THREADS": "3"}, "3"),
        ((), {}, None),
    ],
    ids=["worker", "asked for", "alone"],
)
def test_a_worker_computes_on_one_thread_unless_asked(
    tmp_path: Path, flags: tuple[str, ...], variables: dict[str, str], threads: str | None
) -> None:
    (tmp_path / "threads_test.py").write_text(SHOWS_THREADS.format(threads))
    shown = _pytest(tmp_path, *flags, **variables)
    assert "1 passed" in shown, shown
