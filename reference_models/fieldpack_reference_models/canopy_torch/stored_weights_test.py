"""The committed weights: they fit their card and their records, are halves, and reach its figures."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from fieldpack.contract.raster import RasterInput
from fieldpack.spec import load_spec
from fieldpack_reference_models.canopy_torch import evaluate, model_card, network, scenes, train

HERE = Path(__file__).parent
ROOT = Path(os.environ.get("FIELDPACK_DATA", HERE.parents[3] / "shared" / "data"))
LARGEST_BYTES = 1_500_000
BAR = 0.47


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights_and_the_records() -> None:
    card, weights = _read("card.json"), HERE / "model.pt"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["model"]["sha256"]
    assert weights.stat().st_size == card["model"]["size_bytes"] < LARGEST_BYTES
    assert card["training"] == _read("training.json")
    assert card["cross_validation"] == _read("cross_validation.json")
    own = train.listed(train.RECIPE)
    assert card["training"]["recipe"] == card["cross_validation"]["recipe"] == own
    assert (HERE / "card.md").read_text(encoding="utf-8") == model_card.page(card)


def test_the_recorded_figures_reach_the_bar_and_the_forest() -> None:
    judged = _read("cross_validation.json")["scenes"]
    assert list(judged) == list(scenes.PAIRS)
    zurich = judged["zurich"]
    assert zurich["network"]["r2"] >= max(BAR, zurich["forest"]["r2"])
    assert zurich["network"]["cells"] == zurich["forest"]["cells"] == 24_111
    gain = zurich["network"]["r2"] - zurich["forest"]["r2"]
    assert zurich["difference"]["r2_gain"] == pytest.approx(gain, abs=2e-4)
    for one in judged.values():
        heights = one["network"]["by_height_m"].values()
        assert sum(row["cells"] for row in heights) == one["network"]["cells"]


def test_the_pack_is_that_of_the_network() -> None:
    spec = load_spec(HERE / "pack.toml")
    (taken,) = spec.contract.inputs
    assert isinstance(taken, RasterInput)
    assert taken.tiling.margin == network.RADIUS_PX
    assert taken.height % network.STRIDE_PX == taken.tiling.overlap % network.STRIDE_PX == 0
    assert taken.tiling.alignment == network.STRIDE_PX
    assert taken.tiling.beyond == "mirror"
    assert tuple(item.name for item in spec.contract.outputs) == network.OUTPUTS
    assert spec.contract.quantities == (scenes.QUANTITY,)
    assert spec.source.factory_arguments == {"channels": train.RECIPE.channels}


def test_torch_stores_halves_that_fit_the_packed_network() -> None:
    torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    state = torch.load(HERE / "model.pt", weights_only=True)
    assert {value.dtype for value in state.values()} == {torch.float16}
    module = train.load(HERE / "model.pt")
    count = sum(value.numel() for value in module.parameters())
    assert (
        count == sum(value.numel() for value in state.values()) == _read("card.json")["model"]["parameters"]
    )
    with torch.no_grad():
        low, mean, high = module(torch.zeros(1, 3, 64, 64))
    assert low.shape == mean.shape == high.shape == (1, 1, 32, 32)
    assert float((high - low).mean()) > 0


def test_the_weights_reach_the_validation_figures_of_the_card() -> None:
    for name in ("torch", "rasterio"):
        pytest.importorskip(name, reason="pip install 'fieldpack[torch,geo]'")
    if not (ROOT / scenes.FOLDER).is_dir():
        pytest.skip(f"no scenes under {ROOT / scenes.FOLDER}; set FIELDPACK_DATA to a folder that has them")
    found = evaluate.measured(train.load(HERE / "model.pt"), scenes.read_scenes(ROOT), train.RECIPE)
    stated = _read("card.json")["validation"]
    for name in ("r2", "rmse_m", "coverage_90", "width_m", "offset_m"):
        assert found[name] == pytest.approx(stated[name], abs=0.01), name
