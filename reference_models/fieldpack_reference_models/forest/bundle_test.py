"""The forest from its spec to a map: built, verified, gated on estimates, and run on a scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.build.pipeline import build
from fieldpack.bundle.read import open_bundle
from fieldpack.scenes.mapping import map_scene
from fieldpack.verdict import Outcome
from fieldpack.verification import verify
from fieldpack_reference_models.forest import scene

SPEC = Path(__file__).with_name("pack.toml")


def small(folder: Path) -> Path:
    """The spec with its TFLite flavours and few tiles."""
    head, *flavours = SPEC.read_text(encoding="utf-8").split("[[flavours]]")
    kept = [item for item in flavours if 'kind = "tflite"' in item]
    budget = "[budget" + flavours[-1].split("[budget", 1)[1]
    text = head.replace("count = 160", "count = 24").replace("count = 80", "count = 12")
    text = text.replace('path = "model.keras"', f'path = "{SPEC.with_name("model.keras")}"')
    (folder / "pack.toml").write_text("[[flavours]]".join([text, *kept]) + budget, encoding="utf-8")
    return folder / "pack.toml"


@pytest.mark.full
def test_the_forest_becomes_a_map_with_intervals(tmp_path: Path) -> None:
    for name in ("keras", "ai_edge_quantizer", "rasterio"):
        pytest.importorskip(name, reason="pip install 'fieldpack[keras,geo]'")
    import rasterio

    result = build(small(tmp_path), tmp_path / "forest")
    found = {(item.subject, item.name): item for item in result.verdicts}
    rise = found["tflite-int8", "rmse_rise"]
    assert rise.figure.value is not None
    assert abs(rise.figure.value) < 0.1  # six landscapes
    assert found["tflite-int8", "coverage_change"].outcome is not Outcome.NOT_RUN
    assert verify(tmp_path / "forest").outcome is Outcome.PASS
    scene.write_scene(tmp_path / "s.tif", 200, 300, 2)
    with open_bundle(tmp_path / "forest") as bundle:
        fits = {item.name: item.intervals[0] for item in bundle.manifest.flavours}
        mapped = map_scene(bundle, tmp_path / "s.tif", tmp_path / "m.tif", flavour="tflite-int8")
    assert fits["tflite-int8"].numbers != fits["tflite-float32"].numbers
    assert len(fits["tflite-int8"].numbers) == 4
    assert mapped.bands == ("q50", "range_low", "range_high")
    assert mapped.seam.largest < 0.1
    with rasterio.open(tmp_path / "m.tif") as file:
        middle, low, high = file.read()
    known = np.isfinite(middle)
    assert (low[known] <= middle[known]).all()
    assert (middle[known] <= high[known]).all()
    assert np.mean((low < high)[known]) > 0.9
