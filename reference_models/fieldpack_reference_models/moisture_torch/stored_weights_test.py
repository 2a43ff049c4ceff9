"""The committed weights: they fit their card and their records, are halves, and reach the test figures."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract.inputs import TensorInput
from fieldpack.spec import load_spec
from fieldpack_reference_models.moisture_torch import evaluate, examples, model_card, network, train
from fieldpack_reference_models.moisture_torch.network_test import measurements

HERE = Path(__file__).parent
ROOT = Path(os.environ.get("FIELDPACK_DATA", HERE.parents[3] / "shared" / "data"))
LARGEST_BYTES = 2_000_000
BAR = 26.0


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights_and_the_records() -> None:
    card, weights = _read("card.json"), HERE / "model.pt"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["model"]["sha256"]
    assert weights.stat().st_size == card["model"]["size_bytes"] < LARGEST_BYTES
    assert card["training"] == _read("training.json")
    assert card["cross_validation"] == _read("cross_validation.json")
    assert card["training"]["recipe"] == card["cross_validation"]["recipe"] == asdict(train.RECIPE)
    assert (HERE / "card.md").read_text(encoding="utf-8") == model_card.page(card)


def test_the_recorded_figures_reach_the_bar() -> None:
    found = _read("card.json")["test"]
    low, high = found["interval_95"]
    assert low < found["rmse"] < high
    assert found["rmse"] <= BAR
    assert sum(row["examples"] for row in found["by_moisture"].values()) == found["examples"] == 735


def test_the_pack_takes_the_tensors_that_examples_make() -> None:
    spec = load_spec(HERE / "pack.toml")
    made = examples.prepared(*measurements(5))
    assert [item.name for item in spec.contract.inputs] == list(examples.INPUTS)
    for item in spec.contract.inputs:
        assert isinstance(item, TensorInput)
        assert item.shape == made[item.name].shape[1:]
        assert item.low <= made[item.name].min() <= made[item.name].max() <= item.high
    assert spec.contract.quantities == (examples.QUANTITY,)
    assert spec.source.factory_arguments == {"waves": train.RECIPE.waves}


def test_torch_stores_halves_that_fit_the_packed_network() -> None:
    torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    state = torch.load(HERE / "model.pt", weights_only=True)
    assert {value.dtype for value in state.values()} == {torch.float16}
    module = network.build(train.RECIPE.waves)
    module.load_state_dict(state)
    count = sum(value.numel() for value in module.parameters())
    assert count == _read("card.json")["model"]["parameters"]
    made = examples.prepared(*measurements(4))
    with torch.no_grad():
        found = module.eval()(*(torch.from_numpy(made[name]) for name in examples.INPUTS)).numpy()
    assert found.shape == (4, 1)
    assert ((found > 0) & (found < 300)).all()


def test_the_weights_reach_the_test_figures_of_the_card(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    if not (ROOT / examples.FOLDER).is_dir():
        pytest.skip(
            f"no measurements under {ROOT / examples.FOLDER}; set FIELDPACK_DATA to a folder with them"
        )
    look = ["--data", str(ROOT), "--model", str(HERE / "model.pt"), "--split", "test"]
    with caplog.at_level("INFO", logger="fieldpack.evaluate"):
        assert evaluate.main(look) == 0
    found = float(caplog.text.rpartition("RMSE ")[2].partition(" ")[0])
    assert found == pytest.approx(_read("card.json")["test"]["rmse"], abs=0.02)
    tested = examples.read_examples(ROOT, test=True)
    assert not set(tested.sites.tolist()) & set(examples.read_examples(ROOT, test=False).sites.tolist())
    assert np.isfinite(tested.moisture).all()
