"""Rasters of the folder ``testdata/hostile``: a clear error and no map, or what the contract states.

A case says what is wrong (``what``) and words of the error (``words``; empty: it is answered, and ``known``
is the share of pixels with an answer). The rest says how the file is made.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import FieldpackError, InputError
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import made_scene, write_scene

rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
CASES = sorted((Path(__file__).parent / "testdata" / "hostile").glob("*.toml"))
SIZE = (300, 200)


def made(path: Path, case: dict[str, Any]) -> Path:
    """Write the file of a case."""
    if "content" in case or "content_hex" in case:
        path.write_bytes(
            case["content"].encode() if "content" in case else bytes.fromhex(case["content_hex"])
        )
        return path
    profile = dict(case.get("profile", {}))
    if "crs" in profile:
        profile["crs"] = profile["crs"] or None
    if profile.get("transform") == "none":
        profile["transform"] = None
    if "pixel" in case:
        side = case["pixel"]
        profile["transform"] = rasterio.Affine(side, 0, 5e5, 0, -case.get("pixel_height", side), 5e6)
    write_scene(path, pixels(case), front=case.get("front", False), **profile)
    content = path.read_bytes()
    if "flip" in case:
        first, end = (int(len(content) * share) for share in case["flip"])
        content = content[:first] + bytes(byte ^ 0x5A for byte in content[first:end]) + content[end:]
    path.write_bytes(content[: case.get("keep_bytes", int(len(content) * case.get("keep", 1.0)))])
    return path


def pixels(case: dict[str, Any]) -> np.ndarray:
    """The bands of a case, [bands, H, W]."""
    scene = made_scene(*SIZE)
    values = np.stack([scene[band % 2] for band in range(case.get("bands", 2))])
    if "fill" in case:
        values[:] = case["fill"]
    if case.get("spoil"):
        values[0, 50, 50], values[1, 60, 60], values[0, 70, 70] = np.inf, -np.inf, np.nan
    return values.astype(case.get("dtype", "float32"))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_hostile_rasters(path: Path, tiles_bundle: Path, tmp_path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    scene, target = made(tmp_path / "s.tif", case), tmp_path / "m.tif"
    with open_bundle(tiles_bundle) as bundle:
        if case["words"]:
            with pytest.raises(InputError) as caught:
                map_scene(bundle, scene, target)
            assert case["words"] in caught.value.what
            assert not target.exists()
            return
        try:
            found = map_scene(bundle, scene, target)
        except FieldpackError as error:
            pytest.fail(f"{case['what']}: {error}")
    with rasterio.open(target) as file:
        values = file.read()
    assert not np.isinf(values).any()
    assert found.known == pytest.approx(case.get("known", found.known))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 20
