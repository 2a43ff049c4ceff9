from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fieldpack.build.examples import golden_rows
from fieldpack.build.measurement import pooled
from fieldpack.build.workspace import PREFIX, remove_abandoned, work_folder


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_windows_are_pooled_as_a_plain_loop_does(pooling: str) -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2, 3], [3, 1, 5, 2])
    scores = rng.normal(size=(len(groups), 4)).astype(np.float32)
    join = np.mean if pooling == "mean" else np.max
    expected = np.stack([join(scores[groups == group], axis=0) for group in range(4)])
    assert np.allclose(pooled(scores, groups, pooling), expected, atol=1e-6)


def test_golden_rows_are_spread_and_unique() -> None:
    assert golden_rows(100, 3) == [0, 50, 99] or golden_rows(100, 3) == [0, 49, 99]
    assert golden_rows(2, 8) == [0, 1]
    assert golden_rows(1, 1) == [0]
    assert len(golden_rows(9, 8)) == 8


def test_the_work_folder_goes_and_takes_abandoned_ones_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    abandoned = tmp_path / f"{PREFIX}{ended.pid}-abc"
    running = tmp_path / f"{PREFIX}{os.getpid()}-abc"
    stranger = tmp_path / f"{PREFIX}notes"
    for folder in (abandoned, running, stranger):
        folder.mkdir()
    with work_folder() as folder:
        (folder / "file").write_text("x")
        assert not abandoned.exists()
        assert running.exists()
        assert stranger.exists()
    assert not folder.exists()
    remove_abandoned(tmp_path)
    assert running.exists()
