"""Examples, the head and the commands, on measurements that are made up here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.moisture_torch import (
    cross_validate,
    evaluate,
    examples,
    learning,
    network,
    train,
)
from fieldpack_reference_models.moisture_torch.network_test import _published, measurements

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
RECIPE = replace(train.RECIPE, waves=32, folds=3)


def test_measurements_become_the_tensors_of_the_contract() -> None:
    series, cover, month, latlon = measurements(2)
    month[0, 0], latlon[0] = 3, (90, 17)
    found = examples.prepared(series, cover, month, latlon)
    assert {name: values.shape for name, values in found.items()} == {
        "bands": (2, 3, 17),
        "cover": (2, 3, 9),
        "month": (2, 3, 2),
        "place": (2, 3),
    }
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}
    assert np.allclose(found["bands"][0, 1, 0], (series[0, 1, 0] + 25) / 25)
    assert np.allclose(found["bands"][0, 1, 10], series[0, 1, 11] / 1e4)
    assert np.allclose(found["bands"][0, 1, 12], (series[0, 1, 13] - 272.15) / 35)
    red, near = series[0, 1, 4], series[0, 1, 8]
    assert np.allclose(found["bands"][0, 1, 16], (near - red) / (near + red), atol=1e-6)
    assert np.allclose(found["month"][0, 0], (1, 0), atol=1e-6)
    assert np.allclose(found["place"][0], (0, 0, 1), atol=1e-6)
    assert (found["cover"].argmax(axis=2) == cover).all()


@pytest.mark.parametrize("fault", ["nan", "month", "cover"])
def test_what_cannot_be_prepared_is_refused(fault: str) -> None:
    series, cover, month, latlon = measurements(2)
    if fault == "nan":
        series[0, 0, 0] = np.nan
    else:
        (month if fault == "month" else cover)[1, 1] = 12
    with pytest.raises(InputError, match=r"finite number|is unknown"):
        examples.prepared(series, cover, month, latlon)


def test_the_head_learns_a_curve_and_repeats() -> None:
    dice = np.random.default_rng(0)
    features = dice.normal(3, 2, (400, 4)).astype(np.float32)
    moisture = (100 + 20 * np.sin(features[:, 0]) + 5 * features[:, 1]).astype(np.float32)
    recipe = replace(RECIPE, waves=300, nearness=0.5, ridge=0.01)
    head = learning.fit_head(features[:300], moisture[:300], recipe)
    again = learning.fit_head(features[:300], moisture[:300], recipe)
    assert np.array_equal(head.weights, again.weights)
    assert learning.rmse(moisture[300:], head.answers(features[300:])) < 0.4 * moisture[300:].std()


def test_a_stiff_head_gives_the_mean() -> None:
    dice = np.random.default_rng(0)
    features, moisture = dice.normal(size=(50, 4)).astype(np.float32), dice.normal(90, 5, 50)
    head = learning.fit_head(features, moisture.astype(np.float32), replace(RECIPE, ridge=1e9))
    assert np.allclose(head.answers(features), moisture.mean(), atol=1e-3)


def test_the_packed_network_answers_as_encoder_and_head_do() -> None:
    torch.manual_seed(0)
    encoder, own = network.encoder().eval(), examples.prepared(*measurements(40))
    known = examples.Examples(own, np.linspace(60, 160, 40, dtype=np.float32), np.repeat(["a", "b"], 20))
    seen = learning.features(encoder, known)
    head = learning.fit_head(seen, known.moisture, RECIPE)
    module = learning.assembled(encoder, head)
    assert np.abs(learning.predict(module, known) - head.answers(seen)).max() < 1


def test_a_site_is_in_one_fold() -> None:
    sites = np.array([f"site {number % 11}" for number in range(200)])
    folds = cross_validate.site_folds(sites, 3, 1)
    assert set(folds.tolist()) == {0, 1, 2}
    assert all(len(set(folds[sites == site].tolist())) == 1 for site in set(sites.tolist()))


def test_the_bootstrap_draws_sites() -> None:
    dice = np.random.default_rng(0)
    truth = dice.normal(100, 30, 300).astype(np.float32)
    good, poor = truth + dice.normal(0, 5, 300), truth + dice.normal(0, 15, 300)
    found = cross_validate.difference(truth, good, poor, np.repeat(np.arange(15).astype(str), 20), 1)
    low, high = found["interval_95"]
    assert 0 < low < found["rmse_gain"] < high


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of made-up measurements, and an encoder of random weights."""
    folder, start = tmp_path / "data" / examples.FOLDER, tmp_path / "data" / learning.START
    folder.mkdir(parents=True)
    start.parent.mkdir(parents=True)
    torch.save(_published(), start)
    series, cover, month, latlon = measurements(60)
    arrays: dict[str, Any] = {
        "s1_s2_era5_srtm": series,
        "dynamic_world": cover.astype(np.uint8),
        "month": month,
        "latlon": latlon,
        "target": 60 + 2 * (series[:, 2, 13] - 265),
        "site": np.array([f"site {row // 5}" for row in range(60)]),
        "is_test": np.repeat([0, 1], [45, 15]),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    return tmp_path / "data"


def test_the_commands_cross_validate_train_store_halves_and_write_the_card(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="pip install 'fieldpack[coreml-convert]'")
    monkeypatch.setattr(cross_validate, "TREES", {"n_estimators": 3})
    judged, weights = tmp_path / "cross_validation.json", tmp_path / "model.pt"
    folder = ["--data", str(data)]
    assert train.train_command(RECIPE, [*folder, "--out", str(weights)]) == 0
    assert cross_validate.cross_validate_command(RECIPE, [*folder, "--out", str(judged)]) == 0
    look = [*folder, "--model", str(weights), "--split", "test", "--card"]
    assert evaluate.evaluate_command(RECIPE, look) == 0
    with pytest.raises(SystemExit):
        evaluate.evaluate_command(RECIPE, [*look, "--split", "train"])
    assert {value.dtype for value in torch.load(weights, weights_only=True).values()} == {torch.float16}
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert (card["training"]["training_examples"], card["test"]["examples"]) == (45, 15)
    assert card["cross_validation"] == json.loads(judged.read_text(encoding="utf-8"))
    page = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert f"Test RMSE {card['test']['rmse']} percent" in page


def test_packing_gets_every_input_the_truth_and_the_site(data: Path) -> None:
    found = list(examples.dataset(f"{data}:test", 10))
    assert len({item[0] for item in found}) == 10
    name, inputs, targets, slices = found[0]
    row = 45 + int(name.split("-")[1])
    assert set(inputs) == set(examples.INPUTS)
    assert targets["fuel_moisture"].tolist() == pytest.approx(
        [60 + 2 * (measurements(60)[0][row, 2, 13] - 265)]
    )
    assert slices["site"] == f"site {row // 5}"
    for split in ("test", f"{data}:validation"):
        with pytest.raises(InputError, match="split of the fuel moisture is unknown"):
            next(iter(examples.dataset(split, 1)))
    with pytest.raises(InputError, match="are not there"):
        examples.read_examples(data / "nowhere", test=True)
