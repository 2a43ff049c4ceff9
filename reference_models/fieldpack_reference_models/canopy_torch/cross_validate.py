"""Judge the recipe by cross-validation, beside a random forest on the same folds.

``python -m fieldpack_reference_models.canopy_torch.cross_validate --data FOLDER --out FILE``: the folds of
the recipe go round, so that each is judged once by a network and a forest that learned from others; its
interval's offset comes from the other folds that neither of the two has seen.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.estimates.intervals import as_stated, interval_ends
from fieldpack_reference_models.canopy_torch import figures, forest, network
from fieldpack_reference_models.canopy_torch.blocks import Blocks, Masks, make_blocks
from fieldpack_reference_models.canopy_torch.learning import CanopyRecipe, learn, predict
from fieldpack_reference_models.canopy_torch.scenes import Reals, Scene, cells, read_scenes
from fieldpack_reference_models.canopy_torch.train import MODULE, RECIPE, listed
from fieldpack_reference_models.learning.checkpoint import (
    Checkpoint,
    State,
    read_checkpoint,
    write_checkpoint,
)

LOG = logging.getLogger("fieldpack.cross_validate")
COLUMNS = (*network.OUTPUTS, "low", "high", "low_across", "high_across", "forest")
KEPT = "kept_"
CALIBRATED = "zurich"
"""The offset is fitted there; a plot of 40 m is too small to have one of its own."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Answers on cells that none of the models learned from, [cells] each; columns as in ``COLUMNS``."""

    scene: NDArray[np.int64]
    block: NDArray[np.int64]
    truth: NDArray[np.float64]
    answers: dict[str, NDArray[np.float64]]


def gathered(scenes: Sequence[Scene], masks: Masks, answers: Sequence[dict[str, Reals]]) -> dict[str, Any]:
    """Output name -> answers on the cells of `masks`, scene after scene; ``truth`` too."""
    found = {
        name: np.concatenate([part[name][mask] for part, mask in zip(answers, masks, strict=True)])
        for name in network.OUTPUTS
    }
    truth = [scene.heights[mask] for scene, mask in zip(scenes, masks, strict=True)]
    return found | {"truth": np.concatenate(truth).astype(np.float64)}


def judge(scenes: Sequence[Scene], recipe: CanopyRecipe, out: Path) -> Judged:
    """Learn and judge round by round; what a round gave is kept beside `out` until all are done."""
    blocks = make_blocks(scenes, recipe.block_m, recipe.folds, recipe.seed)
    parts = []
    for by in range(0, recipe.folds, recipe.together):
        turned, path = recipe.turned(by), _kept(out, by)
        name = json.dumps([listed(turned), [scene.name for scene in scenes], cells(scenes)])
        done = read_checkpoint(path, name)
        if done is None:
            clock = time.monotonic()
            state = _round(scenes, blocks, turned)
            done = Checkpoint(1, time.monotonic() - clock, 0.0, state)
            write_checkpoint(path, done, name)
        parts.append(_with_interval(done.state, blocks.folds))
    for place, part in enumerate(parts):
        _add_across(part, parts[:place] + parts[place + 1 :])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    numbers = {name: joined.pop(name) for name in ("scene", "block", "truth")}
    return Judged(**numbers, answers=joined)


def _round(scenes: Sequence[Scene], blocks: Blocks, recipe: CanopyRecipe) -> State:
    """What models that learned from the training folds say on the folds held out.

    Names with ``KEPT`` before them: all folds held out, Zurich alone. The others: the folds that are judged.
    """
    seen, judged = (
        blocks.apart(recipe.training, recipe.buffer_m),
        blocks.of(recipe.held_out[: recipe.together]),
    )
    module = learn(scenes, seen, recipe)
    answers = [predict(module, scene) for scene in scenes]
    apart = zip(scenes, blocks.of(recipe.held_out), strict=True)
    fitted = tuple(mask & (scene.name == CALIBRATED) for scene, mask in apart)
    kept, found = (
        gathered(scenes, masks, answers) | {"block": _numbers(blocks, masks)} for masks in (fitted, judged)
    )
    stacks = [forest.features(scene) for scene in scenes]
    trees = forest.fitted(stacks, scenes, seen, recipe.seed)
    shares = [forest.answers(trees, *pair) for pair in zip(stacks, judged, strict=True) if pair[1].any()]
    found["forest"] = np.concatenate(shares)
    found["scene"] = np.repeat(np.arange(len(scenes)), [int(mask.sum()) for mask in judged])
    LOG.info(
        "folds %s: %d cells, squared errors %.0f and %.0f of the forest",
        recipe.held_out[: recipe.together], len(found["truth"]),
        ((found["mean"] - found["truth"]) ** 2).sum(), ((found["forest"] - found["truth"]) ** 2).sum(),
    )  # fmt: skip
    return found | {f"{KEPT}{name}": values for name, values in kept.items()}


