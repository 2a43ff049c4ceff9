"""``.ci/run`` with a stand-in for make: red stays red, and a run without a passed test is red too."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _run(tmp_path: Path, test_output: str, code: int) -> subprocess.CompletedProcess[str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    _stand_in(tools, "make", f'[ "$1" = test ] || exit 0\necho "{test_output}"\nexit {code}')
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CI": "true"}
    return subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")], cwd=tmp_path, env=environment, capture_output=True, text=True
    )


def test_a_green_run_is_green_and_says_what_each_stage_took(tmp_path: Path) -> None:
    done = _run(tmp_path, "12 passed, 3 skipped in 4.5s", 0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^ci: .* took \d+ s, exit code 0$", done.stdout, re.MULTILINE)) == 6


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("1 failed, 30 passed in 4.5s", 2),
        ("no tests ran in 0.1s", 5),
        ("no tests ran in 0.1s", 0),
        ("10 skipped in 0.1s", 0),
        ("0 passed in 0.1s", 0),
        ("", 0),
    ],
)
def test_everything_else_is_red(tmp_path: Path, output: str, code: int) -> None:
    done = _run(tmp_path, output, code)
    assert done.returncode != 0, done.stdout + done.stderr
