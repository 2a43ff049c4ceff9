"""Measure stored weights: ``python -m fieldpack_reference_models.canopy_torch.evaluate``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldpack.estimates.intervals import as_stated
from fieldpack_reference_models.canopy_torch import figures, model_card
from fieldpack_reference_models.canopy_torch.blocks import make_blocks
from fieldpack_reference_models.canopy_torch.cross_validate import gathered
from fieldpack_reference_models.canopy_torch.learning import CanopyRecipe, predict
from fieldpack_reference_models.canopy_torch.scenes import Scene, read_scenes
from fieldpack_reference_models.canopy_torch.train import MODULE, RECIPE, load

LOG = logging.getLogger("fieldpack.evaluate")


def measured(module: Any, scenes: Sequence[Scene], recipe: CanopyRecipe) -> dict[str, Any]:
    """Figures on the validation folds, the interval's offset from the calibration folds."""
    blocks = make_blocks(scenes, recipe.block_m, recipe.folds, recipe.seed)
    answers = [predict(module, scene) for scene in scenes]
    kept, found = (
        gathered(scenes, blocks.of(part), answers) for part in (recipe.calibration, recipe.validation)
    )
    truth = found.pop("truth")
    fit = figures.offset(kept, kept.pop("truth"))
    share, width = figures.covered(found, truth, fit)
    raw, narrow = figures.covered(found, truth, as_stated(figures.contract().intervals[0]))
    return {
        "command": f"python -m {MODULE}.evaluate --data FOLDER --model FILE",
        "split": "validation",
        **figures.errors(truth, found["mean"]),
        "offset_m": fit.numbers[0],
        "coverage_90": round(share, 4),
        "width_m": round(width, 3),
        "as_learned": {"coverage_90": round(raw, 4), "width_m": round(narrow, 3)},
    }


def evaluate_command(recipe: CanopyRecipe, arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; ``--card`` writes ``card.json`` and ``card.md`` beside them."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}.evaluate",
        description="Errors and coverage of stored weights on the validation blocks.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/canopy/")
    parser.add_argument("--model", type=Path, required=True, help="file with the weights")
    parser.add_argument("--card", action="store_true", help="write the card")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found = measured(load(options.model, recipe), read_scenes(options.data), recipe)
    LOG.info(
        "validation: %d cells, R2 %.4f, RMSE %.3f m, coverage %.4f",
        found["cells"], found["r2"], found["rmse_m"], found["coverage_90"],
    )  # fmt: skip
    if options.card:
        model_card.write_card(model_card.facts(found, options.model), options.model.parent)
        LOG.info("card in %s", options.model.parent)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; see :func:`evaluate_command`."""
    return evaluate_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
