"""``fieldpack predict`` of a scene, killed at seeded moments and started again: the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import made_scene, tile_bundle, tile_contract, write_scene

pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
SIZE = (400, 300)
TILES = 34 * 25
LONGEST_WAIT_S = 60.0


def command(bundle: Path, scene: Path, target: Path, *more: str) -> list[str]:
    given = ["predict", str(bundle), str(scene), "--out", str(target), *more]
    return [sys.executable, "-m", "fieldpack.cli.main", *given]


def done(journal: Path) -> int:
    """Rows of tiles that a journal tells of, those that were answered twice counted twice."""
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    return len(lines) - 1


def killed(arguments: list[str], journal: Path, source: random.Random, rows: tuple[int, int]) -> None:
    """Start, wait for a seeded number of rows and a seeded moment after it, and kill -9."""
    before = done(journal) if "--resume" in arguments else 0
    wanted, moment = source.randint(*rows), source.uniform(0, 0.02)
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + LONGEST_WAIT_S
    while done(journal) < max(wanted, before + 1) and child.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(moment)
    child.kill()
    _, said = child.communicate()
    assert child.returncode == -signal.SIGKILL, said.decode()
    assert done(journal) >= wanted


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("blend", "seed", "kills"),
    [("crop", 3, [(3, 22)]), pytest.param("hann", 8, [(2, 8), (14, 24)], marks=pytest.mark.full)],
)
def test_a_killed_map_goes_on_to_the_same_bytes(
    blend: str, seed: int, kills: list[tuple[int, int]], tmp_path: Path
) -> None:
    """Before each kill so many rows of tiles are done as the seed says, between two numbers."""
    tiling = {"blend": blend, "beyond": "mirror"}
    bundle = tile_bundle(tmp_path / "b.fieldpack", tile_contract(tiling=tiling))
    scene, target = write_scene(tmp_path / "s.tif", made_scene(*SIZE)), tmp_path / "m.tif"
    with open_bundle(bundle) as opened:
        whole = map_scene(opened, scene, tmp_path / "whole.tif")
    assert whole.tiles == TILES
    source, journal = random.Random(seed), tmp_path / "m.tif.journal"
    for number, rows in enumerate(kills):
        killed(command(bundle, scene, target, *(["--resume"] * (number > 0))), journal, source, rows)
        assert not target.exists()
        assert (tmp_path / "m.tif.part").exists()
    refused = subprocess.run(command(bundle, scene, target), capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "go on with --resume, or delete m.tif.journal and m.tif.part" in refused.stderr
    subprocess.run(command(bundle, scene, target, "--resume"), check=True, capture_output=True)
    assert target.read_bytes() == (tmp_path / "whole.tif").read_bytes()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["b.fieldpack", "m.tif", "s.tif", "whole.tif"]
