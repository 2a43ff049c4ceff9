"""The committed weights: card, contract and tree belong to them, and they reach the card's figures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.parity.fitted import fitted_thresholds, one_hot
from fieldpack.spec import load_spec
from fieldpack.taxonomy import Form, find_faults, read_taxonomy, write_taxonomy
from fieldpack_reference_models.planet import card, maps, network, tree, world
from fieldpack_reference_models.planet.train import contract_input

HERE = Path(__file__).parent


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


def test_the_contract_is_the_network_s() -> None:
    (output,) = load_spec(HERE / "pack.toml").contract.outputs
    assert contract_input().shape == (network.NUMBERS,)
    assert (output.activation, output.refit) == ("sigmoid", "lpt_5")
    assert (HERE / "labels.txt").read_text(encoding="utf-8").split() == list(world.CLASSES)


def test_the_tree_is_inaturalist_s_form_and_the_picture_model_has_it_too(stated: dict[str, Any]) -> None:
    data = (HERE / "taxonomy.csv").read_bytes()
    limits = {kind: row["threshold"] for kind, row in stated["test"]["kinds"].items()}
    assert data == write_taxonomy(tree.taxonomy(limits), Form.INATURALIST_CSV)
    assert find_faults(data, Form.INATURALIST_CSV, outputs=12)[1] == []
    assert (HERE.parent / "vision" / "taxonomy.csv").read_bytes() == write_taxonomy(
        tree.taxonomy(), Form.INATURALIST_CSV
    )
    found = read_taxonomy(HERE / "taxonomy.csv")
    assert found.by_id[found.common_ancestor(["9101", "9103"]) or ""].name == "six-legged"
    assert found.ids_of(world.CLASSES)[0] == "9101"


def test_figures_are_worked_out_by_hand() -> None:
    scores = np.array([[0.9], [0.8], [0.7], [0.1]], np.float32)
    truth = np.array([[True], [False], [True], [False]])
    assert maps.average_precision(scores, truth)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert maps.f1(scores, truth, np.array([0.75]))[0] == pytest.approx(2 / 4)
    seen = np.array([0, 0, 0, -1])
    by_build = fitted_thresholds(scores, one_hot(seen, 1), "lpt_5")
    assert maps.thresholds(scores, seen)[0] == pytest.approx(by_build[0])
    assert maps.thresholds(scores, seen)[0] == pytest.approx(0.71)


@pytest.mark.full
def test_the_weights_reach_the_figures_of_the_card(stated: dict[str, Any]) -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    # In a process of its own, since TensorFlow is slow to import and keeps threads of its own.
    found = worker.run(
        "fieldpack_reference_models.planet.train:measured", {"file": str(HERE / "model.keras")}
    )
    assert found["parameters"] == stated["model"]["parameters"]
    for name in ("mean_average_precision", "mean_f1"):
        assert found["test"][name] == pytest.approx(stated["test"][name], abs=0.002)
