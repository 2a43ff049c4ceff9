"""Judge the recipe on the training sites, beside its neighbours and a random forest.

``python -m fieldpack_reference_models.moisture_torch.cross_validate --data FOLDER --out FILE``: sites are
spread over folds, so that a head is judged on sites that it did not learn from.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models.moisture_torch.examples import Reals, read_examples
from fieldpack_reference_models.moisture_torch.learning import (
    HeadRecipe,
    features,
    fit_head,
    rmse,
    start_encoder,
)
from fieldpack_reference_models.moisture_torch.train import MODULE, RECIPE

LOG = logging.getLogger("fieldpack.cross_validate")
TREES = {"n_estimators": 60, "max_features": 0.33}
DRAWS = 4000

Answers = Callable[[Reals, Reals, Reals], NDArray[np.float64]]


def site_folds(sites: NDArray[np.str_], folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each example; a site is in one fold."""
    names, own = np.unique(sites, return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(names))[own] % folds, np.int64)


def judged(seen: Reals, moisture: Reals, folds: NDArray[np.int64], answers: Answers) -> NDArray[np.float64]:
    """Answers for each fold by what learned from the others."""
    found = np.zeros(len(moisture))
    for fold in range(int(folds.max()) + 1):
        own = folds == fold
        found[own] = answers(seen[~own], moisture[~own], seen[own])
    return found


def by_head(recipe: HeadRecipe) -> Answers:
    """Answers of the head of a recipe."""
    return lambda seen, moisture, asked: fit_head(seen, moisture, recipe).answers(asked)


def by_forest(seed: int) -> Answers:
    """Answers of a random forest of the same features.

    Raises
    ------
    MissingDependencyError
        scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        raise MissingDependencyError(
            "The forest needs scikit-learn.", came=error, hint="pip install 'fieldpack[coreml-convert]'"
        ) from error

    def answers(seen: Reals, moisture: Reals, asked: Reals) -> NDArray[np.float64]:
        forest = RandomForestRegressor(**TREES, random_state=seed, n_jobs=1).fit(seen, moisture)
        return np.asarray(forest.predict(asked), np.float64)

    return answers


def difference(
    truth: Reals, first: NDArray[Any], second: NDArray[Any], sites: NDArray[np.str_], seed: int
) -> dict[str, Any]:
    """RMSE of the second less that of the first, with a paired bootstrap over sites (4000 draws)."""
    _, own = np.unique(sites, return_inverse=True)
    parts = (np.ones(len(truth)), (first - truth) ** 2, (second - truth) ** 2)
    sums = np.stack([np.bincount(own, part) for part in parts], axis=1)
    draws = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    count, of_first, of_second = sums[draws].sum(axis=1).T
    low, high = np.quantile(np.sqrt(of_second / count) - np.sqrt(of_first / count), (0.025, 0.975))
    return {
        "rmse_gain": round(rmse(truth, second) - rmse(truth, first), 2),
        "interval_95": [round(float(low), 2), round(float(high), 2)],
        "sites": len(sums),
    }


def neighbours(recipe: HeadRecipe) -> list[HeadRecipe]:
    """The recipe with half and twice the nearness and a third and thrice the ridge, itself in the middle."""
    return [
        replace(recipe, nearness=recipe.nearness * nearer, ridge=round(recipe.ridge * stiffer, 6))
        for nearer in (0.5, 1, 2)
        for stiffer in (1 / 3, 1, 3)
    ]


def cross_validate_command(recipe: HeadRecipe, arguments: Sequence[str] | None = None) -> int:
    """Cross-validate the recipe over the training sites and write what came of it."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}.cross_validate",
        description="Cross-validates the head over training sites, beside a random forest.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/ and models/")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    examples = read_examples(options.data, test=False)
    seen, truth = features(start_encoder(options.data), examples), examples.moisture
    folds = site_folds(examples.sites, recipe.folds, recipe.seed)
    own = judged(seen, truth, folds, by_head(recipe))
    forest = judged(seen, truth, folds, by_forest(recipe.seed))
    tried = [
        {"nearness": one.nearness, "ridge": one.ridge, "rmse": _rmse(seen, truth, folds, one)}
        for one in neighbours(recipe)
    ]
    found = {
        "command": f"python -m {MODULE}.cross_validate --data FOLDER --out FILE",
        "recipe": asdict(recipe),
        "examples": len(examples),
        "rmse": round(rmse(truth, own), 2),
        "forest": {**TREES, "rmse": round(rmse(truth, forest), 2)},
        "difference": difference(truth, own, forest, examples.sites, recipe.seed),
        "neighbours": tried,
    }
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    LOG.info("RMSE %.2f, forest %.2f, %s", found["rmse"], rmse(truth, forest), options.out)
    return 0


def _rmse(seen: Reals, truth: Reals, folds: NDArray[np.int64], recipe: HeadRecipe) -> float:
    return round(rmse(truth, judged(seen, truth, folds, by_head(recipe))), 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate; see :func:`cross_validate_command`."""
    return cross_validate_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
