"""``pytest --light`` skips what is not installed, and only that; without it nothing is hidden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "wherever"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""
CASES = {
    "top": BLOCK + "import torch\ndef test_top(): pass\n",
    "inside": BLOCK + "def test_inside():\n    import torch.nn\n",
    "ours": BLOCK
    + "from fieldpack.errors import MissingDependencyError\n"
    + "def test_ours():\n    raise MissingDependencyError('running Core ML needs torch')\n",
    "stranger": BLOCK + "def test_stranger():\n    import wherever\n",
    "sound": "def test_sound(): pass\n",
}


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [(("--light",), "1 failed, 1 passed, 3 skipped"), ((), "3 failed, 1 passed, 1 error")],
    ids=["light", "plain"],
)
def test_only_absent_extras_are_skipped(tmp_path: Path, flags: tuple[str, ...], outcome: str) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    for name, text in CASES.items():
        (tmp_path / f"{name}_test.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "--import-mode=importlib",
    ]
    command += ["-o", "python_files=*_test.py", "--continue-on-collection-errors", "--rootdir", ".", *flags]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert outcome in done.stdout, done.stdout + done.stderr
