"""Measure stored weights: ``python -m fieldpack_reference_models.moisture_torch.evaluate``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_reference_models.moisture_torch import model_card
from fieldpack_reference_models.moisture_torch.examples import Examples, read_examples
from fieldpack_reference_models.moisture_torch.learning import HeadRecipe, predict, rmse
from fieldpack_reference_models.moisture_torch.train import MODULE, RECIPE, load

LOG = logging.getLogger("fieldpack.evaluate")
BINS = (80.0, 120.0, 160.0)
DRAWS = 4000


def measured(module: Any, examples: Examples, seed: int) -> dict[str, Any]:
    """RMSE with an interval over sites, MAE, bias, R2, and the bias by true moisture."""
    truth = examples.moisture.astype(np.float64)
    gap = predict(module, examples) - truth
    _, own = np.unique(examples.sites, return_inverse=True)
    sums = np.stack([np.bincount(own), np.bincount(own, gap**2)], axis=1)
    draws = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    count, squares = sums[draws].sum(axis=1).T
    low, high = np.quantile(np.sqrt(squares / count), (0.025, 0.975))
    edges = np.digitize(truth, BINS)
    names = ("below 80", "80 to 120", "120 to 160", "160 and more")
    return {
        "examples": len(truth),
        "sites": len(sums),
        "rmse": round(rmse(truth, truth + gap), 2),
        "interval_95": [round(float(low), 2), round(float(high), 2)],
        "mae": round(float(np.abs(gap).mean()), 2),
        "bias": round(float(gap.mean()), 2),
        "r2": round(float(1 - np.mean(gap**2) / truth.var()), 4),
        "target_sd": round(float(truth.std()), 2),
        "by_moisture": {
            name: {
                "examples": int((edges == place).sum()),
                "bias": round(float(gap[edges == place].mean()), 2),
            }
            for place, name in enumerate(names)
            if (edges == place).any()
        },
    }


def evaluate_command(recipe: HeadRecipe, arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; ``--card`` writes ``card.json`` and ``card.md`` beside them."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}.evaluate", description="Error of stored weights on sites of a split."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/fuel_moisture/")
    parser.add_argument("--model", type=Path, required=True, help="file with the weights")
    parser.add_argument("--split", choices=("train", "test"), required=True)
    parser.add_argument("--card", action="store_true", help="write the card; needs --split test")
    options = parser.parse_args(arguments)
    if options.card and options.split != "test":
        parser.error("--card states the figures of the test split: add --split test")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    examples = read_examples(options.data, test=options.split == "test")
    found = measured(load(options.model, recipe), examples, recipe.seed)
    LOG.info(
        "%s: RMSE %.2f (95 %% interval %.2f to %.2f) on %d examples of %d sites",
        options.split, found["rmse"], *found["interval_95"], found["examples"], found["sites"],
    )  # fmt: skip
    if options.card:
        command = f"python -m {MODULE}.evaluate --data FOLDER --model FILE --split test"
        facts = model_card.facts({"command": command, **found}, options.model)
        model_card.write_card(facts, options.model.parent)
        LOG.info("card in %s", options.model.parent)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; see :func:`evaluate_command`."""
    return evaluate_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
