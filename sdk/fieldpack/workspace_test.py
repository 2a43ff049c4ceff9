from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldpack.workspace import remove_abandoned, work_folder


def test_the_work_folder_goes_and_takes_abandoned_ones_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    abandoned = tmp_path / f"fieldpack-build-{ended.pid}-abc"
    running = tmp_path / f"fieldpack-worker-{os.getpid()}-abc"
    stranger = tmp_path / "fieldpack-notes"
    for folder in (abandoned, running, stranger):
        folder.mkdir()
    with work_folder("build") as folder:
        (folder / "file").write_text("x")
        assert not abandoned.exists()
        assert running.exists()
        assert stranger.exists()
    assert not folder.exists()
    remove_abandoned(tmp_path)
    assert running.exists()
