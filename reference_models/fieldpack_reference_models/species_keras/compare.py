"""Judge stored weights beside gradient boosting on the surveys, region by region.

``python -m fieldpack_reference_models.species_keras.compare --data FOLDER --model FILE``: writes
``comparison.json`` and the card beside the weights. Nothing is chosen here; the surveys are read for this
alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.species_keras import boosting, model_card
from fieldpack_reference_models.species_keras.areas import (
    RESAMPLES,
    Judged,
    area,
    areas,
    interval,
    mean_over_species,
)
from fieldpack_reference_models.species_keras.features import Features, stored_features
from fieldpack_reference_models.species_keras.regions import SURVEYED, read_region, read_surveys
from fieldpack_reference_models.species_keras.train import RECIPE

LOG = logging.getLogger("fieldpack.compare")
COMMAND = "python -m fieldpack_reference_models.species_keras.compare --data FOLDER --model FILE"
NETWORK = "network"
BOOSTINGS = {"boosting_background": 0.0, "boosting_target_group": RECIPE.target_group}
"""Name of a boosting -> share of the target-group background in its absences."""


def predicted(model: Any, features: Features, region: str, data: Path) -> list[NDArray[np.float32]]:
    """What the network scores on each survey of a region, float32 [sites, species of the region]."""
    _, output = features.places[region]
    found = []
    for survey in read_surveys(data, region):
        vectors = features.vectors(region, survey.sites)
        found.append(np.asarray(model.predict(vectors, batch_size=4096, verbose=0))[:, output])
    return found


def judged(model: Any, features: Features, region: str, data: Path) -> list[Judged]:
    """All models on the surveys of a region."""
    surveys, own = read_surveys(data, region), features.of(region)
    trained = read_region(data, region)
    scores: dict[str, list[NDArray[Any]]] = {NETWORK: list(predicted(model, features, region, data))}
    sites = [own.own(survey.sites) for survey in surveys]
    for name, share in BOOSTINGS.items():
        scores[name] = list(boosting.boosted(trained, own, share, sites))
        LOG.info("%s: %s", region, name)
    return [
        Judged({name: rows[k][:, survey.species] for name, rows in scores.items()}, survey.present)
        for k, survey in enumerate(surveys)
    ]


def figures(surveys: Sequence[Judged], species: Sequence[str]) -> dict[str, Any]:
    """Mean areas of a region with intervals, differences of the network to the others, and species."""
    found = areas(surveys)
    means = {name: mean_over_species(values) for name, values in found.items()}
    one_by_one = {
        label: {name: round(float(values[0, k]), 4) for name, values in found.items()}
        for k, label in enumerate(species)
    }
    others = [name for name in means if name != NETWORK]
    return {
        "sites": [len(survey.present) for survey in surveys],
        "species": len(species),
        "auc": {name: interval(values) for name, values in means.items()},
        "difference_to": {name: interval(means[NETWORK] - means[name]) for name in others},
        "species_above": {name: int((found[NETWORK][0] > found[name][0]).sum()) for name in others},
        "by_species": one_by_one,
    }


def region_figures(model: Any, features: Features, region: str, data: Path) -> dict[str, Any]:
    """The figures of one region."""
    names = read_region(data, region).species
    chosen = [names[number] for survey in read_surveys(data, region) for number in survey.species]
    return figures(judged(model, features, region, data), chosen)


def measured(file: str, data: str, regions: list[str]) -> dict[str, Any]:
    """Worker target: mean areas of stored weights, and the largest score of a species of another region."""
    import keras

    model = keras.models.load_model(file, compile=False)
    features = stored_features(Path(file).with_name("features.json"))
    found, elsewhere = {}, 0.0
    for region in regions:
        surveys = read_surveys(Path(data), region)
        scores = predicted(model, features, region, Path(data))
        own = [
            area(values[:, number], survey.present[:, column], np.ones((1, len(values))))[0]
            for values, survey in zip(scores, surveys, strict=True)
            for column, number in enumerate(survey.species)
        ]
        found[region] = float(np.nanmean(own))
        whole = model.predict(features.vectors(region, surveys[0].sites.rows(np.arange(9))), verbose=0)
        others = np.delete(whole, np.arange(features.species)[features.places[region][1]], axis=1)
        elsewhere = max(elsewhere, float(np.abs(others).max()))
    return {"auc": found, "elsewhere": elsewhere, "parameters": int(model.count_params())}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and write ``comparison.json``, ``card.json`` and ``card.md`` beside the weights."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.species_keras.compare")
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/species_disdat")
    parser.add_argument("--model", type=Path, required=True, help="file with the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    model = keras.models.load_model(options.model, compile=False)
    features = stored_features(options.model.with_name("features.json"))
    regions = {}
    for region in SURVEYED:
        regions[region] = region_figures(model, features, region, options.data)
        LOG.info("%s: %s %s", region, regions[region]["auc"], regions[region]["difference_to"])
    document = {
        "schema": "fieldpack-comparison/1",
        "command": COMMAND,
        "boosting": asdict(boosting.RECIPE),
        "resamples": RESAMPLES,
        "regions": regions,
    }
    target = options.model.with_name("comparison.json")
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    model_card.write(model_card.facts(options.model, model.count_params()), options.model.parent)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
