"""The card: the record of the training, and what the comparison on the surveys found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, weights
from fieldpack_reference_models.species_keras.features import stored_features

LICENCE = "Apache-2.0"
DATA = (
    "The NCEAS benchmark (Elith et al. 2020, doi:10.17161/bi.v15i2.13384; package disdat, GPL 3 or later): "
    "226 species of the Australian Wet Tropics (AWT), Ontario (CAN), New South Wales (NSW), New Zealand "
    "(NZ), South America (SA) and Switzerland (SWI), 52,605 presence-only records and 10,000 background "
    "places a region. Surveys of AWT, CAN, NSW and SWI, where every species of a group was looked for, judge "
    "the model and taught it nothing; those of NZ and SA were never there, so 82 species are judged by "
    "nobody here. No record is shipped."
)
LIMITS = (
    "Records are of presence only, where people went: a score ranks places within a region, it is no "
    "probability of occurrence, and scores of two species cannot be compared. Absence is assumed and never "
    "observed in training. Species are nameless numbers, so no taxonomy, no map of a known animal and no "
    "knowledge of what was found elsewhere. Outside its region a species scores exactly 0, which says that "
    "nobody asked. Survey sites lie near each other and near records; the intervals take sites as "
    "independent and are too narrow, and an area here is none in another region or decade. The recipe was "
    "the first written down; the surveys chose nothing."
)
TITLES = {
    "network": "network",
    "boosting_background": "boosting, random background",
    "boosting_target_group": "boosting, target group",
}


def facts(file: Path, parameters: int) -> dict[str, Any]:
    """Gather the card from the weights and the records beside them."""
    features = stored_features(file.with_name("features.json"))
    return {
        "schema": SCHEMA,
        "name": "species_keras",
        "licence": LICENCE,
        "data": DATA,
        "limits": LIMITS,
        "classes": file.with_name("labels.txt").read_text(encoding="utf-8").split(),
        "input": f"float32 [N, {features.size}], by features.json: a region's covariates, place and flag",
        "output": f"float32 [N, {features.species}], sigmoid, order of labels.txt; "
        "0 for species of other regions",
        "model": weights(file, parameters) | {"stored": "float16; opening the file gives float32"},
        "training": json.loads(file.with_name("training.json").read_text(encoding="utf-8")),
        "comparison": json.loads(file.with_name("comparison.json").read_text(encoding="utf-8")),
    }


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card), encoding="utf-8")


def page(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    model, record = card["model"], card["training"]
    lines = [
        f"# {card['name']}",
        "",
        f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes.",
        f"Stored as {model['stored']}.",
        "",
        f"SHA-256 of `{model['file']}`: `{model['sha256']}`.",
        "",
        f"Input: {card['input']}. Output: {card['output']}.",
        *("", "## Data", "", card["data"], "", card["limits"], ""),
        *("## Training", "", _training(record), "", "## Surveys", "", *_surveys(card["comparison"])),
    ]
    return "\n".join(lines) + "\n"


def _training(record: dict[str, Any]) -> str:
    recipe = record["recipe"]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return (
        f"`{record['command']}`: {record['records']} records and {record['background_places']} background "
        f"places, {recipe['epochs']} epochs of batch {recipe['batch']}, AdamW, peak rate "
        f"{recipe['learning_rate']}, cosine, weight decay {recipe['weight_decay']}. The full weighted "
        f"loss of arXiv:2401.02989: absences are {recipe['target_group']:.0%} other species' records of the "
        f"same group and {1 - recipe['target_group']:.0%} random background. {record['wall_s']} s by the "
        f"clock. {versions}."
    )


def _surveys(found: dict[str, Any]) -> list[str]:
    head = (
        f"Mean area under the ROC curve over species, by `{found['command']}`, with 95 % intervals of "
        f"{found['resamples']} draws of survey sites; differences are paired."
    )
    lines = [
        head,
        "",
        "| region | sites | species | " + " | ".join(TITLES.values()) + " |",
        "| --- | --- | --- |" + " --- |" * len(TITLES),
    ]
    for name, row in found["regions"].items():
        cells = [_interval(row["auc"][model]) for model in TITLES]
        lines.append(f"| {name} | {sum(row['sites'])} | {row['species']} | " + " | ".join(cells) + " |")
    others = [model for model in TITLES if model != "network"]
    lines += [
        "",
        "| network minus | " + " | ".join(f"{TITLES[model]} | species above" for model in others) + " |",
        "| --- |" + " --- | --- |" * len(others),
    ]
    for name, row in found["regions"].items():
        cells = [
            f"{_interval(row['difference_to'][model])} | {row['species_above'][model]} of {row['species']}"
            for model in others
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _interval(row: dict[str, float]) -> str:
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
