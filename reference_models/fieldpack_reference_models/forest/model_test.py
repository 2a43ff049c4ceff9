"""The committed weights: they belong to the card, open without custom objects and reach its figures."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import RasterInput
from fieldpack.spec import load_spec
from fieldpack_reference_models.forest import card, network, world

HERE = Path(__file__).parent
TILES = 48
# Runs in its own process, since TensorFlow is slow to import and keeps threads of its own.
_PREDICT = """
import json, sys
import keras, numpy as np
from fieldpack_reference_models.forest import card, train
model = keras.models.load_model(sys.argv[1], compile=False)
test = train.known("test", int(sys.argv[2]))
found = card.errors(train.predict(model, test.tiles), test.heights)
far = test.tiles[:1].copy()
far[0, :train.network.RADIUS_PX + 1] += 1
gap = np.abs(train.predict(model, far)["q50"] - train.predict(model, test.tiles[:1])["q50"])[0].max(axis=1)
print(json.dumps({"found": found, "parameters": model.count_params(), "gap": gap.tolist()}))
"""


@pytest.fixture(scope="module")
def stated() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "card.json").read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights(stated: dict[str, Any]) -> None:
    model = (HERE / "model.keras").read_bytes()
    assert hashlib.sha256(model).hexdigest() == stated["model"]["sha256"]
    assert len(model) == stated["model"]["size_bytes"] < 300_000
    assert stated["training"]["world"] == world.WORLD
    assert (HERE / "card.md").read_text(encoding="utf-8") == card.page(stated)


def test_the_contract_is_the_networks() -> None:
    contract = load_spec(HERE / "pack.toml").contract
    (taken,) = contract.inputs
    assert isinstance(taken, RasterInput)
    assert (taken.height, taken.tiling.margin) == (world.TILE_PX, network.RADIUS_PX)
    assert tuple(band.name for band in taken.bands) == world.BANDS
    assert [item.name for item in contract.outputs] == list(network.LEVELS)
    assert contract.quantities == (world.QUANTITY,)


def test_errors_are_counted_where_the_height_is_known() -> None:
    heights = np.array([[0.0, 10.0, np.nan, 40.0]], np.float32)
    q50 = np.array([[1.0, 10.0, 99.0, 37.0]], np.float32)
    found = card.errors({"q05": q50 - 1, "q50": q50, "q95": q50 + 2}, heights)
    assert (found["pixels"], found["mae_m"], found["bias_m"]) == (3, 1.333, -0.667)
    assert found["coverage_90"] == 0.6667
    assert found["bias_by_height_m"] == {"0 to 5": 1.0, "5 to 15": 0.0, "30 to inf": -3.0}


@pytest.mark.full
def test_the_weights_reach_the_figures_of_the_card(stated: dict[str, Any]) -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", _PREDICT, str(HERE / "model.keras"), str(TILES)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr[-2000:]
    answer = json.loads(run.stdout.splitlines()[-1])
    found, test = answer["found"], stated["test"]
    assert found["rmse_m"] == pytest.approx(test["rmse_m"], rel=0.35)
    assert found["coverage_90"] == pytest.approx(test["coverage_90"], abs=0.03)
    assert answer["parameters"] == stated["model"]["parameters"]
    # A change of the first rows is felt as far as the receptive field, and no farther.
    gap = np.array(answer["gap"])
    assert gap[2 * network.RADIUS_PX] > 0
    assert gap[2 * network.RADIUS_PX + 1 :].max() == 0
