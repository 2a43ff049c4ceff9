"""The committed weights: records, features, labels and pack belong to them, and they reach their figures."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.contract import TensorInput
from fieldpack.data.open import open_data
from fieldpack.spec import load_spec
from fieldpack_reference_models.species_keras import boosting, model_card
from fieldpack_reference_models.species_keras.compare import BOOSTINGS, NETWORK
from fieldpack_reference_models.species_keras.features import measure_features, stored_features
from fieldpack_reference_models.species_keras.places import VARIABLE, places, records
from fieldpack_reference_models.species_keras.regions import FOLDER, REGIONS, SURVEYED, read_region
from fieldpack_reference_models.species_keras.train import RECIPE

HERE = Path(__file__).parent
ROOT = Path(os.environ.get(VARIABLE, Path(__file__).parents[4] / "shared" / "data"))
LARGEST_BYTES = 1_500_000
needs_data = pytest.mark.skipif(
    not (ROOT / FOLDER / "SWItrain_po.csv.gz").is_file(),
    reason=f"no species data under {ROOT}; set {VARIABLE} to a folder with {FOLDER}/",
)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights_and_the_records() -> None:
    card, weights = _read("card.json"), (HERE / "model.keras").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == card["model"]["sha256"]
    assert len(weights) == card["model"]["size_bytes"] < LARGEST_BYTES
    assert card["training"] == _read("training.json")
    assert card["comparison"] == _read("comparison.json")
    assert (HERE / "card.md").read_text(encoding="utf-8") == model_card.page(card)
    assert card["training"]["recipe"] == asdict(RECIPE)
    assert card["comparison"]["boosting"] == asdict(boosting.RECIPE)


def test_features_labels_and_pack_have_the_same_sizes() -> None:
    features = stored_features()
    labels = (HERE / "labels.txt").read_text(encoding="utf-8").split()
    assert [item.region for item in features.regions] == list(REGIONS)
    assert features.species == len(labels) == len(set(labels)) == 226
    spec = load_spec(HERE / "pack.toml")
    (taken,), (output,) = spec.contract.inputs, spec.contract.outputs
    assert isinstance(taken, TensorInput)
    assert taken.shape == (features.size,)
    assert (output.activation, output.refit) == ("sigmoid", "lpt_5")
    kinds = [(flavour.kind, flavour.name) for flavour in spec.flavours]
    assert {"tflite-float32", "tflite-float16", "tflite-int8", "coreml-fp16"} <= {name for _, name in kinds}
    rounded = {flavour.name for flavour in spec.flavours if flavour.recipe[0].method.weights_only}
    assert rounded == {"tflite-int8", "coreml-int8"}
    (step,) = spec.recipe
    assert (step.method, step.bits) == ("round_head", 8)  # type: ignore[union-attr]


def test_the_comparison_is_at_or_above_boosting_in_every_region() -> None:
    regions = _read("comparison.json")["regions"]
    assert set(regions) == set(SURVEYED)
    for row in regions.values():
        assert set(row["auc"]) == {NETWORK, *BOOSTINGS}
        assert len(row["by_species"]) == row["species"]
        for model, figure in row["auc"].items():
            own = [species[model] for species in row["by_species"].values()]
            assert figure["value"] == pytest.approx(np.nanmean(own), abs=2e-4)
            assert figure["low"] <= figure["value"] <= figure["high"]
        for model, difference in row["difference_to"].items():
            apart = row["auc"][NETWORK]["value"] - row["auc"][model]["value"]
            assert difference["value"] == pytest.approx(apart, abs=2e-4)
        assert row["difference_to"]["boosting_background"]["low"] > 0
        assert row["difference_to"]["boosting_target_group"]["value"] >= 0


@needs_data
def test_the_stored_constants_are_those_of_the_background() -> None:
    assert measure_features([read_region(ROOT, name) for name in REGIONS]) == stored_features()


@needs_data
def test_places_are_apart_from_records_and_records_have_species(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(ROOT))
    asked, known = list(places("places", 60)), list(records("records", 5650))
    assert [row[3]["region"] for row in asked] == [region for region in REGIONS for _ in range(10)]
    assert not {row[1].tobytes() for row in asked} & {row[1].tobytes() for row in known}
    labels = (HERE / "labels.txt").read_text(encoding="utf-8").split()
    assert sorted({row[2] for row in known}) == sorted(labels)
    for name, vector, label, slices in known[::500]:
        where, output = stored_features().places[slices["region"]]
        assert vector[where.stop - 1] == 1
        assert output.start <= labels.index(label) < output.stop
        assert name.startswith(f"{slices['region']}/{label}/")
    source = load_spec(HERE / "pack.toml").data.evaluation.model_copy(update={"count": 3})
    assert len(list(open_data(source, seed=0))) == 3


@pytest.mark.full
@needs_data
def test_the_weights_reach_the_areas_of_the_card() -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    # In a process of its own, since TensorFlow is slow to import and keeps threads of its own.
    found = worker.run(
        "fieldpack_reference_models.species_keras.compare:measured",
        {"file": str(HERE / "model.keras"), "data": str(ROOT), "regions": ["AWT", "SWI"]},
    )
    regions = _read("comparison.json")["regions"]
    for region, value in found["auc"].items():
        assert value == pytest.approx(regions[region]["auc"][NETWORK]["value"], abs=1e-3)
    assert found["parameters"] == _read("card.json")["model"]["parameters"]
    assert found["elsewhere"] == 0.0
