"""The card of the moisture model: its encoder's origin, the fit of its head, and its test sites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, weights
from fieldpack_reference_models.learning.torch_learner import framework

JUDGED = "cross_validation.json"
DATA = (
    "Moisture of living fuel weighed at 150 sites in the west of the United States, with Sentinel-1 and -2, "
    "ERA5, SRTM and Dynamic World of three months, as published with Presto (MIT). Sites are in one split "
    "alone: 100 to learn from, 50 to test. None of it is shipped here."
)
LIMITS = (
    "One region: the place is an input, so elsewhere the network guesses. One value a month: no week of a "
    "drought is in it. It draws towards the middle: dry fuel comes out too moist and moist fuel too dry "
    "(below), and **dry fuel is what matters for fire**. There is no interval with the answer. To tell that "
    "the encoder is the published one, a random forest on its features was measured on the test sites too "
    "(RMSE 24.8, where 24.5 was known); the head was chosen on the training sites, and its test figures were "
    "computed once. Not for warnings."
)


def facts(found: dict[str, Any], file: Path) -> dict[str, Any]:
    """Gather the card of the weights in `file`: figures of the test sites, and the records beside the file.

    ``training.json`` is there always, ``cross_validation.json`` where the recipe was judged.
    """
    judged = file.with_name(JUDGED)
    beside = {"cross_validation": json.loads(judged.read_text(encoding="utf-8"))} if judged.is_file() else {}
    state = framework().load(file, map_location="cpu", weights_only=True)
    stored = "float16; opening the file gives float32. Presto's encoder (arXiv:2304.14065), MIT."
    return {
        "schema": SCHEMA,
        "name": "moisture_torch",
        "licence": "Apache-2.0; the encoder's weights MIT, NASA Harvest",
        "data": DATA,
        "limits": LIMITS,
        "input": "float32: bands [N, 3, 17], cover [N, 3, 9], month [N, 3, 2] and place [N, 3], made by "
        "examples.py",
        "output": "moisture in percent of the dry weight, float32 [N, 1]",
        "model": weights(file, sum(value.numel() for value in state.values())) | {"stored": stored},
        "training": json.loads(file.with_name("training.json").read_text(encoding="utf-8")),
        **beside,
        "test": found,
    }


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card), encoding="utf-8")


def page(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    model, found = card["model"], card["test"]
    rows = [f"| {name} | {row['examples']} | {row['bias']} |" for name, row in found["by_moisture"].items()]
    lines = [
        f"# {card['name']}",
        *("", f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes."),
        *("", f"SHA-256 of `{model['file']}`: `{model['sha256']}`."),
        *("", _tested(found), ""),
        f"Input: {card['input']}. Output: {card['output']}.",
        *("", "## Data", "", card["data"], "", card["limits"], ""),
        *("## Training", "", _learned(card), "", *_judged(card.get("cross_validation"))),
        *(
            "## Bias by true moisture",
            "",
            "| moisture, % | examples | bias, % |",
            "| --- | --- | --- |",
            *rows,
        ),
    ]
    return "\n".join(lines) + "\n"


def _tested(found: dict[str, Any]) -> str:
    low, high = found["interval_95"]
    return (
        f"**Test RMSE {found['rmse']} percent of the dry weight** (95 % interval {low} to {high} over "
        f"{found['sites']} sites; the target's standard deviation is {found['target_sd']}), MAE "
        f"{found['mae']}, bias {found['bias']}, R2 {found['r2']} on {found['examples']} examples, made by "
        f"`{found['command']}`."
    )


def _learned(card: dict[str, Any]) -> str:
    record = card["training"]
    recipe, start = record["recipe"], record["start_weights"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    spent = f"{record['wall_s']} s by the clock, {record['cpu_s']} s of processor time. {versions}."
    return (
        f"Encoder: `{start['file']}` (SHA-256 `{start['sha256']}`), as published and not trained further. "
        f"Head: ridge regression ({recipe['ridge']}) on {recipe['waves']} random cosines of its "
        f"standardised features, which stand for a Gaussian kernel of nearness {recipe['nearness']}; fitted "
        f"in closed form to {record['training_examples']} examples of {record['training_sites']} sites, RMSE "
        f"there {record['training_rmse']}. Weights are stored as {card['model']['stored']} "
        f"`{record['command']}`: {spent}"
    )


def _judged(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    low, high = found["difference"]["interval_95"]
    others = [one["rmse"] for one in found["neighbours"]]
    text = (
        f"Cross-validation over training sites (`{found['command']}`): RMSE {found['rmse']}; "
        f"{found['forest']['rmse']} by a random forest on the same features and folds, a difference of "
        f"{found['difference']['rmse_gain']} with a 95 % interval of {low} to {high} over "
        f"{found['difference']['sites']} sites. Neighbouring recipes reach {min(others)} to {max(others)}. "
        "The training sites are harder than the test sites."
    )
    return [text, ""]