def _numbers(blocks: Blocks, masks: Masks) -> NDArray[np.int64]:
    return np.concatenate([part[mask] for part, mask in zip(blocks.numbers, masks, strict=True)])


def _kept(out: Path, by: int) -> Path:
    return out.with_name(f"{out.name}.round{by}.npz")


def _with_interval(state: State, folds: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """A round's answers with the ends of the interval: a fold's offset comes from all others held out."""
    found = {name: values for name, values in state.items() if not name.startswith(KEPT)}
    kept = {name.removeprefix(KEPT): values for name, values in state.items() if name.startswith(KEPT)}
    found["low"], found["high"] = np.empty((2, len(found["truth"])))
    own, others = folds[found["block"]], folds[kept["block"]]
    for fold in np.unique(own):
        judged, rest = own == fold, others != fold
        fit = figures.offset({name: kept[name][rest] for name in network.OUTPUTS}, kept["truth"][rest])
        values = {name: found[name][judged] for name in network.OUTPUTS}
        stated = figures.contract()
        ends = interval_ends(stated, stated.intervals[0], fit, values)
        found["low"][judged], found["high"][judged] = ends
    return found


def _add_across(part: dict[str, NDArray[Any]], others: Sequence[dict[str, NDArray[Any]]]) -> None:
    """Ends whose offset comes from the other rounds' answers where they were judged, without the plots."""
    kept = {
        name: np.concatenate([other[name][other["scene"] == 0] for other in others])
        for name in (*network.OUTPUTS, "truth")
    }
    fit, stated = figures.offset(kept, kept["truth"]), figures.contract()
    ends = interval_ends(stated, stated.intervals[0], fit, part)
    part["low_across"], part["high_across"] = ends


def report(judged: Judged, place: int, seed: int) -> dict[str, Any]:
    """The figures of one scene."""
    own = judged.scene == place
    truth, block = judged.truth[own], judged.block[own]
    answers = {name: judged.answers[name][own] for name in COLUMNS}
    raw, width = figures.covered(answers, truth, as_stated(figures.contract().intervals[0]))
    inside = (answers["low"] <= truth) & (truth <= answers["high"])
    across = (answers["low_across"] <= truth) & (truth <= answers["high_across"])
    found = {
        "network": figures.errors(truth, answers["mean"]),
        "forest": figures.errors(truth, answers["forest"]),
        "coverage_90": round(float(inside.mean()), 4),
        "width_m": round(float((answers["high"] - answers["low"]).mean()), 3),
        "across_rounds": {
            "coverage_90": round(float(across.mean()), 4),
            "width_m": round(float((answers["high_across"] - answers["low_across"]).mean()), 3),
        },
        "as_learned": {"coverage_90": round(raw, 4), "width_m": round(width, 3)},
    }
    if len(set(block.tolist())) > 1:
        found["coverage_interval_95"] = figures.share_interval(inside, block, seed)
        found["difference"] = figures.difference(truth, answers["mean"], answers["forest"], block, seed)
    return found


def cross_validate_command(recipe: CanopyRecipe, arguments: Sequence[str] | None = None) -> int:
    """Cross-validate the recipe over all folds and write what came of it."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}.cross_validate",
        description="Cross-validates the recipe beside a random forest. A killed run goes on where it was.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/canopy/")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    scenes = read_scenes(options.data)
    judged = judge(scenes, recipe, options.out)
    found = {
        "command": f"python -m {MODULE}.cross_validate --data FOLDER --out FILE",
        "recipe": listed(recipe),
        "forest": forest.TREES,
        "scenes": {scene.name: report(judged, place, recipe.seed) for place, scene in enumerate(scenes)},
    }
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    for by in range(0, recipe.folds, recipe.together):
        _kept(options.out, by).unlink()
    LOG.info("%s", options.out)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate; see :func:`cross_validate_command`."""
    return cross_validate_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
