"""The model card: what the weights are, how they came about and what they reach on the test split."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.card import SCHEMA
from fieldpack_reference_models.forest import network, world

COMMAND = "python -m fieldpack_reference_models.forest.train --out DIR"
DATA = (
    "Every landscape is drawn by fieldpack_reference_models.forest.world from a seed; no place of the earth, "
    "no measurement and no third party's work is in it. Splits differ in the seed; the four tiles of a "
    "landscape are in one split."
)
LIMITS = (
    "The forest is made up, and so is the sensor. The figures show what compression and tiling do to this "
    "network; they say nothing about real canopies and must not be used to estimate any."
)
BINS_M = (5.0, 15.0, 30.0)


def errors(found: Mapping[str, NDArray[Any]], heights: NDArray[np.float32]) -> dict[str, Any]:
    """RMSE, MAE and bias of the median (m), R2, and how much of the truth lies from q05 to q95."""
    known = np.isfinite(heights)
    truth = heights[known].astype(np.float64)
    lower, median, upper = (found[name][known].astype(np.float64) for name in network.LEVELS)
    gap = median - truth
    edges = (-np.inf, *BINS_M, np.inf)
    bins = [(low, high, (truth >= low) & (truth < high)) for low, high in itertools.pairwise(edges)]
    return {
        "pixels": int(known.sum()),
        "rmse_m": round(float(np.sqrt(np.mean(gap**2))), 3),
        "mae_m": round(float(np.abs(gap).mean()), 3),
        "bias_m": round(float(gap.mean()), 3),
        "r2": round(1 - float(np.sum(gap**2) / np.sum((truth - truth.mean()) ** 2)), 4),
        "coverage_90": round(float(np.mean((lower <= truth) & (truth <= upper))), 4),
        "width_m": round(float((upper - lower).mean()), 3),
        "bias_by_height_m": {
            f"{max(low, 0):g} to {high:g}": round(float(gap[inside].mean()), 3)
            for low, high, inside in bins
            if inside.any()
        },
    }


def facts(
    found: Mapping[str, NDArray[Any]],
    heights: NDArray[np.float32],
    parameters: int,
    training: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Everything that the card says."""
    content = (folder / "model.keras").read_bytes()
    model = {
        "file": "model.keras",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "parameters": parameters,
    }
    return {
        "schema": SCHEMA,
        "name": "fieldpack_forest",
        "licence": "Apache-2.0",
        "data": DATA,
        "limits": LIMITS,
        "input": f"float32 [N, 128, 128, 4] ({', '.join(world.BANDS)}), scaled as pack.toml says",
        "output": "canopy height in metres, float32 [N, 128, 128, 1] each: q05, q50, q95",
        "model": model,
        "training": {"command": COMMAND, "world": world.WORLD, "seed": 20_261, **training},
        "test": {"command": COMMAND, "split": "test", **errors(found, heights)},
    }


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card), encoding="utf-8")


def page(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    model, training, test = card["model"], card["training"], card["test"]
    versions = ", ".join(f"{name} {number}" for name, number in training["versions"].items())
    rows = [f"| {name} | {value} |" for name, value in test["bias_by_height_m"].items()]
    head = (
        f"**Test RMSE {test['rmse_m']} m**, MAE {test['mae_m']} m, bias {test['bias_m']} m, R2 {test['r2']}, "
        f"{test['coverage_90']} of the truth between q05 and q95 ({test['width_m']} m apart in the mean), on "
        f"{test['pixels']} pixels of the generated test split, made by `{test['command']}`."
    )
    trained = (
        f"{training['train_tiles']} tiles, {training['epochs']} epochs of batch {training['batch']}, pinball "
        f"loss, AdamW, cosine decay after a short warm-up, peak rate {training['learning_rate']}, weight "
        f"decay {training['weight_decay']}; turned by quarters and mirrored by chance. "
        f"{training['wall_s']} s by the clock. {versions}."
    )
    lines = [
        f"# {card['name']}",
        "",
        f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes.",
        "",
        f"SHA-256 of `{model['file']}`: `{model['sha256']}`.",
        "",
        head,
        "",
        f"Input: {card['input']}. Output: {card['output']}.",
        *("", "## Data", "", card["data"], "", card["limits"], ""),
        *("## Training", "", trained, "", "## Bias by true height", ""),
        *("| height, m | bias, m |", "| --- | --- |", *rows),
    ]
    return "\n".join(lines) + "\n"
