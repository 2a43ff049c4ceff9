"""Scenes that fit by name and number, and are doubtful all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.errors import InputError
from fieldpack.scenes.doubts import ground_pixel
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.scene import Place
from fieldpack.scenes.testing import made_scene, write_scene

rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")


def place(code: str, x: float, y: float, side: float = 10.0) -> Place:
    crs = rasterio.crs.CRS.from_user_input(code)
    return Place(20, 20, crs.to_wkt(), (side, 0.0, x, 0.0, -side, y))


@pytest.mark.parametrize(
    ("code", "x", "y", "ground"),
    [
        ("EPSG:32632", 5e5, 52e5, 10 / 0.9996),
        ("EPSG:32760", 5e5, 2e6, 10 / 0.9996),
        ("EPSG:3857", 0.0, 0.0, 10.0),
        ("EPSG:3857", 20037508.0 - 100, 8399737.89, 5.0),  # 60 degrees north, beside the antimeridian
        ("EPSG:3031", 0.0, 2e6, 10.0),
    ],
)
def test_a_pixel_is_measured_on_the_ground(code: str, x: float, y: float, ground: float) -> None:
    found = ground_pixel(place(code, x, y))
    assert found is not None
    assert found == pytest.approx((ground, ground), rel=0.02)


@pytest.mark.parametrize(("code", "x", "y"), [("EPSG:3857", 1e12, 0.0), ("EPSG:32632", 1e300, 1e300)])
def test_a_pixel_beyond_the_earth_has_no_size(code: str, x: float, y: float) -> None:
    found = ground_pixel(place(code, x, y))
    assert found is None or all(np.isfinite(found))


@pytest.mark.parametrize(
    ("change", "profile", "words"),
    [
        ({}, {}, []),
        ({"scale": 1e-4, "shift": -100.0}, {}, ["band red lie below", "band nir lie below"]),
        ({"scale": 10.0, "shift": 0.0}, {}, ["band red lie above", "band nir lie above"]),
        ({}, {"crs": "EPSG:3857"}, ["m on the ground, the model takes 10 m"]),
        ({}, {"transform": rasterio.Affine(10, 0, 5e5, 0, 10, 52e5)}, ["is mirrored"]),
        (
            {},
            {"transform": rasterio.Affine(0, 10, 5e5, -10, 0, 52e5)},
            ["is mirrored", "turned by 90 degrees"],
        ),
        ({}, {"transform": rasterio.Affine(-10, 0, 5e5, 0, 10, 52e5)}, ["turned by 180 degrees"]),
    ],
)
def test_doubts_are_told_beside_the_map(
    change: dict[str, float],
    profile: dict[str, Any],
    words: list[str],
    tiles_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = made_scene(40, 50)
    values = np.where(values == -1, -1, values * change.get("scale", 1) + change.get("shift", 0))
    scene = write_scene(tmp_path / "s.tif", values.astype(np.float32), **profile)
    assert main(["predict", str(tiles_bundle), str(scene), "--out", str(tmp_path / "m.tif")]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warnings) == len(words)
    assert all(word in line for word, line in zip(words, warnings, strict=True))


def test_a_map_never_takes_the_place_of_its_scene(tiles_bundle: Path, tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(40, 50))
    before = scene.read_bytes()
    (tmp_path / "other.tif").symlink_to(scene)
    with open_bundle(tiles_bundle) as bundle:
        for target in (scene, tmp_path / "other.tif"):
            with pytest.raises(InputError, match="take the place of its scene"):
                map_scene(bundle, scene, target)
    assert scene.read_bytes() == before
