"""Measure stored weights: ``python -m fieldpack_reference_models.sound_torch.evaluate``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from fieldpack_reference_models.card import Trial, figures
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.sound_torch.front_end import patch_input
from fieldpack_reference_models.sound_torch.model_card import UNIT, facts, write_card
from fieldpack_reference_models.sound_torch.recordings import read_folds
from fieldpack_reference_models.sound_torch.sound_task import (
    SOUNDS,
    TRAIN,
    WATCHED,
    predictions,
)
from fieldpack_reference_models.sound_torch.train import MODEL

LOG = logging.getLogger("fieldpack.evaluate")
FOLDS = {"train": TRAIN, "validation": WATCHED}


def evaluate_command(model: Trainable, arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; ``--card`` writes ``card.json`` and ``card.md`` beside them."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {model.module}.evaluate",
        description="Accuracy of stored weights by recording: the largest mean of its windows' logits.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with sound/")
    parser.add_argument("--model", type=Path, required=True, help="file with the weights")
    parser.add_argument("--split", choices=tuple(FOLDS), required=True)
    parser.add_argument("--card", action="store_true", help="write the card; needs --split validation")
    options = parser.parse_args(arguments)
    if options.card and options.split != "validation":
        parser.error("--card states the figures of the validation fold: add --split validation")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    contract = patch_input()
    learner = model.load(options.model, model.contract, len(model.labels), model.recipe)
    folds, spec = FOLDS[options.split], contract.front_end
    recordings = read_folds(options.data / SOUNDS, folds, model.labels, spec)
    trial = Trial(recordings.labels, predictions(learner, recordings, contract), [])
    found = figures(trial, model.labels, "", options.split, UNIT)
    low, high = found["interval_95"]
    LOG.info(
        "%s: %d of %d right, accuracy %.4f, 95 %% interval %.4f to %.4f",
        options.split, found["correct"], found[UNIT], found["accuracy"], low, high,
    )  # fmt: skip
    for name, label, guess in zip(recordings.names, trial.labels, trial.guesses, strict=True):
        if label != guess:
            LOG.info("%s taken for %s", name, model.labels[guess])
    if options.card:
        write_card(facts(model, trial, options.model, learner.parameters), options.model.parent)
        LOG.info("card in %s", options.model.parent)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; see :func:`evaluate_command`."""
    return evaluate_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
